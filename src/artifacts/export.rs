use std::path::Path;

use super::listing::Entry;
use crate::{
    project::output::BuildOutput,
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// What a static export lacks.
pub(super) fn check(app_root: &Path, output: &BuildOutput, entries: &[Entry]) -> Vec<Finding> {
    let folder = &output.base_directory;
    if !app_root.join(folder).is_dir() {
        return vec![missing(
            folder,
            "the build recorded that it exported there: do not move or remove the folder",
        )];
    }
    if app_root.join(folder).join("index.html").is_file() {
        return Vec::new();
    }
    let has_page = entries
        .iter()
        .any(|entry| entry.absolute.extension().is_some_and(|extension| extension == "html"));
    let finding = Finding::new(
        FindingId::ArtifactIncomplete,
        if has_page {
            format!("the export `{folder}` has no `index.html`")
        } else {
            format!("the export `{folder}` has no page at all")
        },
        "Amplify answers `/` with it; without one visitors see \"Access Denied\": add a page for `/`, or a redirect to the first one",
    )
    .location(Location::file(format!("{folder}/index.html")));
    vec![if has_page { finding.severity(Severity::Warning) } else { finding }]
}

/// Amplify will not find its base directory.
pub(super) fn missing(folder: &str, why: &str) -> Finding {
    Finding::new(FindingId::ArtifactMissing, format!("`{folder}` does not exist"), why)
        .location(Location::file(folder))
        .evidence(Evidence::new(
            "Amplify's message for it",
            format!("CustomerError: Artifact directory doesn't exist: {folder}"),
        ))
}
