use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{layout::is_deployed, listing::Entry};
use crate::{
    project::output::BuildOutput,
    report::{Evidence, Finding, FindingId, Location, render::count},
};

/// Files named as evidence; the rest is counted.
const NAMED: usize = 10;

/// Files that `artifacts.deny` of deployfix.yml forbids in the output. A pattern is matched against the path below the base
/// directory and against the path below the app root; `*` stays within a folder.
pub(super) fn check(output: &BuildOutput, entries: &[Entry], deny: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for pattern in deny {
        match compile(pattern) {
            Ok(glob) => findings.extend(matches(output, entries, pattern, &glob)),
            Err(error) => findings.push(
                Finding::new(
                    FindingId::DeployfixInvalid,
                    format!("`artifacts.deny` holds a pattern that is no glob: {}", error.kind()),
                    "nothing is checked against it; write it as `**/*.map`",
                )
                .location(Location::file("deployfix.yml"))
                .evidence(Evidence::new("artifacts.deny", pattern)),
            ),
        }
    }
    findings
}

fn compile(pattern: &str) -> Result<GlobSet, globset::Error> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build()?;
    GlobSetBuilder::new().add(glob).build()
}

fn matches(
    output: &BuildOutput,
    entries: &[Entry],
    pattern: &str,
    glob: &GlobSet,
) -> Option<Finding> {
    let denied: Vec<&Entry> = entries
        .iter()
        .filter(|entry| is_deployed(output, &entry.path))
        .filter(|entry| {
            let below = Path::new(&entry.path).strip_prefix(&output.base_directory);
            glob.is_match(&entry.path) || below.is_ok_and(|path| glob.is_match(path))
        })
        .collect();
    let first = denied.first()?;
    let finding = Finding::new(
        FindingId::ArtifactDenied,
        format!("the output holds {} that `artifacts.deny` forbids by `{pattern}`", count(denied.len(), "file")),
        "these files would be deployed: change what writes them, or remove them at the end of the build",
    )
    .location(Location::file(&first.path));
    Some(denied.iter().take(NAMED).fold(finding, |finding, entry| {
        finding.evidence(Evidence::new("artifacts.deny", &entry.path))
    }))
}
