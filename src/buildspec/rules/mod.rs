//! What Amplify refuses in a specification: one file a rule.

mod app_root_mismatch;
mod app_root_missing;
mod command_not_string;
mod commands_not_list;
mod context;
mod missing_artifacts;
mod missing_files;
mod missing_frontend;
mod not_a_mapping;
mod syntax;
mod table;

pub(crate) use context::RuleContext;
pub(crate) use syntax::syntax_finding;
pub(crate) use table::check;
