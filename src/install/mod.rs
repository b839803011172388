//! The managers' commands, and what may be changed about them between attempts.

mod cache;
mod fingerprint;
mod lifecycle;
mod lock;
mod plan;

pub(crate) use fingerprint::{Extent, Place, Sources, Unrecorded, Verdict, Verified};
pub(crate) use lifecycle::{OwnScript, own_scripts};
pub(crate) use lock::{InstallLock, Locked, is_locked, lock};
pub(crate) use plan::InstallPlan;
