//! A run as data on stdout.

use std::path::Path;

use crate::{
    project::{read_text, relative, repository},
    report::{
        ExitStatus, PhaseName, Run,
        render::{Printer, SourceText, Sources},
    },
};

/// Bytes above which a file with a finding is not opened.
const LARGEST_SOURCE: u64 = 4 * 1024 * 1024;

/// Prints the run in the format asked for. SARIF and annotations hold what `phase` found, so that the phases of one job do
/// not repeat each other; without a phase, and for `run`, what all of them found.
pub(super) fn print(
    printer: &Printer,
    app_root: &Path,
    run: &Run,
    phase: Option<PhaseName>,
) -> ExitStatus {
    let repository = repository::root(app_root);
    let sources = Sources {
        app: repository.map(|root| relative(&root, app_root)).unwrap_or_default(),
        read: &|path| {
            let text = read_text(&app_root.join(path), LARGEST_SOURCE).ok()?;
            Some(SourceText { content: text.content, byte_order_mark: text.byte_order_mark })
        },
    };
    let phase = phase.filter(|phase| *phase != PhaseName::Run);
    match printer.document(run, phase, &sources) {
        Ok(()) => ExitStatus::Success,
        Err(error) => {
            printer.important(&format!("cannot print the report: {error}"));
            ExitStatus::Internal
        }
    }
}
