//! The output on disk, before Amplify takes it: what it must contain, what it weighs, what it must not contain, and the
//! manifest that later proves it unchanged.

mod base_directory;
mod denied;
mod export;
mod layout;
mod listing;
mod manifest;
mod problem;
mod references;
mod requirements;
mod sizes;
mod traces;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use manifest::check;
pub(crate) use verify::{Request, inspect, verify};
