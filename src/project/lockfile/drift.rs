use super::{Lockfile, LockfileKind};
use crate::{project::Manifest, report::Finding};

/// Compares a manifest with what a lockfile was made for.
type DriftCheck = fn(&Manifest, &Lockfile) -> Vec<Finding>;

/// The comparison of each kind of lockfile.
const CHECKS: &[(LockfileKind, DriftCheck)] = &[];

/// Where the manifest asks for what the lockfile does not hold.
pub(crate) fn drift(manifest: &Manifest, lockfile: &Lockfile) -> Vec<Finding> {
    CHECKS
        .iter()
        .filter(|(kind, _)| *kind == lockfile.kind)
        .flat_map(|(_, check)| check(manifest, lockfile))
        .collect()
}
