//! What `validate` predicts: one file an area, all of them at once.

mod build_script;
mod buildspec;
mod context;
mod contract;
mod lockfile;
mod manifest;
mod node;
mod node_env;
mod package_manager;
mod resources;
mod spec_commands;
mod table;

#[cfg(test)]
mod tests;

pub(crate) use context::Context;
pub(crate) use package_manager::missing as missing_manager;
pub(crate) use table::{CHECKS, run};
