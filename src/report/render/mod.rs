//! The only writers to a terminal.

mod amplify_log;
mod diff;
mod github;
mod human;
mod printer;
mod sarif;
mod snippet;
mod sources;
#[cfg(test)]
mod tests;
mod trace;
mod units;

pub use diff::{change_text, diff_text};
pub use human::summary_text;
pub use printer::{Format, Level, LogFormat, Printer, Verbosity};
pub use sources::{SourceText, Sources};
pub use trace::trace;
pub use units::{count, format_bytes, format_duration};
