//! What Amplify does with the output once the commands have succeeded.

use std::path::{Path, PathBuf};

use super::{Resolved, wanted_platform};
use crate::{
    cli::RunOptions,
    commands::session::Session,
    emulator::{
        AfterBuild, Collection, NodeAtEnd, Platform, after_build, check_test_artifacts, collect,
        copy, platform_message,
    },
    report::{Finding, FindingId, PhaseName, PhaseReport, render::count},
};

/// Where the script says which Node it ended with.
pub(super) struct NodeReport(Option<tempfile::NamedTempFile>);

impl NodeReport {
    pub(super) fn new() -> Self {
        Self(tempfile::NamedTempFile::new().ok())
    }

    /// The file that the script fills.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.0.as_ref().map(|file| file.path().to_path_buf())
    }

    fn node(&self, chosen: bool) -> Option<NodeAtEnd> {
        let text = std::fs::read_to_string(self.0.as_ref()?.path()).ok()?;
        let version = semver::Version::parse(text.trim().strip_prefix('v')?).ok()?;
        Some(NodeAtEnd { version, chosen })
    }
}

/// Checks, collects and copies; what is wrong becomes a finding of the phase.
pub(super) fn look(
    session: &mut Session,
    options: &RunOptions,
    resolved: &Resolved,
    node: &NodeReport,
    phase: &mut PhaseReport,
) {
    let specification = &resolved.specification;
    // Without amplify.yml the five phases have proved the output.
    let Some(app) = specification.app() else { return };
    if resolved.plan.tests
        && let Some(artifacts) = app.test_artifacts()
    {
        phase.findings.extend(check_test_artifacts(&specification.directory(), &artifacts));
    }
    let Some(artifacts) = app.frontend.as_ref().and_then(|frontend| frontend.artifacts.as_ref())
    else {
        return;
    };
    let base = specification.base_directory();
    let node = node.node(resolved.plan.script.chooses_node());
    let after =
        after_build(&resolved.project, base.as_deref(), wanted_platform(options), node.as_ref());
    session.printer.line(&format!(
        "checked as Amplify checks the platform {}: {}",
        after.platform.as_str(),
        after.reason
    ));
    let mut findings = news(session, &after);
    let shown = base.unwrap_or_else(|| ".".to_owned());
    let folder = resolved.project.root.join(&shown);
    if !findings.iter().any(Finding::is_error) {
        let taken = collect(&folder, &shown, artifacts)
            .and_then(|collection| take(session, options, &after, &folder, &collection, phase));
        findings.extend(taken.err().map(|finding| *finding));
    }
    if let Some(message) =
        findings.iter().filter(|finding| finding.is_error()).find_map(platform_message)
    {
        session.printer.important(&format!("!!! {message}"));
    }
    phase.findings.extend(findings);
    if let Some(artifact) = after.artifact {
        session.update(|run| {
            run.artifact.get_or_insert(artifact);
        });
    }
}

/// What `deployfix verify-artifacts` has not said already.
fn news(session: &mut Session, after: &AfterBuild) -> Vec<Finding> {
    let run = session.update(|_| {});
    let said = run.is_some_and(|run| run.phase(PhaseName::VerifyArtifacts).is_some());
    after.findings.iter().filter(|finding| !said || finding.is_error()).cloned().collect()
}

fn take(
    session: &Session,
    options: &RunOptions,
    after: &AfterBuild,
    folder: &Path,
    collection: &Collection,
    phase: &mut PhaseReport,
) -> Result<(), Box<Finding>> {
    // A server is bundled from its traces, whatever the patterns take.
    let bundle = after.artifact.as_ref().filter(|_| after.platform == Platform::WebCompute);
    let bytes = bundle.map_or(collection.bytes, |artifact| artifact.compute_size);
    session.printer.line(&format!("# Build artifact is: {}MB", bytes.div_ceil(1024 * 1024)));
    phase.metrics.insert("artifactFiles".into(), collection.files.len() as u64);
    phase.metrics.insert("artifactBytes".into(), bytes);
    let Some(target) = &options.artifacts else { return Ok(()) };
    copy(folder, collection, target).map_err(|error| {
        Box::new(Finding::new(
            FindingId::Usage,
            format!("the files cannot be copied into `{}`: {error}", target.display()),
            "name an empty folder that can be written",
        ))
    })?;
    session.printer.line(&format!(
        "{} copied into `{}`",
        count(collection.files.len(), "file"),
        target.display()
    ));
    Ok(())
}
