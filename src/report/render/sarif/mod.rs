//! SARIF 2.1.0, the form in which code scanners tell their results.

mod log;
mod model;

pub(super) use log::log;
