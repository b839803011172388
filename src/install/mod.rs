//! The managers' commands, and what may be changed about them between attempts.

mod plan;

pub(crate) use plan::InstallPlan;
