//! Whether yarn 1 installs from its lockfile as it is.

mod check;
mod manifest;
mod resolutions;

pub(crate) use check::drift;
