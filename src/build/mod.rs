//! The memory plan and the build command.

mod memory;
mod plan;

pub(crate) use memory::MemoryPlan;
pub(crate) use plan::BuildPlan;
