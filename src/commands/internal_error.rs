use std::sync::Arc;

use super::{
    identity,
    options::{absolute, printer, variables},
    secrets::mask,
};
use crate::{
    cli::GlobalOptions,
    report::{
        ExitStatus, Finding, PhaseName, PhaseReport,
        store::{Join, Redact, Store},
    },
};

/// Writes a bug of deployfix into the report, with whatever still works.
pub(super) fn record_internal_error(
    options: &GlobalOptions,
    phase: Option<PhaseName>,
    finding: &Finding,
) {
    let variables = variables();
    let app_root = absolute(&options.project);
    let redact: Arc<dyn Redact> = Arc::new(mask(&variables, &app_root, None));
    let printer = printer(options, Arc::clone(&redact));
    printer.finding(finding);
    let Some(name) = phase.filter(|_| !options.dry_run && app_root.is_dir()) else { return };
    if let Ok(store) = Store::open(&app_root, redact) {
        // The phase had begun the run already, if it came that far.
        let join = match identity::resolve(&variables, &app_root, name) {
            Join::Begin(identity) => Join::Newest(identity),
            other => other,
        };
        let _ = store.update(&join, |run| {
            let mut report = run.phase(name).cloned().unwrap_or_else(|| PhaseReport::begin(name));
            report.findings.push(finding.clone());
            report.finish();
            run.record_phase(report);
            run.settle(Some(ExitStatus::Internal));
        });
    }
}
