//! The only writers to a terminal.

mod amplify_log;
mod human;
mod printer;
mod trace;
mod units;

pub use human::{finding_text, run_text, summary_text, verdict_text};
pub use printer::{Format, Level, LogFormat, Printer, Verbosity};
pub use trace::trace;
pub use units::{count, format_bytes, format_duration};
