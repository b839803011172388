//! Ranges of versions as npm's `semver` reads them.

mod comparator;
mod parse;
mod set;
mod version;

pub(crate) use set::{Reading, VersionRange};
pub(crate) use version::SemanticVersion;
