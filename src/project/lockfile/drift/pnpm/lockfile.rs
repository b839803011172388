use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{specifiers::FIELDS, yaml};

/// Families of `lockfileVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 5.x, of pnpm 3 to 7.
    Five,
    /// 6.0 and 6.1, of pnpm 8.
    Six,
    /// 9.0, of pnpm 9 and later.
    Nine,
}

/// What a lockfile says before its packages.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) format: Format,
    /// Projects by their path from the lockfile, `.` for its own folder.
    pub(super) importers: BTreeMap<String, Importer>,
    /// Everything else at the top level.
    pub(super) top: Map<String, Value>,
    /// Whether another document stands before it, as pnpm 11 writes for its own dependencies.
    pub(super) has_environment: bool,
}

/// One project as the lockfile holds it.
#[derive(Debug, Default)]
pub(super) struct Importer {
    pub(super) specifiers: BTreeMap<String, String>,
    /// Name to version, in the order of [`FIELDS`].
    pub(super) resolved: [BTreeMap<String, String>; 3],
    pub(super) dependencies_meta: Value,
    pub(super) publish_directory: Value,
}

impl Locked {
    /// Reads what stands before the packages; nothing where pnpm would not read it either, or it is not understood.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (text, has_environment) = main_document(text);
        let mut top = yaml::table(&without_packages(text))?;
        let version = match top.get("lockfileVersion")? {
            Value::String(version) => version.clone(),
            Value::Number(version) => version.to_string(),
            _ => return None,
        };
        let format = match version.split(['.', '-']).next()? {
            "5" => Format::Five,
            "6" => Format::Six,
            "9" => Format::Nine,
            _ => return None,
        };
        let importers = match top.remove("importers") {
            Some(Value::Object(importers)) => importers
                .iter()
                .map(|(id, importer)| Some((id.clone(), Importer::read(importer.as_object()?)?)))
                .collect::<Option<_>>()?,
            None | Some(Value::Null) if format == Format::Nine => BTreeMap::new(),
            Some(_) => return None,
            // Until 9.0 a project on its own stands at the top level.
            None => BTreeMap::from([(".".to_owned(), Importer::read(&top)?)]),
        };
        Some(Self { format, importers, top, has_environment })
    }

    /// A table of strings at the top level.
    pub(super) fn table(&self, key: &str) -> Option<BTreeMap<String, String>> {
        match self.top.get(key) {
            None | Some(Value::Null) => Some(BTreeMap::new()),
            Some(Value::Object(table)) => strings(table),
            Some(_) => None,
        }
    }

    /// A field of `settings`.
    pub(super) fn setting(&self, key: &str) -> &Value {
        self.top.get("settings").and_then(|settings| settings.get(key)).unwrap_or(&Value::Null)
    }
}

impl Importer {
    fn read(importer: &Map<String, Value>) -> Option<Self> {
        let mut read = Self {
            dependencies_meta: importer.get("dependenciesMeta").cloned().unwrap_or_default(),
            publish_directory: importer.get("publishDirectory").cloned().unwrap_or_default(),
            ..Self::default()
        };
        let has_specifiers = match importer.get("specifiers") {
            Some(specifiers) => {
                read.specifiers = strings(specifiers.as_object()?)?;
                true
            }
            None => false,
        };
        for (field, resolved) in FIELDS.iter().zip(&mut read.resolved) {
            let table = match importer.get(*field) {
                None | Some(Value::Null) => continue,
                Some(table) => table.as_object()?,
            };
            for (name, value) in table {
                let version = match value {
                    Value::Object(inline) => {
                        let specifier = text(inline.get("specifier")?)?;
                        if let Some(other) = read.specifiers.insert(name.clone(), specifier.clone())
                            && other != specifier
                        {
                            return None;
                        }
                        text(inline.get("version")?)?
                    }
                    value if has_specifiers => text(value)?,
                    _ => return None,
                };
                resolved.insert(name.clone(), version);
            }
        }
        Some(read)
    }
}

fn strings(table: &Map<String, Value>) -> Option<BTreeMap<String, String>> {
    table.iter().map(|(name, value)| Some((name.clone(), text(value)?))).collect()
}

/// A string; what YAML takes for a number is none for pnpm either, so it is not understood.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

/// `extractMainDocument` of pnpm 10.33 and later.
fn main_document(text: &str) -> (&str, bool) {
    text.strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or((text, false), |(_, main)| (main, true))
}

/// The text without the blocks that hold packages: nine tenths of a lockfile, and nothing of them is compared.
///
/// A block reaches from its key at the beginning of a line to the next line that begins with neither a space nor a comment; in
/// block style, which pnpm writes, nothing that belongs to it begins a line.
fn without_packages(text: &str) -> String {
    let mut kept = String::new();
    let mut at = 0;
    let mut block_start = 0;
    let mut is_skipped = false;
    while at < text.len() {
        let end =
            memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |end| at + end + 1);
        let line = text[at..end].trim_end_matches(['\n', '\r']);
        if !line.is_empty() && !line.starts_with([' ', '\t', '#']) {
            let skips = matches!(line, "packages:" | "snapshots:" | "time:");
            if skips != is_skipped {
                if !is_skipped {
                    kept.push_str(&text[block_start..at]);
                }
                is_skipped = skips;
                block_start = at;
            }
        }
        at = end;
    }
    if !is_skipped {
        kept.push_str(&text[block_start..]);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_packages_are_cut_wherever_they_stand() {
        let text = "lockfileVersion: '9.0'\n\ntime:\n  a: b\n\nimporters:\n\n  .: {}\n\npackages:\n\n  a@1:\n    b: c\n# x\n  d: e\r\n\nsnapshots:\r\n  f: g\n\nsettings:\n  a: true\n";
        assert_eq!(
            without_packages(text),
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\nsettings:\n  a: true\n"
        );
        assert_eq!(without_packages("packages: {}\na: b"), "packages: {}\na: b");
        assert_eq!(without_packages("packages:\n"), "");
    }

    #[test]
    fn every_format_gives_the_same_importer() {
        for text in [
            "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1.0.0\n\ndependencies:\n  a: 1.0.0\n",
            "lockfileVersion: 5.4\n\nimporters:\n\n  .:\n    specifiers:\n      a: ^1.0.0\n    dependencies:\n      a: 1.0.0\n",
            "lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: ^1.0.0\n    version: 1.0.0\n",
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n",
            "---\nlockfileVersion: '9.0'\nimporters: {}\n---\nlockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.0.0\n",
        ] {
            let locked = Locked::read(text).unwrap();
            let importer = &locked.importers["."];
            assert_eq!(importer.specifiers["a"], "^1.0.0", "{text}");
            assert_eq!(importer.resolved[1]["a"], "1.0.0", "{text}");
        }
    }
}
