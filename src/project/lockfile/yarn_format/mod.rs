//! The two formats of yarn.lock, read as their managers read them.

mod classic;
mod descriptor;

pub(crate) use classic::{ClassicLockfile, parse as parse_classic};
pub(crate) use descriptor::split_descriptor;
