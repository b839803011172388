//! The managers' commands, and what may be changed about them between attempts.

mod cache;
mod completion;
mod fallback;
mod fingerprint;
mod free_space;
mod kept;
mod lifecycle;
mod lock;
mod plan;
mod platform;
mod site;
mod story;
mod toolchain;
mod variants;

pub(crate) use fingerprint::{
    Damage, Extent, Inputs, Place, Sources, Unrecorded, Verdict, Verified,
};
pub(crate) use kept::restore_left_over;
pub(crate) use lifecycle::{OwnScript, own_scripts};
pub(crate) use lock::{InstallLock, Locked, is_locked, lock};
pub(crate) use plan::{InstallPlan, InstallSettings};
pub(crate) use site::InstallSite;
pub(crate) use toolchain::{Need, Toolchain, Workshop, manager_step};
