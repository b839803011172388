//! The only writers to a terminal.

mod diff;
mod human;
mod printer;
mod trace;
mod units;

pub use diff::{change_text, diff_text};
pub use human::{finding_text, run_text, summary_text, verdict_text};
pub use printer::{Format, Printer, Verbosity};
pub use trace::trace;
pub use units::{count, format_bytes, format_duration};
