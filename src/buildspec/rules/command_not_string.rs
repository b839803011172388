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
            let has_others = items.iter().any(|command| command.value != Node::Null);
            let malformed = items
                .iter()
                .filter(|command| command.value.as_str().is_none())
                .map(|command| finding(context, command, has_others, severity));
            findings.extend(malformed);
        }
    }
    findings
}

fn finding(
    context: &RuleContext<'_>,
    command: &Spanned<Node>,
    has_others: bool,
    severity: Severity,
) -> Finding {
    // A number or a boolean may still be run as the word that it looks like.
    let severity = match command.value {
        Node::Number(_) | Node::Boolean(_) => Severity::Warning,
        _ => severity,
    };
    let resolution = match command.value {
        Node::Null => {
            "Amplify stops before any command runs; delete the item together with its comment"
        }
        Node::Sequence(_) => "Amplify stops before any command runs; write it as one text",
        Node::Number(_) | Node::Boolean(_) => {
            "Amplify asks for strings, and may stop before any command runs; put the command in quotes"
        }
        _ => "Amplify stops before any command runs; put the whole command in quotes",
    };
    let finding = context
        .finding(
            FindingId::BuildspecCommandNotString,
            shown_place(context, command),
            format!("a command is {}, not a string", command.value.kind()),
            resolution,
        )
        .severity(severity)
        .evidence(platform_message(MALFORMED));
    let fix = match command.value {
        Node::Null => removal(context, command).filter(|_| has_others),
        _ => quoting(context, command),
    };
    if let Some(fix) = fix {
        return finding.fix(fix);
    }
    if let Node::Sequence(words) = &command.value {
        let words: Option<Vec<_>> = words.iter().map(|word| word.value.as_str()).collect();
        return match words {
            Some(words) => finding.hint(format!("- {}", words.join(" "))),
            None => finding,
        };
    }
    let line = context.line(command.place).trim();
    match line.strip_prefix("- ").map(str::trim) {
        Some(text) if !text.is_empty() && command.value != Node::Null => {
            finding.hint(format!("- {}", quoted(text)))
        }
        _ => finding,
    }
}

/// The item, also one with nothing in it: then its line from the dash on.
fn shown_place(context: &RuleContext<'_>, command: &Spanned<Node>) -> Place {
    let place = command.place;
    let line = context.line(place);
    let dash = line.find(|character: char| character != ' ').unwrap_or_default();
    let end = match &command.value {
        Node::Mapping(entries) => entries.last().map_or(place.end, |(_, value)| value.place.end),
        Node::Null if line[dash..].starts_with('-') => {
            let text = &context.file.text.content;
            let before = text.get(..place.start).unwrap_or_default();
            let start = before.rfind('\n').map_or(0, |newline| newline + 1);
            return Place {
                column: dash as u64 + 1,
                start: start + dash,
                end: start + line.trim_end().len(),
                ..place
            };
        }
        _ => place.end,
    };
    Place { end: end.max(place.end), ..place }
}

/// The rest of the line as one text, where the whole item is that; a list, or a mapping in brackets
/// or with quotes of its own, may have been meant as anything.
fn quoting(context: &RuleContext<'_>, command: &Spanned<Node>) -> Option<Fix> {
    let item = ListItem::at(&context.file.text.content, command.place.start)?;
    let is_text = match &command.value {
        Node::Mapping(entries) => match entries.as_slice() {
            [(_, value)] => {
                !matches!(value.value, Node::Mapping(_) | Node::Sequence(_) | Node::Null)
            }
            _ => false,
        },
        Node::Number(_) | Node::Boolean(_) => true,
        _ => false,
    };
    let is_whole = item.start == command.place.start
        && !item.text.starts_with(['{', '[', '"', '\'', '&', '*', '!']);
    let place = Place { start: item.start, end: item.start + item.text.len(), ..command.place };
    (is_text && is_whole)
        .then(|| context.replacement(place, quoted(item.text), "put the command in quotes"))
}

/// The dash taken away, so that the comment behind it stays one; without a comment the whole line.
fn removal(context: &RuleContext<'_>, command: &Spanned<Node>) -> Option<Fix> {
    let item = EmptyItem::at(&context.file.text.content, command.place.start)?;
    let place = Place { start: item.start, end: item.end, ..command.place };
    let description =
        if item.is_line { "remove the empty item" } else { "keep the comment without the dash" };
    Some(context.replacement(place, "", description))
}
