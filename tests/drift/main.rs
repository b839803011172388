//! Manifests against lockfiles: deployfix and the real managers must say the same.
#![allow(clippy::allow_attributes, reason = "which of the following occur changes with every test")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    clippy::too_many_lines,
    clippy::semicolon_if_nothing_returned,
    clippy::items_after_statements,
    reason = "tests are not an interface, and may end at the first surprise"
)]

mod bun;
mod engines;
mod files;
mod git_daemon;
mod harness;
#[path = "../shared/managers.rs"]
mod managers;
mod npm;
mod pnpm;
#[path = "../shared/registry.rs"]
mod registry;
mod world;
mod yarn_berry;
mod yarn_classic;
