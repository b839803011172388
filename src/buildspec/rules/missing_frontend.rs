use super::{RuleContext, strays::Required};
use crate::report::{Finding, FindingId};

/// Every app needs a `frontend`, even one that only deploys a backend.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter(|(app, _)| app.frontend.is_none() && !context.is_stray(app, Required::Frontend))
        // An entry without both is half of another one: `app_root_missing` says so.
        .filter(|(app, _)| !context.spec.monorepo || app.app_root.is_some() || context.spec.apps.len() == 1)
        .map(|(app, severity)| {
            context
                .finding(
                    FindingId::BuildspecMissingFrontend,
                    RuleContext::key_place(&app.node, "frontend"),
                    "the build specification has no `frontend`",
                    "Amplify stops before any command runs; add `frontend` with `phases` and `artifacts`, at the level of `version` or of `appRoot`",
                )
                .severity(severity)
                .evidence(Required::Frontend.message())
        })
        .collect()
}
