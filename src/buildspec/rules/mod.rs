//! What Amplify refuses in a specification: one file a rule.

mod app_root_mismatch;
mod app_root_missing;
mod command_not_string;
mod commands_not_list;
mod context;
mod env_file_late;
mod environment_dumped;
mod folders;
mod grep_may_fail;
mod heap_above_memory;
mod missing_artifacts;
mod missing_files;
mod missing_frontend;
mod not_a_mapping;
mod repeated_cd;
mod secret_echoed;
mod shell_syntax;
mod syntax;
mod table;
mod unexported_variable;

pub(crate) use context::RuleContext;
pub(crate) use syntax::syntax_finding;
pub(crate) use table::check;
