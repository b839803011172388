//! One file per subcommand; each reads as its story: resolve, act, record.

mod audit;
mod build;
mod completions;
mod diagnose;
mod document;
mod drift;
mod earlier_install;
mod entry;
mod explain;
mod fix_buildspec;
mod health_check;
mod identity;
mod init;
mod install;
mod internal_error;
mod options;
mod report;
mod run;
mod schema;
mod secrets;
mod sections;
mod session;
mod validate;
mod validate_buildspec;
mod verify_artifacts;

#[doc(hidden)]
pub use drift::count_drift;
pub use entry::main;
pub use validate_buildspec::count_findings;
