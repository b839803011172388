//! Facts about the platform: one table each, each with its source.

mod limits;
mod runtimes;
mod variables;

pub(crate) use limits::{ARTIFACT_SIZE, COMPUTE_SIZE, INSTANCES, build_timeout};
pub(crate) use runtimes::{Support, server_runtime_support};
pub(crate) use variables::{Platform, ci_name, detect, is_set_by_platform};
