use super::{RuleContext, strays::Required};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId},
};

/// `artifacts` needs a `baseDirectory`; which folder Amplify takes without one is not documented.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, _)| {
            let frontend = app.frontend.as_ref()?;
            let artifacts = frontend.artifacts.as_ref()?;
            let is_mapping = matches!(artifacts.node.value, Node::Mapping(_));
            if !is_mapping || context.is_meant(app, &["baseDirectory"]) || context.is_stray(app, Required::Artifacts) {
                return None;
            }
            let entry = artifacts.node.value.entry("baseDirectory");
            let (place, message) = match entry {
                None => {
                    let place = RuleContext::key_place(&frontend.section.node, "artifacts");
                    (place, "`artifacts` has no `baseDirectory`".to_owned())
                }
                Some((_, value)) => match &value.value {
                    Node::String(text) if !text.trim().is_empty() => return None,
                    Node::Null | Node::String(_) => {
                        (RuleContext::key_place(&artifacts.node, "baseDirectory"), "`baseDirectory` is empty".to_owned())
                    }
                    other => (value.place, format!("`baseDirectory` is {}, not a string", other.kind())),
                },
            };
            Some(
                context
                    .finding(
                        FindingId::BuildspecBaseDirectoryMissing,
                        place,
                        message,
                        "Amplify deploys the files of that folder; name the one that the build writes",
                    )
                    .hint("baseDirectory: .next"),
            )
        })
        .collect()
}
