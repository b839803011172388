use super::{RuleContext, context::platform_message};
use crate::report::{Finding, FindingId};

/// `frontend` needs `artifacts`, most often lost by wrong indentation.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, severity)| Some((app, app.frontend.as_ref()?, severity)))
        .filter(|(_, frontend, _)| frontend.artifacts.is_none())
        .map(|(app, frontend, severity)| {
            let misplaced = frontend
                .section
                .node
                .value
                .get("phases")
                .and_then(|phases| phases.value.get("artifacts"))
                .or_else(|| app.node.value.get("artifacts"));
            let resolution = if misplaced.is_some() {
                "it stands at another level; move `artifacts` directly under `frontend`, beside `phases`"
            } else {
                "Amplify cannot tell what to deploy; add `artifacts` directly under `frontend`"
            };
            context
                .finding(
                    FindingId::BuildspecMissingArtifacts,
                    misplaced.map_or(frontend.section.node.place, |node| node.place),
                    "`frontend` has no `artifacts`",
                    resolution,
                )
                .severity(severity)
                .evidence(platform_message(
                    "CustomerError: The `artifacts` key was not provided in the build spec",
                ))
                .hint("artifacts: { baseDirectory: .next, files: ['**/*'] }")
        })
        .collect()
}
