//! The two formats of yarn.lock, read as their managers read them.

mod berry;
mod classic;
mod descriptor;

pub(crate) use berry::{BerryEntry, BerryLockfile, Value, parse as parse_berry, render};
pub(crate) use classic::{ClassicLockfile, parse as parse_classic};
pub(crate) use descriptor::{split_descriptor, split_descriptors};
