//! `install` against a real registry, whole and broken.
#![allow(clippy::allow_attributes, reason = "which of the following occur changes with every test")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    clippy::too_many_lines,
    clippy::print_stdout,
    clippy::format_push_string,
    clippy::semicolon_if_nothing_returned,
    clippy::items_after_statements,
    reason = "tests are not an interface, and may end at the first surprise"
)]

#[path = "../shared/managers.rs"]
mod managers;
#[path = "../shared/registry.rs"]
mod registry;
#[path = "../cli/support.rs"]
mod support;

mod app;
mod audit;
mod credentials;
mod damaged_cache;
mod deadline;
mod fallback;
mod faults;
mod full_disk;
mod healthy;
mod network;
mod noise;
mod platforms;
mod project;
mod proxy;
mod recoveries;
mod retries;
mod scripts;
mod toolchain;
