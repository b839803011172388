use std::sync::OnceLock;

use super::{
    audit::audit,
    fix_buildspec::{FixedFile, Target, fix_file},
    sections,
    session::Session,
};
use crate::{
    build::Learned,
    buildspec::{Silenced, SpecFile, lint},
    cli::ValidateOptions,
    config::{Config, Ignore},
    env::{Contract, resolved},
    preflight::{self, Context},
    process::memory_limit,
    project::Project,
    report::{
        ExitStatus, Finding, PhaseName, PhaseReport, Validation, render::Printer,
        store::read_history,
    },
};

/// Predicts what would fail, before anything is installed or built.
pub(super) async fn run(session: Session, options: &ValidateOptions) -> ExitStatus {
    if session.dry_run && options.fix {
        let project = Project::read(&session.app_root);
        let fixed = fix(&session, &project, Target::Nothing);
        let changes = fixed.is_some_and(|fixed| fixed.changes > 0);
        return if changes { ExitStatus::Findings } else { ExitStatus::Success };
    }
    if session.dry_run {
        let names: Vec<_> =
            preflight::CHECKS.iter().map(|check| format!("check {}", check.name)).collect();
        session.say_dry_run(PhaseName::Validate, &names);
        return ExitStatus::Success;
    }
    let mut phase = PhaseReport::begin(PhaseName::Validate);
    let project = Project::read(&session.app_root);
    let fixed = if options.fix { fix(&session, &project, Target::File) } else { None };
    let contract = Contract::new(&session.config, &session.app_root);
    let specification = session.specification(&project);
    let context = Context {
        project: &project,
        specification: &specification,
        variables: &session.variables,
        platform: session.platform.as_ref(),
        build_command: session.config.build.command.as_deref(),
        config: &session.config,
        contract: &contract,
        memory_limit: memory_limit().map(|limit| limit.bytes),
        needed_memory: Learned::from_history(&read_history(&session.app_root)).peak_memory,
        node: OnceLock::new(),
        silenced: OnceLock::new(),
    };
    let audited = if options.audit { audit(&session, &project).await } else { Vec::new() };
    let (accepted, findings): (Vec<_>, Vec<_>) = preflight::run(&context)
        .into_iter()
        .chain(audited)
        .partition(|finding| session.config.ignore.iter().any(|ignore| accepts(ignore, finding)));
    for finding in &accepted {
        session
            .printer
            .detail(&format!("ignored by deployfix.yml: {}: {}", finding.id, finding.message));
    }
    let silenced = context.silenced.get().map(Vec::as_slice).unwrap_or_default();
    tell_silenced(&session.printer, silenced);
    phase.metrics.insert("checks".into(), preflight::CHECKS.len() as u64);
    phase.metrics.insert("ignored".into(), (accepted.len() + silenced.len()) as u64);
    phase.findings = findings;
    if let Some(fixed) = fixed {
        phase.metrics.insert("fixed".into(), fixed.changes as u64);
        phase.findings.extend(fixed.refusal);
    }
    phase.strict = options.strict;
    let validation = Validation::of(&phase);
    let environment = sections::environment(&session, &project);
    let variables = resolved(&contract, &session.variables, &session.app_root);
    let build_config = sections::build_config(&session, &specification, context.node(), &variables);
    session.finish(phase, |run| {
        run.validation = Some(validation);
        run.environment = environment;
        run.build_config = build_config;
    })
}

/// Mends the app's amplify.yml; nothing where there is none to read.
fn fix(session: &Session, project: &Project, target: Target) -> Option<FixedFile> {
    let specification = session.specification(project);
    let file = specification.file().ok()??.clone();
    let surroundings = specification.surroundings(project, session.platform.is_some());
    let findings =
        |file: &SpecFile| accepted_out(lint(file, surroundings).findings, &session.config);
    Some(fix_file(&session.printer, file, &findings, target))
}

/// The findings without those that deployfix.yml has reviewed.
pub(super) fn accepted_out(mut findings: Vec<Finding>, config: &Config) -> Vec<Finding> {
    findings.retain(|finding| !config.ignore.iter().any(|ignore| accepts(ignore, finding)));
    findings
}

/// Names what comments of amplify.yml accept, in verbose output.
pub(super) fn tell_silenced(printer: &Printer, silenced: &[Silenced]) {
    for Silenced { finding, reason } in silenced {
        let place = finding.location.as_ref().map(ToString::to_string).unwrap_or_default();
        printer.detail(&format!(
            "ignored by a comment at {place}: {}: {} ({reason})",
            finding.id, finding.message
        ));
    }
}

/// Whether a reviewed entry of deployfix.yml is about this finding; every part given must agree.
fn accepts(ignore: &Ignore, finding: &Finding) -> bool {
    let names_package = |package: &String| {
        finding.message.contains(&format!("`{package}`"))
            || finding.message.contains(&format!("`{package}@"))
    };
    let is_path = |path: &String| {
        finding.location.as_ref().is_some_and(|location| {
            globset::Glob::new(path)
                .is_ok_and(|glob| glob.compile_matcher().is_match(&location.path))
        })
    };
    ignore.id == finding.id
        && ignore.package.as_ref().is_none_or(names_package)
        && ignore.path.as_ref().is_none_or(is_path)
}
