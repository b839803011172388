//! Whether yarn 2 and later install from their lockfile as it is.

mod block;
mod catalogs;
mod check;
mod extensions;
mod form;
mod local;
mod range;
mod resolutions;
mod settings;
#[cfg(test)]
mod tests;
mod version;
mod walk;
mod workspaces;

pub(crate) use check::drift;
