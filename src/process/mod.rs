//! One supervised child: its own process group, masked streaming, deadline,
//! stall limit, memory of the tree, evidence of how it ended.

mod command;
mod container;
mod ended;
mod interrupt;
mod memory_group;
mod output;
mod signal;
mod supervisor;
mod tree;

pub(crate) use command::CommandSpec;
pub(crate) use container::{MemoryLimit, free_disk, memory_limit};
pub(crate) use ended::Ended;
pub(crate) use interrupt::Interrupt;
pub(crate) use memory_group::MemoryGroup;
pub(crate) use output::Sink;
pub(crate) use supervisor::{Limits, Supervised, run};
pub(crate) use tree::{become_subreaper, end_descendants_now};
