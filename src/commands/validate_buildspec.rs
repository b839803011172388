//! `validate --buildspec`: one specification, wherever it lies. Nothing is recorded.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use super::{
    document,
    fix_buildspec::{Target, fix_file},
    identity,
    options::{absolute, printer, variables},
    secrets::mask_of_specification,
    session::{exit_status, identity_of, not_a_folder},
    validate::{accepted_out, tell_silenced},
};
use crate::{
    amplify,
    buildspec::{
        FindError, Linted, SpecFile, Surroundings, bytes, declared_root, lint, project_path,
    },
    cli::{FormatOption, GlobalOptions, ValidateOptions},
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
pub(super) fn run(global: &GlobalOptions, options: &ValidateOptions, name: &Path) -> ExitStatus {
    let phase = PhaseReport { strict: options.strict, ..PhaseReport::begin(PhaseName::Validate) };
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
    let linted = match (file, &app) {
        (_, Err(finding)) => Err(finding.as_ref().clone()),
        (Err(error), _) => Err(unreadable(&error)),
        (Ok(_), _) if is_stream && global.format != FormatOption::Human => Err(two_documents()),
        (Ok(file), Ok(_)) => {
            let lint = |file: &SpecFile| linted(file, known, &variables);
            match fixed(&printer, file, &lint, target) {
                Outcome::Checked(linted) => Ok(linted),
                Outcome::Shown { changes: 0 } => return ExitStatus::Success,
                Outcome::Shown { .. } => return ExitStatus::Findings,
            }
        }
    };
    finish(&printer, phase, identity, linted, is_stream)
}

/// How much is wrong in a specification without an app; for benchmarks.
#[doc(hidden)]
#[must_use]
pub fn count_findings(content: &[u8]) -> usize {
    lint(&SpecFile::of_bytes(content.to_vec()), Surroundings::default()).findings.len()
}

/// What came of it.
enum Outcome {
    /// It was checked.
    Checked(Linted),
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

fn fixed(
    printer: &Printer,
    file: SpecFile,
    lint: &dyn Fn(&SpecFile) -> Linted,
    target: Option<Target>,
) -> Outcome {
    let Some(target) = target else { return Outcome::Checked(lint(&file)) };
    let fixed = fix_file(printer, file, &|file| lint(file).findings, target);
    match target {
        Target::Nothing => return Outcome::Shown { changes: fixed.changes },
        Target::Stream => printer.data(&String::from_utf8_lossy(&bytes(&fixed.file))),
        Target::File => {}
    }
    let mut linted = lint(&fixed.file);
    linted.findings.extend(fixed.refusal);
    Outcome::Checked(linted)
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

fn linted(file: &SpecFile, app: Option<&NamedApp>, variables: &BTreeMap<String, String>) -> Linted {
    let alone = Surroundings { declared_root: declared_root(variables), ..Surroundings::default() };
    let Some(NamedApp { project, config }) = app else { return lint(file, alone) };
    let surroundings = Surroundings {
        project_path: &project_path(&project.root, project.repository_root.as_deref()),
        project: Some(project),
        on_amplify: amplify::detect(variables).is_some(),
        ..alone
    };
    let mut linted = lint(file, surroundings);
    linted.findings = accepted_out(linted.findings, config);
    linted
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

/// Tells what was found, in the format asked for.
fn finish(
    printer: &Printer,
    mut phase: PhaseReport,
    identity: Identity,
    linted: Result<Linted, Finding>,
    is_stream: bool,
) -> ExitStatus {
    let is_usage = linted.is_err();
    let linted =
        linted.unwrap_or_else(|finding| Linted { findings: vec![finding], silenced: Vec::new() });
    tell_silenced(printer, &linted.silenced);
    phase.metrics.insert("ignored".into(), linted.silenced.len() as u64);
    phase.findings = linted.findings;
    phase.finish();
    let status = if is_usage { ExitStatus::Usage } else { exit_status(&phase) };
    for finding in &phase.findings {
        printer.finding(finding);
    }
    printer.verdict(&phase);
    if is_stream {
        return status;
    }
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
