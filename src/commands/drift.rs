use std::{collections::BTreeMap, path::Path};

use crate::project::{DriftInput, drift, lockfiles_of};

/// How much the lockfiles of a folder differ from its manifests, under a recent manager; for the benches.
#[must_use]
pub fn count_drift(folder: &Path) -> usize {
    let version = semver::Version::new(11, 17, 0);
    let variables = BTreeMap::new();
    let of_lockfile = |lockfile: &_| {
        let input = DriftInput {
            root: folder,
            lockfile,
            manager_version: Some(&version),
            variables: &variables,
        };
        drift(&input).changes.len()
    };
    lockfiles_of(folder, None).iter().map(of_lockfile).sum()
}
