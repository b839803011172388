//! What a lockfile locks: every package with its version, source and checksum.

mod berry;
mod bun;
mod difference;
mod json;
mod lines;
mod model;
mod npm;
mod pnpm;
mod pnpm_entries;
mod read;
mod source;
#[cfg(test)]
mod tests;
mod yarn_classic;

pub(crate) use difference::difference;
pub(crate) use model::{LockedPackage, Source};
pub(crate) use read::locked_packages;
