use serde_json::{Map, Value};

use super::range::{Style, bound, with_protocol};
use crate::project::lockfile::yarn_format::split_descriptor;

/// `resolutions` of the root's manifest, in its order.
pub(super) struct Resolutions {
    all: Vec<Resolution>,
    style: Style,
    root: String,
}

/// `[from[@reference]/]name[@range]` and the range that is put in place.
#[derive(Debug, PartialEq, Eq)]
struct Resolution {
    from: Option<(String, Option<String>)>,
    name: String,
    range: Option<String>,
    reference: String,
}

impl Resolutions {
    /// Those of a manifest; `root` is the locator of the root's workspace.
    pub(super) fn of(manifest: &Map<String, Value>, style: Style, root: &str) -> Self {
        let table = manifest.get("resolutions").and_then(Value::as_object);
        let all = table
            .into_iter()
            .flatten()
            .filter_map(|(pattern, reference)| resolution(pattern, reference.as_str()?))
            .collect();
        Self { all, style, root: root.to_owned() }
    }

    /// The range that stands in for that of a dependency of a package (`CorePlugin.reduceDependency`).
    pub(super) fn replace(&self, parent: &str, name: &str, range: &str) -> Option<String> {
        let found = self.all.iter().find(|resolution| {
            resolution.name == name
                && resolution.range.as_deref().is_none_or(|wanted| self.written(wanted) == range)
                && resolution.from.as_ref().is_none_or(|(from, reference)| {
                    let (parent, parent_reference) = split_descriptor(parent);
                    from == parent
                        && reference
                            .as_deref()
                            .is_none_or(|wanted| self.written(wanted) == parent_reference)
                })
        })?;
        Some(bound(&self.written(&found.reference), &self.root))
    }

    fn written(&self, range: &str) -> String {
        match self.style {
            Style::Oldest | Style::AsWritten => range.to_owned(),
            Style::Normalized => with_protocol(range).into_owned(),
        }
    }
}

/// Nothing of what yarn passes over with a warning (`resolution.pegjs`).
fn resolution(pattern: &str, reference: &str) -> Option<Resolution> {
    if pattern.starts_with("*/") || pattern.starts_with("**/") {
        return None;
    }
    let (first, rest) = specifier(pattern)?;
    let (from, (name, range)) = match rest.strip_prefix('/') {
        Some(rest) => {
            let (second, rest) = specifier(rest)?;
            rest.is_empty().then_some((Some(first), second))?
        }
        None => rest.is_empty().then_some((None, first))?,
    };
    Some(Resolution { from, name, range, reference: reference.to_owned() })
}

type Specifier = (String, Option<String>);

/// A name with what follows its `@` up to a slash, and the rest.
fn specifier(text: &str) -> Option<(Specifier, &str)> {
    let scope = if text.starts_with('@') { text.find('/')? + 1 } else { 0 };
    let end = text[scope..].find(['/', '@']).map_or(text.len(), |at| scope + at);
    if end == scope || text[..scope].len() == 2 {
        return None;
    }
    let (name, rest) = text.split_at(end);
    let Some(described) = rest.strip_prefix('@') else {
        return Some(((name.to_owned(), None), rest));
    };
    let end = described.find('/').unwrap_or(described.len());
    (end > 0).then(|| ((name.to_owned(), Some(described[..end].to_owned())), &described[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_as_yarn_reads_them() {
        let parsed = |pattern| {
            let found = resolution(pattern, "1")?;
            let from = found.from.map(|(name, reference)| format!("{name} {reference:?} > "));
            Some(format!("{}{} {:?}", from.unwrap_or_default(), found.name, found.range))
        };
        for (pattern, expected) in [
            ("a", Some("a None")),
            ("@s/a@^1", Some("@s/a Some(\"^1\")")),
            ("b/a", Some("b None > a None")),
            ("@s/b@npm:1/@s/a", Some("@s/b Some(\"npm:1\") > @s/a None")),
            ("a@npm:^1.0.0", Some("a Some(\"npm:^1.0.0\")")),
            ("**/a", None),
            ("a/b/c", None),
            ("@s", None),
            ("a@", None),
            ("", None),
        ] {
            assert_eq!(parsed(pattern).as_deref(), expected, "{pattern}");
        }
    }

    #[test]
    fn a_resolution_replaces_for_whom_it_is_meant() {
        let manifest = serde_json::json!({ "resolutions": {
            "b@npm:1.0.0/a": "2.0.0", "a@^1.0.0": "1.1.0", "c": "file:./c",
        } });
        let of = |style| Resolutions::of(manifest.as_object().unwrap(), style, "app@workspace:.");
        let all = of(Style::Normalized);
        assert_eq!(all.replace("b@npm:1.0.0", "a", "npm:^3").as_deref(), Some("npm:2.0.0"));
        assert_eq!(all.replace("d@npm:1.0.0", "a", "npm:^1.0.0").as_deref(), Some("npm:1.1.0"));
        assert_eq!(all.replace("d@npm:1.0.0", "a", "npm:^1.1.0"), None);
        assert_eq!(
            all.replace("d@npm:1.0.0", "c", "npm:*").as_deref(),
            Some("file:./c::locator=app%40workspace%3A.")
        );
        assert_eq!(
            of(Style::AsWritten).replace("d@npm:1", "a", "^1.0.0").as_deref(),
            Some("1.1.0")
        );
    }
}
