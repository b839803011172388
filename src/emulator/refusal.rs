use crate::{
    buildspec::{RuleContext, check},
    report::{Finding, FindingId},
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

/// The findings with which Amplify would stop before the first command.
pub(crate) fn refusals(context: &RuleContext<'_>) -> Vec<Finding> {
    check(context)
        .into_iter()
        .filter(|finding| finding.is_error() && REFUSED_AT_ONCE.contains(&finding.id))
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
