//! Who is trusted with what is installed: sources and checksums of the lockfile, install scripts, known advisories.

mod advisories;
mod integrity;
mod policy;
mod registries;
mod scripts;
mod usage;

#[cfg(test)]
mod tests;

pub(crate) use advisories::{Affected, Rating, affected};
pub(crate) use policy::{Policy, Violation, violations};
pub(crate) use registries::Registries;
pub(crate) use scripts::{ReviewedScripts, with_scripts};
pub(crate) use usage::Usage;
