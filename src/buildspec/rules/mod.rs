//! What Amplify refuses in a specification: one file a rule.

mod app_root_mismatch;
mod app_root_missing;
mod base_directory_mismatch;
mod command_never_ends;
mod command_not_string;
mod commands_not_list;
mod context;
mod folders;
mod install_command;
mod install_missing;
mod manager_not_installed;
mod missing_artifacts;
mod missing_files;
mod missing_frontend;
mod next_export;
mod node_version;
mod not_a_mapping;
mod packages;
mod pnpm_linker;
mod syntax;
mod table;
mod unpinned_global;
mod versions;

pub(crate) use context::RuleContext;
pub(crate) use syntax::syntax_finding;
pub(crate) use table::check;
