//! The app on disk, as its tools see it.

pub(crate) mod output;
