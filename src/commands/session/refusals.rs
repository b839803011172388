//! What a session says of places that it cannot work in.

use std::path::Path;

use crate::report::{Finding, FindingId};

/// `--project` is wrong.
pub(in crate::commands) fn not_a_folder(path: &Path) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("`{}` is not a folder", path.display()),
        "`--project` names the app root: the folder of the app's package.json",
    )
    .hint("deployfix validate --project apps/web")
}

/// The report cannot be kept.
pub(super) fn unwritable(reason: &str) -> Finding {
    Finding::new(
        FindingId::ReportUnreadable,
        "the report cannot be written",
        format!("{reason}; the phase goes on without it"),
    )
    .hint("make the app root writable, or remove what stands at `.deployfix`")
}

/// Something else stood where the report belongs.
pub(super) fn set_aside(path: &Path) -> Finding {
    Finding::new(
        FindingId::ReportUnreadable,
        "`.deployfix/report.json` was not a report of deployfix",
        format!("it was kept as `{}`, and a new report begins", path.display()),
    )
}
