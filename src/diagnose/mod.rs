//! Evidence of a failed child -> the finding that names its cause. A pure
//! function over a table of signatures; does no input or output.

#[cfg(test)]
mod corpus;
mod engine;
mod evidence;
mod log;
mod signature;
mod table;

pub(crate) use engine::{UNLOGGED, diagnose};
pub(crate) use evidence::{ChildEvidence, Stage};
