//! The only writers to a terminal.

mod github;
mod human;
mod printer;
mod sarif;
mod snippet;
mod sources;
mod trace;
mod units;

pub use human::summary_text;
use human::{finding_text, run_text, verdict_text};
pub use printer::{Format, Printer, Verbosity};
pub use sources::{SourceText, Sources};
pub use trace::trace;
pub use units::{count, format_bytes, format_duration};
