use super::{RuleContext, context::platform_message};
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
            applications.place,
            message,
            "Amplify finds no app in it; list each app with its `appRoot` and `frontend`",
        )];
    }
    context
        .spec
        .apps
        .iter()
        .filter(|app| app.app_root.is_none())
        .map(|app| {
            let place =
                app.node.value.get("appRoot").map_or(app.node.place, |app_root| app_root.place);
            context
                .finding(
                    FindingId::BuildspecAppRootMissing,
                    place,
                    "an entry of `applications` has no `appRoot` that is a string",
                    "Amplify stops before any command runs; name the app's folder, without `./` or a leading `/`",
                )
                .evidence(platform_message(
                    "CustomerError: : Invalid Monorepo spec provided. The \"appRoot\" key needs to be a string",
                ))
                .hint("appRoot: apps/web")
        })
        .collect()
}
