use super::session::Session;
use crate::{
    artifacts::{Request, check, verify},
    cli::VerifyArtifactsOptions,
    project::Project,
    report::{ExitStatus, PhaseName, PhaseReport},
};

/// Proves the output, or compares it with the manifest of an earlier proof.
pub(super) fn run(session: Session, options: &VerifyArtifactsOptions) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::VerifyArtifacts);
    let base_directory = session.specification(&Project::read(&session.app_root)).base_directory();
    if session.dry_run {
        let base = base_directory.as_deref().unwrap_or("the folder that the build wrote");
        let what = if options.check {
            "compare the output with .deployfix/manifest.json".to_owned()
        } else {
            format!("check files, traces and size of {base}, and write .deployfix/manifest.json")
        };
        session.say_dry_run(PhaseName::VerifyArtifacts, &[what]);
        return ExitStatus::Success;
    }
    if options.check {
        phase.findings = check(&session.app_root);
        return session.finish(phase, |_| {});
    }
    let verified = verify(&Request {
        app_root: &session.app_root,
        base_directory: base_directory.as_deref(),
        budget: session.config.artifacts.budget,
        deny: &session.config.artifacts.deny,
    });
    phase.findings = verified.findings;
    phase.metrics = verified.metrics;
    session.finish(phase, |run| run.artifact = verified.artifact)
}
