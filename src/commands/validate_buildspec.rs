//! `validate --buildspec`: one specification, wherever it lies. Nothing is recorded.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    document, identity,
    options::{absolute, printer, variables},
    secrets::mask_of_specification,
    session::{exit_status, identity_of, not_a_folder},
    validate::accepts,
};
use crate::{
    amplify,
    buildspec::{FindError, SpecFile, Surroundings, declared_root, lint, project_path},
    cli::GlobalOptions,
    config::{self, Config},
    project::Project,
    report::{
        ExitStatus, Finding, FindingId, Identity, PhaseName, PhaseReport, Run, Validation,
        render::Printer,
    },
};

/// The app that was named along with the specification.
struct NamedApp {
    project: Project,
    config: Config,
}

/// Checks the specification alone; with a named app as if it were the amplify.yml of that app.
pub(super) fn run(options: &GlobalOptions, name: &Path, strict: bool) -> ExitStatus {
    let phase = PhaseReport { strict, ..PhaseReport::begin(PhaseName::Validate) };
    let variables = variables();
    let folder = absolute(&options.project);
    let identity = identity_of(&identity::resolve(&variables, &folder, phase.name)).clone();
    let file = SpecFile::named(name);
    let app = options.project_is_named.then(|| named_app(options, &folder, &identity)).transpose();
    let known = app.as_ref().ok().and_then(Option::as_ref);
    let mask = mask_of_specification(
        &variables,
        file.as_ref().ok(),
        known.map(|app| (app.project.root.as_path(), &app.config)),
    );
    let printer = printer(options, Arc::new(mask));
    let findings = match (file, &app) {
        (_, Err(finding)) => Err(finding.as_ref().clone()),
        (Err(error), _) => Err(unreadable(&error)),
        (Ok(file), Ok(app)) => Ok(findings(&file, app.as_ref(), &variables)),
    };
    finish(&printer, phase, identity, findings)
}

fn named_app(
    options: &GlobalOptions,
    folder: &Path,
    identity: &Identity,
) -> Result<NamedApp, Box<Finding>> {
    if !folder.is_dir() {
        return Err(Box::new(not_a_folder(&options.project)));
    }
    let config = config::load(folder, options.config.as_deref(), identity.branch.as_deref())?;
    Ok(NamedApp { project: Project::read(folder), config })
}

fn findings(
    file: &SpecFile,
    app: Option<&NamedApp>,
    variables: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let alone = Surroundings { declared_root: declared_root(variables), ..Surroundings::default() };
    let Some(NamedApp { project, config }) = app else { return lint(file, alone) };
    let surroundings = Surroundings {
        project_path: &project_path(&project.root, project.repository_root.as_deref()),
        project: Some(project),
        on_amplify: amplify::detect(variables).is_some(),
        ..alone
    };
    let mut findings = lint(file, surroundings);
    findings.retain(|finding| !config.ignore.iter().any(|ignore| accepts(ignore, finding)));
    findings
}

/// A file that cannot be read is a wrong command line, like a folder that is none.
fn unreadable(error: &FindError) -> Finding {
    Finding::new(
        FindingId::Usage,
        error.to_string(),
        "`--buildspec` names a build specification, or `-` for the standard input",
    )
    .hint("deployfix validate --buildspec amplify.yml")
}

/// Tells what was found, in the format asked for.
fn finish(
    printer: &Printer,
    mut phase: PhaseReport,
    identity: Identity,
    findings: Result<Vec<Finding>, Finding>,
) -> ExitStatus {
    let is_usage = findings.is_err();
    phase.findings = findings.unwrap_or_else(|finding| vec![finding]);
    phase.finish();
    let status = if is_usage { ExitStatus::Usage } else { exit_status(&phase) };
    for finding in &phase.findings {
        printer.finding(finding);
    }
    printer.verdict(&phase);
    let mut run = Run::begin(identity);
    run.validation = Some(Validation::of(&phase));
    run.record_phase(phase);
    run.settle(Some(status));
    // The file was named from the folder one is in.
    match document::print(printer, &absolute(Path::new(".")), &run, Some(PhaseName::Validate)) {
        ExitStatus::Success => status,
        failed => failed,
    }
}
