//! The lockfiles that apply to the app.

mod drift;
mod find;
mod health;
mod locked;
mod packages;
mod yarn_format;

pub(crate) use drift::{ChangeKind, DriftInput, Verdict, drift, findings as drift_findings};
pub(crate) use find::{Lockfile, LockfileKind, find, lockfiles_of, relative};
pub(crate) use health::health;
pub(crate) use locked::locked_next;
pub(crate) use packages::{LockedPackage, Source, difference, locked_packages};
