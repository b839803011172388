//! What Amplify refuses in a specification: one file a rule.

mod app_root_invalid;
mod app_root_mismatch;
mod app_root_missing;
mod app_root_not_found;
mod base_directory_absolute;
mod base_directory_missing;
mod base_directory_repeats_app_root;
mod block;
mod build_path;
mod cache_next_missing;
mod cache_useless;
mod clean_install;
mod command_not_string;
mod commands_not_list;
mod context;
mod env_variables;
mod keys;
mod misplaced_key;
mod missing_artifacts;
mod missing_files;
mod missing_frontend;
mod not_a_mapping;
mod path_variable;
mod paths;
mod phase_shape;
mod strays;
mod syntax;
mod table;
mod test_artifacts;
mod two_files;
mod unknown_key;
mod version;

pub(crate) use context::RuleContext;
pub(crate) use syntax::syntax_finding;
pub(crate) use table::check;
