use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId, Severity},
};

/// The file must be a mapping; what Amplify does with an empty one is not known.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let root = &context.spec.root;
    let path = &context.file.relative_path;
    let finding = |message: String| {
        context.finding(
            FindingId::BuildspecSyntax,
            root.place,
            message,
            "Amplify looks for `frontend` or `applications` at the top of the file; write a specification, or delete the file to use the one in the console",
        )
    };
    match &root.value {
        Node::Mapping(_) => Vec::new(),
        Node::Null => vec![finding(format!("`{path}` is empty")).severity(Severity::Warning)],
        other => {
            vec![finding(format!("`{path}` is {}, not a mapping", other.kind())).evidence(
                platform_message("CustomerError: Missing frontend definition in buildspec"),
            )]
        }
    }
}
