//! `install` with what an earlier installation left, over the real package managers.
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
    clippy::similar_names,
    clippy::needless_pass_by_value,
    clippy::cast_possible_truncation,
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

mod changes;
mod concurrency;
mod inputs;
mod installed;
mod kills;
mod lifecycle;
mod seed;
