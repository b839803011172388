//! What `validate` predicts: one file an area, all of them at once.

mod advisories;
mod audit;
mod build_script;
mod buildspec;
mod context;
mod contract;
mod engines;
mod install_scripts;
mod lockfile;
mod manager_in_use;
mod manifest;
mod node;
mod node_env;
mod package_manager;
mod resources;
mod sources;
mod spec_commands;
mod table;

#[cfg(test)]
mod tests;

pub(crate) use audit::{of_audit, unanswered};
pub(crate) use context::Context;
pub(crate) use spec_commands::chooses_node_later;
pub(crate) use table::{CHECKS, run};
