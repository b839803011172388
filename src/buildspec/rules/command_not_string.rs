use super::{RuleContext, context::platform_message, syntax::quoted};
use crate::{
    buildspec::node::{Node, Spanned},
    report::{Finding, FindingId, Severity},
};

const MALFORMED: &str = "CustomerError: The commands provided in the buildspec are malformed. Please ensure that you have properly escaped reserved YAML characters. If you have a ':' character in your command, encapsulate the command within quotes";

/// Every command must be a string: `- echo foo: bar` is a mapping to YAML.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, severity) in context.apps() {
        let sections = [
            app.frontend.as_ref().map(|frontend| &frontend.section),
            app.backend.as_ref(),
            app.test.as_ref(),
        ];
        for phase in sections.into_iter().flatten().flat_map(|section| &section.phases) {
            let Some(commands) = phase.node.value.get("commands") else { continue };
            let malformed = commands
                .value
                .items()
                .iter()
                .filter(|command| command.value.as_str().is_none())
                .map(|command| finding(context, command, severity));
            findings.extend(malformed);
        }
    }
    findings
}

fn finding(context: &RuleContext<'_>, command: &Spanned<Node>, severity: Severity) -> Finding {
    // A number or a boolean may still be run as the word that it looks like.
    let severity = match command.value {
        Node::Number(_) | Node::Boolean(_) => Severity::Warning,
        _ => severity,
    };
    let resolution = match command.value {
        Node::Null => {
            "Amplify stops before any command runs; delete the item together with its comment"
        }
        _ => "Amplify stops before any command runs; put the whole command in quotes",
    };
    let finding = context
        .finding(
            FindingId::BuildspecCommandNotString,
            command.place,
            format!("a command is {}, not a string", command.value.kind()),
            resolution,
        )
        .severity(severity)
        .evidence(platform_message(MALFORMED));
    let line = context.line(command.place).trim();
    match line.strip_prefix("- ").map(str::trim) {
        Some(text) if !text.is_empty() && command.value != Node::Null => {
            finding.hint(format!("- {}", quoted(text)))
        }
        _ => finding,
    }
}
