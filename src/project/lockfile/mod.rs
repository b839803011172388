//! The lockfiles that apply to the app.

mod drift;
mod find;
mod health;
mod locked;

pub(crate) use drift::drift;
pub(crate) use find::{Lockfile, LockfileKind, find, lockfiles_of, relative};
pub(crate) use health::health;
pub(crate) use locked::locked_next;
