//! Evidence of a failed child, or a log alone -> the finding that names its cause. A pure
//! function over a table of signatures; does no input or output.

mod clean;
mod commands;
mod endings;
mod engine;
mod evidence;
mod literals;
mod markers;
mod scan;
mod signature;
mod split;
mod table;
mod unknown;

pub(crate) use engine::{Diagnosis, LogVerdict, UNLOGGED, diagnose, diagnose_log};
pub(crate) use evidence::{ChildEvidence, Stage};
pub(crate) use scan::Scanner;
pub(crate) use table::Table;
