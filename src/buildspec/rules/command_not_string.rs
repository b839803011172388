use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::{
        list_item::{EmptyItem, ListItem, quoted},
        node::{Node, Place, Spanned},
    },
    report::{Finding, FindingId, Fix, Severity},
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
            let items = commands.value.items();
            // Without its last item the list would be nothing.
            let can_go = items.iter().any(|command| command.value != Node::Null);
            let malformed = items
                .iter()
                .filter(|command| command.value.as_str().is_none())
                .map(|command| (command, finding(context, command, severity)))
                .map(|(command, finding)| match fix(context, command, can_go) {
                    Some(fix) => finding.fix(fix),
                    None => finding,
                });
            findings.extend(malformed);
        }
    }
    findings
}

/// A mapping on one line was meant as the text that stands there; a list or a mapping in brackets
/// may have been meant as anything.
fn fix(context: &RuleContext<'_>, command: &Spanned<Node>, can_go: bool) -> Option<Fix> {
    let text = &context.file.text.content;
    if command.value == Node::Null {
        let item = EmptyItem::at(text, command.place.start).filter(|_| can_go)?;
        let place = Place { start: item.start, end: item.end, ..command.place };
        return Some(context.replacement(place, "", "remove the empty item"));
    }
    let item = ListItem::at(text, command.place.start)?;
    let is_bracketed = item.text.starts_with(['{', '[']);
    let is_reference = item.text.starts_with(['&', '*', '!']);
    if item.start != command.place.start || is_bracketed || is_reference {
        return None;
    }
    let place = Place { start: item.start, end: item.start + item.text.len(), ..command.place };
    Some(context.replacement(place, quoted(item.text), "put the command in quotes"))
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
