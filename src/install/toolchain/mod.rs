//! The Node and the package manager that the children of a phase run with.

mod corepack;
mod fetch;
mod manager;
mod node;
mod release;
mod value;
mod workshop;

pub(crate) use manager::manager_step;
pub(crate) use value::{Need, Toolchain};
pub(crate) use workshop::Workshop;
