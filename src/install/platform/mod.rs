//! Packages with programs for one platform: which of them this machine needs,
//! which are not there, and how they get there.

mod machine;
mod missing;
mod place;

pub(super) use missing::{MissingPackage, missing_packages};
pub(super) use place::{Placed, place};
