use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::LockedPackage;

/// The versions of one package that two lockfiles hold differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionChange {
    /// The package.
    pub(crate) name: String,
    /// Versions that only the first lockfile holds.
    pub(crate) before: Vec<String>,
    /// Versions that only the second lockfile holds.
    pub(crate) after: Vec<String>,
}

impl fmt::Display for VersionChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, before, after } = self;
        match (before.is_empty(), after.is_empty()) {
            (false, false) => {
                write!(formatter, "{name} {} -> {}", before.join(", "), after.join(", "))
            }
            (false, true) => write!(formatter, "{name} {} removed", before.join(", ")),
            (true, _) => write!(formatter, "{name} {} added", after.join(", ")),
        }
    }
}

/// What two lockfiles hold differently, in the order of the names; folders of the repository count by their path.
pub(crate) fn difference(before: &[LockedPackage], after: &[LockedPackage]) -> Vec<VersionChange> {
    let mut versions: BTreeMap<&str, [BTreeSet<String>; 2]> = BTreeMap::new();
    for (side, packages) in [before, after].into_iter().enumerate() {
        for package in packages {
            versions.entry(&package.name).or_default()[side].insert(package.identity());
        }
    }
    versions
        .into_iter()
        .filter(|(_, [before, after])| before != after)
        .map(|(name, [before, after])| VersionChange {
            name: name.to_owned(),
            before: before.difference(&after).cloned().collect(),
            after: after.difference(&before).cloned().collect(),
        })
        .collect()
}
