//! Drift as pnpm decides it in `pnpm install --frozen-lockfile`.
//!
//! Read in the dist files of pnpm 6.35.1, 7.33.7, 8.15.9, 9.15.9, 10.34.9 and 11.28.11:
//! `getOutdatedLockfileSetting` and `satisfiesPackageManifest`. A frozen install
//! asks nothing else before it links: `allProjectsAreUpToDate` belongs to the
//! install that may write the lockfile.

mod checksum;
mod compare;
mod config;
mod lockfile;
mod overrides;
mod projects;
mod rules;
mod settings;
mod specifiers;
#[cfg(test)]
mod tests;
mod yaml;

pub(super) use compare::drift;
