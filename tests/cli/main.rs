//! Whole-command tests over the real binary: exit code, output, report.
#![allow(clippy::allow_attributes, reason = "which of the following occur changes with every test")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    reason = "tests are not an interface, and may end at the first surprise"
)]

mod bad_input;
mod build;
mod command_line;
mod explain;
mod formats;
mod health;
mod init;
mod install;
mod masking;
mod real_app;
mod report;
mod run;
mod run_clean;
mod run_memory;
mod run_output;
mod run_phases;
mod signals;
mod supply_chain;
mod support;
mod validate;
