use std::collections::BTreeMap;

use super::{earlier_install::Earlier, sections, session::Session};
use crate::{
    cli::{InstallOptions, VerifyOption},
    config::Verify,
    install::{
        InstallLock, InstallPlan, InstallSettings, InstallSite, Locked, Need, Place, Toolchain,
        lock, manager_step, restore_left_over,
    },
    process::CommandSpec,
    project::{Manifest, Project, relative},
    report::{ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus},
};

/// Why the next installation begins anew.
const NOT_RECORDED: &str =
    "not recorded for the next installation: it is not what the lockfile names";

/// Makes sure that what is locked is installed: verifies an earlier installation, else installs, and records what it became.
pub(super) async fn run(session: Session, options: &InstallOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Install);
    let project = Project::read(&session.app_root);
    let Some(lock) = exclusively(&session, &project, &mut phase).await else {
        return session.finish(phase, |_| {});
    };
    let project = if put_back_left_over(&session, &mut phase) {
        Project::read(&session.app_root)
    } else {
        project
    };
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
    let mut earlier = Earlier::new(&session, &project, &setup, how(options, &session));
    if session.dry_run {
        let fetched = manager_step(&project, &session.variables);
        let steps: Vec<_> = fetched.into_iter().chain(earlier.steps()).collect();
        session.say_dry_run(PhaseName::Install, &steps);
        return ExitStatus::Success;
    }
    let mut recommendations = Vec::new();
    if !earlier.spares_the_installation(&mut phase).await
        && let Some(installed) = attempts(&session, &project, &setup, options, &mut phase).await
    {
        recommendations = installed.recommendations;
        if after(&session, &project, &setup, &mut phase).await {
            if installed.as_locked {
                earlier.record(&mut phase);
            } else {
                phase.notes.push(NOT_RECORDED.into());
            }
        }
    }
    drop(lock);
    let environment = sections::environment(&session, &project);
    session.finish(phase, |run| {
        run.environment = environment;
        for text in recommendations {
            run.recommend(text);
        }
    })
}

/// An installation that was killed may have left the lockfile of a recovery in the checkout; whether anything was put back.
fn put_back_left_over(session: &Session, phase: &mut PhaseReport) -> bool {
    if session.dry_run {
        return false;
    }
    let note = match restore_left_over(&session.app_root) {
        Ok(restored) if restored.is_empty() => return false,
        Ok(restored) => {
            let names: Vec<_> = restored
                .iter()
                .map(|path| format!("`{}`", relative(&session.app_root, path)))
                .collect();
            format!(
                "put back {}, which a killed installation had left changed; what stood there is in `.deployfix/replaced`",
                names.join(", ")
            )
        }
        Err(error) => format!("cannot put back what a killed installation left changed: {error}"),
    };
    session.printer.important(&note);
    phase.notes.push(note);
    true
}

/// Waits until nobody else installs here; nothing where waiting ended without that.
async fn exclusively(
    session: &Session,
    project: &Project,
    phase: &mut PhaseReport,
) -> Option<Option<InstallLock>> {
    if session.dry_run {
        return Some(None);
    }
    let say = || {
        session.printer.important("another installation is at work here: waiting for its end");
    };
    let root = Place::of(project).root;
    match lock(&root, session.limits().deadline, &session.interrupt, say).await {
        Locked::Held(lock) => Some(lock),
        Locked::TimedOut(finding) => {
            phase.findings.push(finding);
            None
        }
        Locked::Interrupted => None,
    }
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

/// What the attempts came to.
struct Installed {
    /// Whether it is what is locked, so that it may be taken again without a word.
    as_locked: bool,
    /// What to change for good.
    recommendations: Vec<String>,
}

/// Runs the manager until it succeeds or there is nothing left to try.
async fn attempts(
    session: &Session,
    project: &Project,
    setup: &Setup,
    options: &InstallOptions,
    phase: &mut PhaseReport,
) -> Option<Installed> {
    let settings = InstallSettings {
        fallback_registry: session.config.install.fallback_registry.clone(),
        write_lockfile: options.write_lockfile,
        in_ci: session.identity.ci.is_some(),
        variables: setup.environment.clone(),
    };
    let site = InstallSite::of(project);
    let mut plan = InstallPlan::new(project.manager.kind, site, setup.command.clone(), settings);
    let ended = session
        .attempt_loop(PhaseName::Install)
        .run(&mut plan, phase, |phase| session.record(phase))
        .await;
    let as_locked = plan.is_as_locked();
    let recommendations = plan.conclude(phase, ended.is_some());
    ended.map(|_| Installed { as_locked, recommendations })
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
    None
}

fn has_dependencies(project: &Project) -> bool {
    project.manifest.manifest.as_ref().is_none_or(Manifest::has_dependencies)
}
