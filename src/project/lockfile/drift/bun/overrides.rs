use std::collections::{BTreeMap, BTreeSet};

use nodejs_semver::{Range, Version};
use serde_json::{Map, Value};

use super::{compare::Judgement, lockfile::Locked};
use crate::project::lockfile::drift::{Change, ChangeKind};

/// Overrides by package.
pub(super) type Overrides = BTreeMap<String, String>;

/// The overrides of the root's manifest, which must agree with those of the lockfile; nothing where they do not and it cannot be
/// said what follows.
pub(super) fn compare(
    root: &Map<String, Value>,
    locked: &Locked,
    bun: &semver::Version,
    judgement: &mut Judgement,
) -> Option<Overrides> {
    let wanted = plain(root.get("overrides").or_else(|| root.get("resolutions")))?;
    let found = plain(Some(&locked.overrides))?;
    let section = if root.contains_key("overrides") { "overrides" } else { "resolutions" };
    let names: BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
    for name in names {
        let (wanted, found) = (wanted.get(name), found.get(name));
        if wanted == found {
            continue;
        }
        let refuses = if bun.major == 1 && bun.minor < 4 {
            // Until 1.3.5 only their effect counts; the versions after it were not seen.
            if *bun > semver::Version::new(1, 3, 5) {
                return None;
            }
            changes_something(locked, name, wanted?)?
        } else {
            true
        };
        if refuses {
            judgement.add(Change {
                kind: ChangeKind::Setting,
                file: "package.json".to_owned(),
                section: section.to_owned(),
                name: name.clone(),
                wanted: wanted.cloned(),
                locked: found.cloned(),
            });
        }
    }
    Some(wanted)
}

/// Whether a locked version of a package is outside an override.
fn changes_something(locked: &Locked, name: &str, range: &str) -> Option<bool> {
    let mut versions = locked.packages.values().filter(|package| package.name == name).peekable();
    if versions.peek().is_none() {
        return Some(false);
    }
    let range = Range::parse(range).ok()?;
    for package in versions {
        if !Version::parse(&package.resolution).ok()?.satisfies(&range) {
            return Some(true);
        }
    }
    Some(false)
}

/// A flat table of ranges; nested ones, references and paths are read in ways of their own.
fn plain(value: Option<&Value>) -> Option<Overrides> {
    match value {
        None | Some(Value::Null) => Some(Overrides::new()),
        Some(Value::Object(table)) => table
            .iter()
            .map(|(name, range)| {
                let range = range.as_str()?;
                let is_plain = !name.contains('*')
                    && name.get(1..)?.find('@').is_none()
                    && name.matches('/').count() == usize::from(name.starts_with('@'))
                    && !range.starts_with('$');
                is_plain.then(|| (name.clone(), range.to_owned()))
            })
            .collect(),
        Some(_) => None,
    }
}
