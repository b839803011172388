use crate::{
    buildspec::{App, SpecFile, Surroundings, lint},
    report::{Finding, FindingId, Severity},
};

/// What Amplify looks at after the clone, before it runs anything.
const REFUSED_AT_ONCE: &[FindingId] = &[
    FindingId::BuildspecSyntax,
    FindingId::BuildspecMissingFrontend,
    FindingId::BuildspecMissingArtifacts,
    FindingId::BuildspecMissingFiles,
    FindingId::BuildspecCommandsNotList,
    FindingId::BuildspecCommandNotString,
    FindingId::BuildspecAppRootMissing,
    FindingId::BuildspecAppRootMismatch,
];

/// The findings with which Amplify would stop before the first command. What cannot be read or holds nothing cannot be
/// run either, and a command that is no text is not quietly passed over.
pub(crate) fn refusals(
    file: &SpecFile,
    app: Option<&App>,
    surroundings: Surroundings<'_>,
) -> Vec<Finding> {
    let unread = file.spec.is_err() || app.is_some_and(|app| app.frontend.is_none());
    let unrun = app.is_some_and(has_other_than_texts);
    lint(file, surroundings)
        .findings
        .into_iter()
        .filter(|finding| {
            let counts = unread || (unrun && finding.id == FindingId::BuildspecCommandNotString);
            REFUSED_AT_ONCE.contains(&finding.id) && (counts || finding.is_error())
        })
        .map(|finding| finding.severity(Severity::Error))
        .collect()
}

/// Whether a list of commands has an item that YAML reads as a number or a boolean, which no shell can be given as it
/// was written.
fn has_other_than_texts(app: &App) -> bool {
    let frontend = app.frontend.as_ref().map(|frontend| &frontend.section);
    frontend
        .into_iter()
        .chain(&app.backend)
        .chain(&app.test)
        .flat_map(|section| &section.phases)
        .filter_map(|phase| phase.node.value.get("commands"))
        .any(|commands| commands.value.items().iter().any(|item| item.value.as_str().is_none()))
}

/// Amplify's own words for a finding, where they are known.
pub(crate) fn platform_message(finding: &Finding) -> Option<&str> {
    finding
        .evidence
        .iter()
        .filter(|evidence| evidence.source.starts_with("Amplify's "))
        .map(|evidence| evidence.text.as_str())
        .next()
}
