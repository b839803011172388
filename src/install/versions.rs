use std::collections::{BTreeMap, BTreeSet};

use crate::{
    project::{LockedPackage, Source},
    report::{VersionChange, VersionChanges},
};

/// How what was chosen differs from what is locked, by name.
pub(super) fn difference(
    lockfile: &str,
    locked: &[LockedPackage],
    chosen: &[LockedPackage],
) -> VersionChanges {
    let (locked, chosen) = (versions(locked), versions(chosen));
    let names: BTreeSet<_> = locked.keys().chain(chosen.keys()).copied().collect();
    let none = BTreeSet::new();
    let mut changes = VersionChanges { lockfile: lockfile.to_owned(), ..Default::default() };
    for name in names {
        let before = locked.get(name).unwrap_or(&none);
        let after = chosen.get(name).unwrap_or(&none);
        let mut gone: Vec<_> = before.difference(after).collect();
        let mut come: Vec<_> = after.difference(before).collect();
        if let ([one], [other]) = (&gone[..], &come[..]) {
            changes.changed.push(VersionChange {
                name: name.to_owned(),
                locked: (*one).clone(),
                installed: (*other).clone(),
            });
            (gone, come) = (Vec::new(), Vec::new());
        }
        changes.removed.extend(gone.iter().map(|version| format!("{name} {version}")));
        changes.added.extend(come.iter().map(|version| format!("{name} {version}")));
    }
    changes
}

/// Every name with its versions; folders of the repository have none.
fn versions(packages: &[LockedPackage]) -> BTreeMap<&str, BTreeSet<String>> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        let version = match (&package.source, &package.version) {
            (Source::Local(_), _) => continue,
            (Source::Git(commit), _) => commit.clone(),
            (_, Some(version)) => version.clone(),
            (Source::Tarball(address), None) => address.clone(),
            (Source::Registry, None) => continue,
        };
        versions.entry(&package.name).or_default().insert(version);
    }
    versions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(list: &[&str]) -> Vec<LockedPackage> {
        list.iter()
            .map(|text| {
                let (name, version) = text.rsplit_once('@').unwrap();
                LockedPackage {
                    name: name.into(),
                    published_name: None,
                    version: Some(version.into()),
                    source: Source::Registry,
                    integrity: None,
                    has_install_script: None,
                    development: None,
                    optional: None,
                    key: format!("node_modules/{name}"),
                    line: None,
                }
            })
            .collect()
    }

    #[test]
    fn one_version_for_another_is_a_change_and_the_rest_comes_and_goes() {
        let lines = |locked: &[&str], chosen: &[&str]| {
            difference("package-lock.json", &packages(locked), &packages(chosen)).lines(20)
        };
        assert_eq!(lines(&["next@15.5.4"], &["next@15.5.9"]), ["next 15.5.4 -> 15.5.9"]);
        assert_eq!(lines(&[], &["zod@3.0.0"]), ["added zod 3.0.0"]);
        assert_eq!(lines(&["zod@3.0.0"], &[]), ["removed zod 3.0.0"]);
        assert!(lines(&["a@1.0.0", "a@2.0.0"], &["a@2.0.0", "a@1.0.0"]).is_empty());
        assert_eq!(lines(&["a@1.0.0", "a@2.0.0"], &["a@2.0.0", "a@3.0.0"]), ["a 1.0.0 -> 3.0.0"]);
        assert_eq!(
            lines(&["a@1.0.0"], &["a@2.0.0", "a@3.0.0"]),
            ["added a 2.0.0", "added a 3.0.0", "removed a 1.0.0"]
        );
    }

    #[test]
    fn a_long_list_says_how_many_more() {
        let many: Vec<_> = (0..30).map(|number| format!("p{number}@1.0.0")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let lines = difference("yarn.lock", &[], &packages(&many)).lines(20);
        assert_eq!((lines.len(), lines[20].as_str()), (21, "and 10 more"));
    }
}
