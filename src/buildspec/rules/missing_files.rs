use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId, Severity},
};

/// `artifacts.files` must be a list with at least one pattern.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, severity)| {
            Some((app.frontend.as_ref()?.artifacts.as_ref()?, severity))
        })
        .filter(|(artifacts, _)| artifacts.files.is_empty())
        .map(|(artifacts, severity)| {
            let files = artifacts.node.value.get("files");
            // Whether one pattern without a list, or a list of other things, is let through is not known.
            let severity = match files.map(|files| &files.value) {
                Some(Node::String(_)) => Severity::Warning,
                Some(Node::Sequence(items)) if !items.is_empty() => Severity::Warning,
                _ => severity,
            };
            context
                .finding(
                    FindingId::BuildspecMissingFiles,
                    files.map_or(artifacts.node.place, |files| files.place),
                    "`artifacts.files` lists no pattern",
                    "Amplify does not know which files of `baseDirectory` to deploy; list at least one quoted pattern",
                )
                .severity(severity)
                .evidence(platform_message(
                    "CustomerError: Invalid artifact file paths provided in build spec",
                ))
                .hint("files: ['**/*']")
        })
        .collect()
}
