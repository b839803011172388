//! Whole-command tests over the real binary: exit code, output, report.
#![expect(missing_docs, unreachable_pub, reason = "tests are not an interface")]

mod bad_input;
mod build;
mod command_line;
mod install;
mod masking;
mod real_app;
mod report;
mod run;
mod signals;
mod support;
mod validate;
