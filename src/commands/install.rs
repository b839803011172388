use super::{sections, session::Session};
use crate::{
    install::{InstallPlan, Need, Toolchain, manager_step},
    process::CommandSpec,
    project::{Manifest, Project},
    report::{ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus},
};

/// Runs the manager's frozen command, in the attempt loop.
pub(super) async fn run(session: Session) -> ExitStatus {
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
    let manager = project.manager.kind;
    let [program, arguments @ ..] = manager.frozen_install() else {
        return session.finish(phase, |_| {});
    };
    let mut command = CommandSpec::new(*program, arguments, &session.app_root);
    if session.dry_run {
        let steps: Vec<_> = manager_step(&project, &session.variables)
            .into_iter()
            .chain([command.display()])
            .collect();
        session.say_dry_run(PhaseName::Install, &steps);
        return ExitStatus::Success;
    }
    let workshop = session.workshop(&project, PhaseName::Install);
    let toolchain = match Toolchain::resolve(&workshop, Need::Manager).await {
        Ok(toolchain) => toolchain,
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    };
    toolchain.apply(&mut command);
    phase.findings.extend(toolchain.findings);
    let mut plan = InstallPlan::new(manager, command);
    session
        .attempt_loop(PhaseName::Install)
        .run(&mut plan, &mut phase, |phase| session.record(phase))
        .await;
    let environment = sections::environment(&session, &project);
    session.finish(phase, |run| run.environment = environment)
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
