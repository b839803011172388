use super::{RuleContext, context::platform_message};
use crate::report::{Finding, FindingId};

/// Every app needs a `frontend`, even one that only deploys a backend.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter(|(app, _)| app.frontend.is_none())
        .map(|(app, severity)| {
            context
                .finding(
                    FindingId::BuildspecMissingFrontend,
                    app.node.place,
                    "the build specification has no `frontend`",
                    "Amplify stops before any command runs; add `frontend` with `phases` and `artifacts`, at the level of `version` or of `appRoot`",
                )
                .severity(severity)
                .evidence(platform_message("CustomerError: Missing frontend definition in buildspec"))
        })
        .collect()
}
