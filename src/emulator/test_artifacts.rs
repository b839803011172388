use std::path::Path;

use super::patterns::Patterns;
use crate::{
    buildspec::Artifacts,
    report::{Finding, FindingId, Location, Severity},
};

/// What the test section promised to leave behind, relative to where it ran. Amplify shows it beside the build and
/// deploys without it.
pub(crate) fn check(directory: &Path, artifacts: &Artifacts) -> Option<Finding> {
    let shown = artifacts.base_directory.as_ref().map_or(".", |base| base.value.as_str());
    let base = directory.join(shown.trim_start_matches('/'));
    let warning = |message: String, resolution: &str| {
        Finding::new(FindingId::BuildspecTestArtifacts, message, resolution)
            .severity(Severity::Warning)
            .location(Location::file(shown))
    };
    if !base.is_dir() {
        return Some(warning(
            format!(
                "`{shown}`, the `baseDirectory` of the test artifacts, does not exist after the tests"
            ),
            "let the tests write their results there, or name the folder that they write",
        ));
    }
    let absent = |pattern: &str| {
        let patterns = Patterns::new(Path::new(""), [pattern]);
        patterns.list(&base, usize::MAX).is_ok_and(|listing| listing.files.is_empty())
    };
    let config = artifacts.config_file_path();
    if let Some(pattern) = config.as_deref().filter(|pattern| absent(pattern)) {
        return Some(warning(
            format!("no file of `{shown}` is the `configFilePath` `{pattern}`"),
            "Amplify reads the test results from it; let the test reporter write it there",
        ));
    }
    if !artifacts.files.is_empty() && artifacts.files.iter().all(|file| absent(&file.value)) {
        return Some(warning(
            format!("no file of `{shown}` matches the `files` of the test artifacts"),
            "the patterns are relative to `baseDirectory`",
        ));
    }
    None
}
