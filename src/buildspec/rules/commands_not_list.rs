use super::{RuleContext, context::platform_message};
use crate::{
    buildspec::node::{Node, Place, Spanned},
    report::{Finding, FindingId, Fix, Severity},
};

/// Lines shown of a script that is to become a list.
const MOST_HINTS: usize = 5;

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
                let Some((key, commands)) = phase.node.value.entry("commands") else { continue };
                if matches!(commands.value, Node::Sequence(_)) {
                    continue;
                }
                let finding = context
                    .finding(
                        FindingId::BuildspecCommandsNotList,
                        key.place,
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
                    )));
                findings.push(match listed(context, key, commands) {
                    Some(fix) => finding.fix(fix),
                    None => lines(context, commands).into_iter().fold(finding, Finding::hint),
                });
            }
        }
    }
    findings
}

/// The one command as a list; only where it is plain that it is one.
fn listed(
    context: &RuleContext<'_>,
    key: &Spanned<String>,
    commands: &Spanned<Node>,
) -> Option<Fix> {
    let text = &context.file.text.content;
    let colon = key.place.end + text.get(key.place.end..)?.find(':')? + 1;
    let gap = |start, end| Place { start, end, ..key.place };
    if commands.value == Node::Null {
        let rest = text.get(colon..)?.lines().next().unwrap_or_default().trim();
        let is_bare = rest.is_empty() || rest.starts_with('#');
        return is_bare.then(|| {
            context.replacement(gap(colon, colon), " []", "say that there are no commands")
        });
    }
    commands.value.as_str()?;
    let written = text.get(commands.place.start..commands.place.end)?;
    let before = text.get(colon..commands.place.start)?;
    if !before.bytes().all(|byte| byte == b' ') || written.contains('\n') {
        return None;
    }
    let depth = usize::try_from(key.place.column.checked_sub(1)?).ok()?;
    let line_start = text.get(..key.place.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    // In a flow mapping or after `- ` a line of its own needs more than this.
    if !text.get(line_start..key.place.start)?.bytes().all(|byte| byte == b' ') {
        return None;
    }
    Some(context.replacement(
        gap(colon, commands.place.start),
        format!("{}{}- ", context.line_ending(), " ".repeat(depth + 2)),
        "make the command the one item of a list",
    ))
}

/// What was probably meant: each line a command.
fn lines(context: &RuleContext<'_>, commands: &Spanned<Node>) -> Vec<String> {
    let place = commands.place;
    let written = context.file.text.content.get(place.start..place.end).unwrap_or_default();
    let lines: Vec<_> = match &commands.value {
        Node::String(_) => written
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with(['|', '>', '#']))
            .map(|line| format!("- {line}"))
            .take(MOST_HINTS)
            .collect(),
        _ => Vec::new(),
    };
    if lines.is_empty() { vec!["commands: []".to_owned()] } else { lines }
}
