use super::{RuleContext, strays::Required};
use crate::report::{Finding, FindingId};

/// `frontend` needs `artifacts`; where it only stands at another level, that is said of it there.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, severity)| Some((app, app.frontend.as_ref()?, severity)))
        .filter(|(app, frontend, _)| {
            frontend.artifacts.is_none() && !context.is_stray(app, Required::Artifacts)
        })
        .map(|(app, frontend, severity)| {
            let section = &frontend.section.node;
            let place = match section.value.entry("artifacts") {
                Some((key, _)) => key.place,
                None => RuleContext::key_place(&app.node, "frontend"),
            };
            context
                .finding(
                    FindingId::BuildspecMissingArtifacts,
                    place,
                    "`frontend` has no `artifacts`",
                    "Amplify cannot tell what to deploy; add `artifacts` directly under `frontend`, beside `phases`",
                )
                .severity(severity)
                .evidence(Required::Artifacts.message())
                .hint("artifacts: { baseDirectory: .next, files: ['**/*'] }")
        })
        .collect()
}
