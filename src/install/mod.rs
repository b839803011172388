//! The managers' commands, and what may be changed about them between attempts.

mod plan;
mod toolchain;

pub(crate) use plan::InstallPlan;
pub(crate) use toolchain::{Need, Toolchain, Workshop, manager_step};
