use std::collections::BTreeMap;

use super::{earlier_install::Earlier, sections, session::Session};
use crate::{
    cli::{InstallOptions, VerifyOption},
    config::Verify,
    install::{InstallPlan, Need, Toolchain, manager_step},
    process::CommandSpec,
    project::{Manifest, Project},
    recovery::Attemptable,
    report::{ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus},
};

/// Makes sure that what is locked is installed: verifies an earlier installation, else installs, and records what it became.
pub(super) async fn run(session: Session, options: &InstallOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Install);
    let project = Project::read(&session.app_root);
    if let Some(finding) = obstacle(&project) {
        phase.findings.push(finding);
        return session.finish(phase, |_| {});
    }
    if project.lockfile().is_none() && !has_dependencies(&project) {
        phase.status = PhaseStatus::Skipped;
        session.printer.line("package.json has no dependencies: nothing to install");
        return session.finish(phase, |_| {});
    }
    let setup = match prepare(&session, &project, &mut phase).await {
        Ok(setup) => setup,
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    };
    let earlier = Earlier::new(&session, &project, &setup, how(options, &session));
    if session.dry_run {
        let fetched = manager_step(&project, &session.variables);
        let steps: Vec<_> = fetched.into_iter().chain(earlier.steps()).collect();
        session.say_dry_run(PhaseName::Install, &steps);
        return ExitStatus::Success;
    }
    let Some(lock) = earlier.lock(&mut phase).await else { return session.finish(phase, |_| {}) };
    if !earlier.spares_the_installation(&mut phase).await
        && let Some(command) = attempts(&session, &project, &setup, &mut phase).await
        && after(&session, &project, &setup, &mut phase).await
    {
        earlier.record(&command, &mut phase);
    }
    drop(lock);
    let environment = sections::environment(&session, &project);
    session.finish(phase, |run| run.environment = environment)
}

fn how(options: &InstallOptions, session: &Session) -> Verify {
    match options.verify {
        None => session.config.install.verify,
        Some(VerifyOption::Full) => Verify::Full,
        Some(VerifyOption::Stat) => Verify::Stat,
        Some(VerifyOption::Off) => Verify::Off,
    }
}

/// What is settled before anything is verified or started.
pub(super) struct Setup {
    /// The environment of every child: the session's, with the Node and the manager that the project asks for.
    pub(super) environment: BTreeMap<String, String>,
    /// The manager's frozen command.
    pub(super) command: CommandSpec,
}

/// Settles tools and command, and fetches the manager where it is missing; nothing of the project is installed yet.
async fn prepare(
    session: &Session,
    project: &Project,
    phase: &mut PhaseReport,
) -> Result<Setup, Box<Finding>> {
    let environment = if session.dry_run {
        session.variables.clone()
    } else {
        let workshop = session.workshop(project, PhaseName::Install);
        let toolchain = Toolchain::resolve(&workshop, Need::Manager).await?;
        let environment = toolchain.environment(&session.variables);
        phase.findings.extend(toolchain.findings);
        environment
    };
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
    Some(plan.command())
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
fn obstacle(project: &Project) -> Option<Finding> {
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
    None
}

fn has_dependencies(project: &Project) -> bool {
    project.manifest.manifest.as_ref().is_none_or(Manifest::has_dependencies)
}
