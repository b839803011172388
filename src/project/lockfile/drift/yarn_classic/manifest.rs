use std::{collections::HashMap, path::Path};

use serde_json::{Map, Value};

use crate::project::{read_raw_manifest, workspace_members};

/// The kinds of dependencies that are installed, in the order in which yarn 1 looks at them (`fix.js`, `dependencyKeys`).
const SECTIONS: [&str; 3] = ["optionalDependencies", "dependencies", "devDependencies"];

/// One dependency of the root's manifest, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) section: &'static str,
    pub(super) name: String,
    pub(super) range: String,
}

/// The dependencies of a manifest as `cleanDependencies` leaves them: each name once, in the first section, with the first
/// range that says anything.
///
/// Nothing where yarn would stumble over the values.
pub(super) fn dependencies(manifest: &Map<String, Value>) -> Option<Vec<Wanted>> {
    let mut all: Vec<Wanted> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for section in SECTIONS {
        let Some(value) = manifest.get(section) else { continue };
        for (name, range) in value.as_object()? {
            let range = range.as_str()?;
            let says_something = |range: &str| !range.is_empty() && range != "*";
            match places.get(name.as_str()) {
                Some(place) if says_something(range) && !says_something(&all[*place].range) => {
                    range.clone_into(&mut all[*place].range);
                }
                Some(_) => {}
                None => {
                    places.insert(name, all.len());
                    all.push(Wanted { section, name: name.clone(), range: range.to_owned() });
                }
            }
        }
    }
    Some(all)
}

/// The members of a workspace.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Their versions by name.
    pub(super) versions: HashMap<String, String>,
    /// Who asks, for which package, in which range; the root's own dependencies are asked for once more, by nobody.
    pub(super) asks: Vec<(String, String, String)>,
}

/// The members of the workspace; nothing where yarn refuses the setting.
pub(super) fn members(
    root: &Path,
    manifest: &Map<String, Value>,
    wanted: &[Wanted],
) -> Option<Members> {
    let mut members = Members::default();
    let Some(workspaces) = manifest.get("workspaces") else { return Some(members) };
    let patterns = workspaces.as_array().or_else(|| workspaces.get("packages")?.as_array());
    let patterns: Vec<String> = patterns
        .into_iter()
        .flatten()
        .filter_map(|pattern| Some(pattern.as_str()?.to_owned()))
        .collect();
    if !patterns.is_empty() && manifest.get("private") != Some(&Value::Bool(true)) {
        return None;
    }
    members.ask("", wanted);
    for folder in workspace_members(root, &patterns) {
        let Some(member) = read_raw_manifest(&root.join(folder)) else { continue };
        let field = |name| member.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        // yarn leaves out, with a warning, who lacks one of both.
        if let (Some(name), Some(version)) = (field("name"), field("version")) {
            members.ask(&name, &dependencies(&member)?);
            members.versions.insert(name, version);
        }
    }
    Some(members)
}

impl Members {
    fn ask(&mut self, parent: &str, wanted: &[Wanted]) {
        self.asks.extend(
            wanted.iter().map(|one| (parent.to_owned(), one.name.clone(), one.range.clone())),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_counts_once() {
        let manifest = serde_json::json!({
            "devDependencies": { "a": "1", "b": "^2.0.0", "c": "" },
            "dependencies": { "a": "2", "b": "*" },
            "optionalDependencies": { "a": "3" },
            "peerDependencies": { "d": "1" },
        });
        let found = dependencies(manifest.as_object().unwrap()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|wanted| format!("{} {} {}", wanted.section, wanted.name, wanted.range))
            .collect();
        assert_eq!(
            found,
            ["optionalDependencies a 3", "dependencies b ^2.0.0", "devDependencies c "]
        );
        let odd = serde_json::json!({ "dependencies": { "a": 1 } });
        assert_eq!(dependencies(odd.as_object().unwrap()), None);
    }
}
