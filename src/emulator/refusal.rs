use crate::{
    buildspec::{SpecFile, Surroundings, lint},
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

/// The findings with which Amplify would stop before the first command. What cannot be read cannot be run either.
pub(crate) fn refusals(file: &SpecFile, surroundings: Surroundings<'_>) -> Vec<Finding> {
    let unread = file.spec.is_err();
    lint(file, surroundings)
        .findings
        .into_iter()
        .filter(|finding| REFUSED_AT_ONCE.contains(&finding.id) && (unread || finding.is_error()))
        .map(|finding| if unread { finding.severity(Severity::Error) } else { finding })
        .collect()
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
