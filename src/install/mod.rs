//! The managers' commands, and what may be changed about them between attempts.

mod completion;
mod fallback;
mod free_space;
mod kept;
mod place;
mod plan;
mod platform;
mod story;
mod variants;
mod versions;

pub(crate) use kept::restore_left_over;
pub(crate) use place::Place;
pub(crate) use plan::{InstallPlan, InstallSettings};
