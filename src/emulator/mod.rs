//! An Amplify build on this machine: which commands run, in which words, and what Amplify does before and after them.

mod checks;
mod clone;
mod collection;
mod commands;
mod patterns;
mod plan;
mod refusal;
mod script;
mod store;
mod test_artifacts;

pub(crate) use checks::{AfterBuild, NodeAtEnd, Platform, after_build, missing_next};
pub(crate) use clone::{CleanClone, CloneError};
pub(crate) use collection::{Collection, collect, copy, is_free};
pub(crate) use plan::{Choice, Plan, default_plan, plan};
pub(crate) use refusal::{platform_message, refusals};
pub(crate) use script::render as render_script;
pub(crate) use store::{CacheError, CacheStore};
pub(crate) use test_artifacts::check as check_test_artifacts;
