use std::{collections::BTreeSet, sync::Arc};

use super::{
    document,
    options::{absolute, printer, variables},
};
use crate::{
    cli::GlobalOptions,
    mask::MaskSet,
    report::{
        ExitStatus, Finding, FindingId, Location,
        render::Format,
        store::{DIRECTORY, REPORT, ReadError, read},
    },
};

/// Prints the report of the newest run.
pub(super) fn print(options: &GlobalOptions) -> ExitStatus {
    let mask = MaskSet::from_environment(variables(), &BTreeSet::new());
    let printer = printer(options, Arc::new(mask));
    let app_root = absolute(&options.project);
    match read(&app_root) {
        Ok(run) if printer.format() == Format::Human => {
            printer.run(&run);
            ExitStatus::Success
        }
        Ok(run) => document::print(&printer, &app_root, &run, None),
        Err(error) => {
            printer.finding(&finding(&error).severity(crate::report::Severity::Error));
            ExitStatus::Usage
        }
    }
}

fn finding(error: &ReadError) -> Finding {
    let path = format!("{DIRECTORY}/{REPORT}");
    let finding = Finding::new(
        FindingId::ReportUnreadable,
        error.to_string(),
        "a phase of deployfix writes it into the app root",
    );
    match error {
        ReadError::Missing(_) => {
            finding.hint("run `deployfix validate` first, or name the app with `--project`")
        }
        ReadError::Invalid { line, column, .. } if *line > 0 => {
            finding.location(Location::at(path, *line as u64, *column as u64))
        }
        ReadError::Io { .. } | ReadError::Invalid { .. } => finding.location(Location::file(path)),
    }
}
