use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId, Severity},
};

/// `commands` must be a list; the message is only known of the frontend.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, severity) in context.apps() {
        let frontend = app.frontend.as_ref().map(|frontend| &frontend.section);
        let sections = [
            (frontend, "frontend", severity),
            (app.backend.as_ref(), "backend", Severity::Warning),
            (app.test.as_ref(), "test", Severity::Warning),
        ];
        for (section, name, severity) in sections {
            for phase in section.into_iter().flat_map(|section| &section.phases) {
                let Some(commands) = phase.node.value.get("commands") else { continue };
                if matches!(commands.value, Node::Sequence(_)) {
                    continue;
                }
                findings.push(
                    context
                        .finding(
                            FindingId::BuildspecCommandsNotList,
                            commands.place,
                            format!(
                                "`commands` of `{}` in `{name}` is {}, not a list",
                                phase.key.value,
                                commands.value.kind()
                            ),
                            "Amplify stops before any command runs; put each command on its own line after `- `",
                        )
                        .severity(severity)
                        .evidence(platform_message(format!(
                            "CustomerError: Invalid build spec: Expected \"commands\" key to be an array in the {name} phase."
                        )))
                        .hint("commands: []"),
                );
            }
        }
    }
    findings
}
