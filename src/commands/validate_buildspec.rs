//! `validate --buildspec`: one specification, wherever it lies. Nothing is recorded.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    fix_buildspec::{Target, fix_file},
    identity,
    options::{absolute, printer, variables},
    secrets::mask_of_specification,
    session::{exit_status, identity_of, not_a_folder},
    validate::accepted_out,
};
use crate::{
    amplify,
    buildspec::{
        FindError, Lint, SpecFile, Specification, Surroundings, bytes, declared_root, lint,
    },
    cli::{FormatOption, GlobalOptions, ValidateOptions},
    config::{self, Config},
    project::Project,
    report::{
        ExitStatus, Finding, FindingId, Identity, PhaseName, PhaseReport, Run, Validation,
        render::{Format, Printer},
    },
};

/// The app that was named along with the specification.
struct NamedApp {
    project: Project,
    config: Config,
}

/// Checks the specification alone; with a named app as if it were the amplify.yml of that app.
pub(super) fn run(global: &GlobalOptions, options: &ValidateOptions, name: &Path) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Validate);
    let variables = variables();
    let folder = absolute(&global.project);
    let identity = identity_of(&identity::resolve(&variables, &folder, phase.name)).clone();
    let file = SpecFile::named(name);
    let app = global.project_is_named.then(|| named_app(global, &folder, &identity)).transpose();
    let known = app.as_ref().ok().and_then(Option::as_ref);
    let mask = mask_of_specification(
        &variables,
        file.as_ref().ok(),
        known.map(|app| (app.project.root.as_path(), &app.config)),
    );
    let target = target(global, options, file.as_ref().is_ok_and(SpecFile::is_standard_input));
    // The fixed text has the standard output for itself.
    let is_stream = target == Some(Target::Stream);
    let format = if is_stream { FormatOption::Json } else { global.format };
    let printer = printer(&GlobalOptions { format, ..global.clone() }, Arc::new(mask));
    let outcome = match (file, &app) {
        (_, Err(finding)) => Outcome::Usage(finding.clone()),
        (Err(error), _) => Outcome::Usage(Box::new(unreadable(&error))),
        (Ok(_), _) if is_stream && global.format != FormatOption::Human => {
            Outcome::Usage(Box::new(two_documents()))
        }
        (Ok(file), Ok(_)) => {
            let lint = |file: &SpecFile| findings(file, known, &variables);
            examine(&printer, file, &lint, target)
        }
    };
    let (findings, status) = match outcome {
        Outcome::Found(findings) => (findings, None),
        Outcome::Usage(finding) => (vec![*finding], Some(ExitStatus::Usage)),
        Outcome::Shown { changes: 0 } => return ExitStatus::Success,
        Outcome::Shown { .. } => return ExitStatus::Findings,
    };
    phase.findings = findings;
    phase.finish();
    let status = status.unwrap_or_else(|| exit_status(&phase));
    for finding in &phase.findings {
        printer.finding(finding);
    }
    printer.verdict(&phase);
    if printer.format() == Format::Json && !is_stream {
        let mut run = Run::begin(identity);
        run.validation = Some(Validation::from_findings(&phase.findings));
        run.record_phase(phase);
        run.settle(Some(status));
        if let Err(error) = printer.json(&run) {
            printer.important(&format!("cannot print the report: {error}"));
        }
    }
    status
}

/// How much is wrong in a specification without an app; for benchmarks.
#[doc(hidden)]
#[must_use]
pub fn count_findings(content: &[u8]) -> usize {
    lint(&SpecFile::of_bytes(content.to_vec()), Surroundings::default()).len()
}

/// What came of it.
enum Outcome {
    /// It was checked.
    Found(Vec<Finding>),
    /// It could not be.
    Usage(Box<Finding>),
    /// The changes were shown, as `--dry-run` asks.
    Shown { changes: usize },
}

fn target(
    global: &GlobalOptions,
    options: &ValidateOptions,
    standard_input: bool,
) -> Option<Target> {
    options.fix.then_some(match (global.dry_run, standard_input) {
        (true, _) => Target::Nothing,
        (false, true) => Target::Stream,
        (false, false) => Target::File,
    })
}

fn examine(printer: &Printer, file: SpecFile, lint: Lint<'_>, target: Option<Target>) -> Outcome {
    let Some(target) = target else { return Outcome::Found(lint(&file)) };
    let fixed = fix_file(printer, file, lint, target);
    match target {
        Target::Nothing => return Outcome::Shown { changes: fixed.changes },
        Target::Stream => printer.data(&String::from_utf8_lossy(&bytes(&fixed.file))),
        Target::File => {}
    }
    let mut findings = lint(&fixed.file);
    findings.extend(fixed.refusal);
    Outcome::Found(findings)
}

fn named_app(
    global: &GlobalOptions,
    folder: &Path,
    identity: &Identity,
) -> Result<NamedApp, Box<Finding>> {
    if !folder.is_dir() {
        return Err(Box::new(not_a_folder(&global.project)));
    }
    let config = config::load(folder, global.config.as_deref(), identity.branch.as_deref())?;
    Ok(NamedApp { project: Project::read(folder), config })
}

fn findings(
    file: &SpecFile,
    app: Option<&NamedApp>,
    variables: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let Some(NamedApp { project, config }) = app else {
        let declared_root = declared_root(variables);
        return lint(file, Surroundings { declared_root, ..Surroundings::default() });
    };
    let repository = project.repository_root.as_deref();
    let place = Specification::of_file(file.clone(), &project.root, repository, variables);
    let on_amplify = amplify::detect(variables).is_some();
    accepted_out(lint(file, place.surroundings(project, on_amplify)), config)
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

fn two_documents() -> Finding {
    Finding::new(
        FindingId::Usage,
        "`--fix --buildspec -` writes the fixed file to the standard output, where `--format` would write as well",
        "ask for one of them: leave out `--format`, or `--fix`",
    )
}
