//! next.config, read without running it: what the build will certainly do, and what nobody can tell beforehand.

mod call;
mod expression;
mod file;
mod model;
mod module;
mod scope;
mod statement;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use model::{Known, NextConfig};

pub(super) use file::read;
