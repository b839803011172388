use super::{RuleContext, strays::Required};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId},
};

/// Every entry of `applications` needs an `appRoot`.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let Some(applications) = context.spec.root.value.get("applications") else {
        return Vec::new();
    };
    if applications.value.items().is_empty() {
        let message = match applications.value {
            Node::Sequence(_) => "`applications` is an empty list".to_owned(),
            ref other => format!("`applications` is {}, not a list", other.kind()),
        };
        return vec![context.finding(
            FindingId::BuildspecAppRootMissing,
            RuleContext::key_place(&context.spec.root, "applications"),
            message,
            "Amplify finds no app in it; list each app with its `appRoot` and `frontend`",
        )];
    }
    context
        .spec
        .apps
        .iter()
        .filter(|app| app.app_root.is_none() && !context.is_stray(app, Required::AppRoot))
        .map(|app| {
            let place =
                RuleContext::key_place(&app.node, "appRoot");
            let resolution = if app.frontend.is_none() && context.spec.apps.len() > 1 {
                "Amplify stops before any command runs; every `- ` begins an app: put `backend`, `frontend` and `appRoot` into one entry"
            } else {
                "Amplify stops before any command runs; name the app's folder, without `./` or a leading `/`"
            };
            context
                .finding(
                    FindingId::BuildspecAppRootMissing,
                    place,
                    "an entry of `applications` has no `appRoot` that is a string",
                    resolution,
                )
                .evidence(Required::AppRoot.message())
                .hint("appRoot: apps/web")
        })
        .collect()
}
