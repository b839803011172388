//! package.json.

mod model;
mod read;
mod shape;

pub(crate) use model::Manifest;
pub(crate) use read::{FILE, ManifestRead, read, read_raw, reason_of};
