//! `.deployfix/` in the app root: the report, the logs, the history.

mod history;
mod report_file;

pub use history::{HistoryEntry, Settings, read as read_history};
pub(crate) use report_file::redact_value;
pub use report_file::{Join, ReadError, Redact, Store, StoreError, Updated, read};

/// The folder of all state, relative to the app root.
pub const DIRECTORY: &str = ".deployfix";
/// The report, relative to [`DIRECTORY`].
pub const REPORT: &str = "report.json";
/// The history of phases, relative to [`DIRECTORY`].
pub const HISTORY: &str = "history.jsonl";
