//! The memory plan, what earlier builds taught it, and the build command with its recoveries.

mod advice;
mod cache;
mod generator;
mod heap;
mod learned;
mod memory;
mod plan;
mod workers;

pub(crate) use advice::recommendations;
pub(crate) use learned::Learned;
pub(crate) use memory::MemoryPlan;
pub(crate) use plan::BuildPlan;
pub(crate) use workers::{Workers, processors};
