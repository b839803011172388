use std::collections::{BTreeMap, BTreeSet};

use super::{files::WHOLE, inputs::Inputs, place::MODULES};

/// Changed packages that are named; of the others only the number.
const NAMED_PACKAGES: usize = 3;

/// Why an installation of these inputs cannot be taken for one of those; nothing where it can.
pub(super) struct Change {
    /// One line each, the most telling first.
    pub(super) reasons: Vec<String>,
    /// Whether only files of the project changed, so that the manager can go on from the tree that is there.
    pub(super) incremental: bool,
}

/// Compares what an installation was made of with what it would be made of now.
pub(super) fn change(recorded: &Inputs, now: &Inputs) -> Option<Change> {
    let mut reasons = Vec::new();
    reasons.extend(files(recorded, now));
    let incremental = !reasons.is_empty();
    let before = reasons.len();
    let (old, new) = (&recorded.machine, &now.machine);
    if old.platform != new.platform {
        reasons.push(format!("platform {} -> {}", old.platform, new.platform));
    }
    if old.node != new.node {
        reasons.push(format!("Node ABI {} -> {}", old.node, new.node));
    }
    if old.manager != new.manager {
        let (old, new) = (&old.manager, &new.manager);
        let name = old.split(' ').next().unwrap_or_default();
        match new.strip_prefix(name).filter(|rest| rest.starts_with(' ')) {
            Some(version) => reasons.push(format!("{old} ->{version}")),
            None => reasons.push(format!("{old} -> {new}")),
        }
    }
    if recorded.command != now.command {
        reasons.push(format!("command `{}` -> `{}`", recorded.command, now.command));
    }
    if recorded.node_environment != now.node_environment {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
        let (old, new) = (shown(&recorded.node_environment), shown(&now.node_environment));
        reasons.push(format!("NODE_ENV {old} -> {new}"));
    }
    for (name, what) in compared(&recorded.variables, &now.variables) {
        reasons.push(format!("variable `{name}` {what}"));
    }
    for (package, folder) in &recorded.external {
        if !now.external.contains_key(package) {
            reasons.push(format!(
                "what `{package}` put into `{folder}`, outside of {MODULES}, is not there"
            ));
        }
    }
    let incremental = incremental && before == reasons.len();
    (!reasons.is_empty()).then_some(Change { reasons, incremental })
}

fn files(recorded: &Inputs, now: &Inputs) -> Vec<String> {
    let mut reasons = Vec::new();
    if recorded.lockfile != now.lockfile {
        reasons.push(format!("lockfile `{}` -> `{}`", recorded.lockfile, now.lockfile));
    } else if recorded.files.get(&now.lockfile) != now.files.get(&now.lockfile) {
        let packages = packages(&recorded.packages, &now.packages);
        reasons.push(match packages {
            Some(packages) => format!("lockfile changed: {packages}"),
            None => format!("`{}` changed", now.lockfile),
        });
    }
    for (path, what) in compared(&recorded.files, &now.files) {
        if path == &now.lockfile || path == &recorded.lockfile {
            continue;
        }
        let keys = match (recorded.files.get(path), now.files.get(path)) {
            (Some(old), Some(new)) => keys(old, new),
            _ => String::new(),
        };
        reasons.push(format!("`{path}` {what}{keys}"));
    }
    reasons
}

/// The keys of a manifest that differ.
fn keys(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> String {
    let names: Vec<_> = compared(old, new)
        .into_iter()
        .filter(|(name, _)| *name != WHOLE)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

/// Names whose values differ, with how.
fn compared<'a, V: PartialEq>(
    old: &'a BTreeMap<String, V>,
    new: &'a BTreeMap<String, V>,
) -> Vec<(&'a String, &'static str)> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| match (old.get(name), new.get(name)) {
            (None, _) => Some((name, "was added")),
            (_, None) => Some((name, "was removed")),
            (old, new) => (old != new).then_some((name, "changed")),
        })
        .collect()
}

type Versions = BTreeMap<String, BTreeSet<String>>;

/// Which packages changed: `next 15.5.4 -> 15.5.9, zod 4.0.0 added`; nothing where all have the same versions.
fn packages(old: &Versions, new: &Versions) -> Option<String> {
    let list = |versions: &BTreeSet<String>| {
        versions.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
    };
    let mut changed = Vec::new();
    let mut others = Vec::new();
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old != new => {
                let (gone, come): (BTreeSet<_>, BTreeSet<_>) = (old - new, new - old);
                changed.push(match (gone.is_empty(), come.is_empty()) {
                    (false, false) => format!("{name} {} -> {}", list(&gone), list(&come)),
                    (true, _) => format!("{name} {} added", list(&come)),
                    (_, true) => format!("{name} {} removed", list(&gone)),
                });
            }
            (Some(old), None) => others.push(format!("{name} {} removed", list(old))),
            (None, Some(new)) => others.push(format!("{name} {} added", list(new))),
            _ => {}
        }
    }
    changed.append(&mut others);
    if changed.is_empty() {
        return None;
    }
    let more = changed.len().saturating_sub(NAMED_PACKAGES);
    changed.truncate(NAMED_PACKAGES);
    if more > 0 {
        changed.push(format!("and {more} more"));
    }
    Some(changed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::fingerprint::inputs::digest;

    fn inputs(versions: &[(&str, &str)]) -> Inputs {
        let mut packages = Versions::new();
        for (name, version) in versions {
            packages.entry((*name).into()).or_default().insert((*version).into());
        }
        let lock = digest(format!("{versions:?}").as_bytes());
        Inputs {
            packages,
            lockfile: "package-lock.json".into(),
            files: [("package-lock.json".into(), [(String::new(), lock)].into())].into(),
            ..Inputs::default()
        }
    }

    fn reasons(old: &Inputs, new: &Inputs) -> Vec<String> {
        change(old, new).map(|change| change.reasons).unwrap_or_default()
    }

    #[test]
    fn what_changed_is_named() {
        let old = inputs(&[("next", "15.5.4"), ("zod", "4.0.0"), ("ms", "1.0.0")]);
        assert!(change(&old, &old).is_none());
        let new = inputs(&[("next", "15.5.9"), ("zod", "4.0.0"), ("ms", "1.0.0"), ("ms", "2.0.0")]);
        assert_eq!(
            reasons(&old, &new),
            ["lockfile changed: ms 2.0.0 added, next 15.5.4 -> 15.5.9"]
        );
        let mut abi = old.clone();
        abi.machine.node = "127".into();
        let mut other = old.clone();
        other.machine.node = "115".into();
        assert_eq!(reasons(&other, &abi), ["Node ABI 115 -> 127"]);
        let mut npmrc = old.clone();
        npmrc.files.insert(".npmrc".into(), [(String::new(), "x".into())].into());
        assert_eq!(reasons(&old, &npmrc), ["`.npmrc` was added"]);
        assert!(change(&old, &npmrc).is_some_and(|change| change.incremental));
    }
}
