//! Evidence of a failed child, or a log alone -> the finding that names its cause. A pure
//! function over a table of signatures; does no input or output.

mod clean;
mod commands;
mod endings;
mod engine;
mod evidence;
mod framing;
mod literals;
mod markers;
mod scan;
mod signature;
mod split;
mod table;
mod text;
mod unknown;
mod wrapping;

pub(crate) use engine::{Diagnosis, LogVerdict, UNLOGGED, diagnose, diagnose_log};
pub(crate) use evidence::{ChildEvidence, Stage};
pub(crate) use scan::{Scan, scan, scan_stream};
pub(crate) use table::Table;
