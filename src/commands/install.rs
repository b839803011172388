use std::collections::BTreeMap;

use super::{sections, session::Session};
use crate::{
    cli::InstallOptions,
    install::InstallPlan,
    preflight,
    process::CommandSpec,
    project::{Manifest, Project},
    report::{ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus},
};

/// Makes sure that what is locked is installed: verifies an earlier installation, else installs, and records what it became.
pub(super) async fn run(session: Session, _options: &InstallOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Install);
    let project = Project::read(&session.app_root);
    if let Some(finding) = obstacle(&project, &session) {
        phase.findings.push(finding);
        return session.finish(phase, |_| {});
    }
    if project.lockfile().is_none() && !has_dependencies(&project) {
        phase.status = PhaseStatus::Skipped;
        session.printer.line("package.json has no dependencies: nothing to install");
        return session.finish(phase, |_| {});
    }
    let setup = match prepare(&session, &project) {
        Ok(setup) => setup,
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    };
    if session.dry_run {
        session.say_dry_run(PhaseName::Install, &[setup.command.display()]);
        return ExitStatus::Success;
    }
    if attempts(&session, &project, &setup, &mut phase).await.is_some() {
        after(&session, &project, &setup, &mut phase).await;
    }
    let environment = sections::environment(&session, &project);
    session.finish(phase, |run| run.environment = environment)
}

/// What is settled before anything is verified or started.
struct Setup {
    /// The environment of every child: the session's, with the Node and the manager that the project asks for.
    environment: BTreeMap<String, String>,
    /// The manager's frozen command.
    command: CommandSpec,
}

/// Settles tools and command; nothing is installed yet.
fn prepare(session: &Session, project: &Project) -> Result<Setup, Box<Finding>> {
    let environment = session.variables.clone();
    let [program, arguments @ ..] = project.manager.kind.frozen_install() else {
        return Err(Box::new(Finding::new(FindingId::InternalError, "no command to install", "")));
    };
    let mut command = CommandSpec::new(*program, arguments, &session.app_root);
    command.variables = differences(&session.variables, &environment);
    Ok(Setup { environment, command })
}

/// Runs the manager until it succeeds or there is nothing left to try; the command that succeeded.
async fn attempts(
    session: &Session,
    project: &Project,
    setup: &Setup,
    phase: &mut PhaseReport,
) -> Option<CommandSpec> {
    let mut plan = InstallPlan::new(project.manager.kind, setup.command.clone());
    session
        .attempt_loop(PhaseName::Install)
        .run(&mut plan, phase, |phase| session.record(phase))
        .await?;
    Some(crate::recovery::Attemptable::command(&plan))
}

/// What belongs to the installation but is not the manager's command, before the result is recorded; whether it succeeded.
#[expect(clippy::unused_async, reason = "install scripts that were held back run here")]
async fn after(
    _session: &Session,
    _project: &Project,
    _setup: &Setup,
    _phase: &mut PhaseReport,
) -> bool {
    true
}

/// Variables of the second environment that the first has not, or has otherwise.
fn differences(
    inherited: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    wanted
        .iter()
        .filter(|(name, value)| inherited.get(*name) != Some(*value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What makes it pointless, or dishonest, to start the manager.
fn obstacle(project: &Project, session: &Session) -> Option<Finding> {
    if project.manifest.manifest.is_none() {
        return project.manifest.findings.iter().find(|finding| finding.is_error()).cloned();
    }
    let manager = project.manager.kind;
    let program = manager.program();
    if project.lockfile().is_none() && has_dependencies(project) {
        let install = format!("{program} install");
        return Some(
            Finding::new(
                FindingId::LockfileMissing,
                format!("there is no {} for {program} to install from", manager.lockfile_name()),
                "without a lockfile every build may ship other versions, so nothing was installed",
            )
            .hint(format!("run `{install}` and commit {}", manager.lockfile_name())),
        );
    }
    preflight::missing_manager(project, &session.variables)
}

fn has_dependencies(project: &Project) -> bool {
    project.manifest.manifest.as_ref().is_none_or(Manifest::has_dependencies)
}
