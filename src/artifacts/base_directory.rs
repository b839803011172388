use std::path::Path;

use super::export::missing;
use crate::{
    project::output::{BuildOutput, OutputMode, normalise},
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// The description that a framework adapter leaves; Amplify then reads nothing of Next's.
const DEPLOY_MANIFEST: &str = "deploy-manifest.json";

/// Whether the base directory holds the output of a framework adapter.
pub(super) fn is_adapter_output(app_root: &Path, base_directory: &str) -> bool {
    app_root.join(normalise(app_root, base_directory)).join(DEPLOY_MANIFEST).is_file()
}

/// Whether amplify.yml takes the folder that the build wrote.
pub(super) fn check(
    app_root: &Path,
    output: &BuildOutput,
    base_directory: &str,
) -> Option<Finding> {
    let given = normalise(app_root, base_directory);
    let right = &output.base_directory;
    if given == *right || same_folder(app_root, &given, right) {
        return None;
    }
    if !app_root.join(&given).is_dir() {
        let why = format!("amplify.yml takes `{given}`, but this build wrote `{right}`");
        return Some(mend(missing(&given, &why), right));
    }
    let below_standalone =
        Path::new(&given).components().any(|part| part.as_os_str() == "standalone");
    let (severity, why, message) = match output.mode {
        OutputMode::Export if given == output.dist_dir => (
            Severity::Warning,
            "a static export is served from the folder that it was exported to; the dist dir suits only an app that Amplify \
             runs as a server",
            None,
        ),
        OutputMode::Export => (
            Severity::Error,
            "the export lies elsewhere, so visitors would get \"Access Denied\"",
            None,
        ),
        _ if below_standalone => (
            Severity::Error,
            "Amplify bundles the server from the traces in Next's dist dir and does not use `standalone`",
            Some(format!(
                "CustomerError: Server trace files are not found in {given}, please check your build artifacts path"
            )),
        ),
        _ => (
            Severity::Error,
            "Amplify looks for Next's own files in the base directory",
            Some(
                "CustomerError: Can't find required-server-files.json in build output directory"
                    .to_owned(),
            ),
        ),
    };
    let finding = Finding::new(
        FindingId::ArtifactMissing,
        format!(
            "amplify.yml takes `{given}` as `baseDirectory`, but the deployable output is `{right}`"
        ),
        why,
    )
    .severity(severity)
    .location(Location::file(&given));
    let finding = match message {
        Some(message) => finding.evidence(Evidence::new("Amplify's message for it", message)),
        None => finding,
    };
    Some(mend(finding, right))
}

/// Says so when another build is newer than the one that gets deployed.
pub(super) fn newer_builds(output: &BuildOutput) -> Vec<Finding> {
    output
        .others
        .iter()
        .filter(|other| other.newer)
        .map(|other| {
            Finding::new(
                FindingId::ArtifactMissing,
                format!("`{}` holds a newer build than `{}`, which gets deployed", other.dist_dir, output.dist_dir),
                "when the newer one is meant, `baseDirectory` in amplify.yml must name it; else remove it, so that an old build \
                 cannot go live by mistake",
            )
            .severity(Severity::Warning)
            .location(Location::file(&other.dist_dir))
        })
        .collect()
}

fn mend(finding: Finding, right: &str) -> Finding {
    finding.hint(format!("in amplify.yml, below `frontend.artifacts`: `baseDirectory: {right}`"))
}

fn same_folder(app_root: &Path, one: &str, other: &str) -> bool {
    let real = |folder: &str| app_root.join(folder).canonicalize().ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// An export that was moved or copied to the base directory after the build is deployed from there.
pub(super) fn follow_moved_export(app_root: &Path, output: &mut BuildOutput, base_directory: &str) {
    let given = normalise(app_root, base_directory);
    let folder = app_root.join(&given);
    let has_page = ["index.html", "404.html"].iter().any(|page| folder.join(page).is_file());
    if output.mode == OutputMode::Export && has_page && folder.join("_next").is_dir() {
        output.base_directory = given;
    }
}
