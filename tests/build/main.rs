//! `build` and what it recovers from: real builds of Next.js with real faults, and stand-ins where a fault needs none.
#![allow(clippy::allow_attributes, reason = "which of the following occur changes with every test")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    reason = "tests are not an interface, and may end at the first surprise"
)]

#[path = "../cli/support.rs"]
mod support;

mod app;
mod cache;
mod learning;
mod memory;
mod network;
mod others;
mod versions;
