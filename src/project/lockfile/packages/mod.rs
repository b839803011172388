//! What a lockfile locks: every package with its version, source and checksum.

mod model;

pub(crate) use model::{LockedPackage, Source, locked_packages};
