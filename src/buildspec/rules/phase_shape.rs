use super::{RuleContext, keys::Level};
use crate::{
    buildspec::{
        model::App,
        node::{Node, Spanned},
    },
    report::{Edit, Finding, FindingId, Fix},
};

const ID: FindingId = FindingId::BuildspecPhaseShape;

/// `phases` and every phase must be mappings, a phase one with `commands`. What Amplify does otherwise is not documented:
/// older runners stopped with a `TypeError`.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, _) in context.apps() {
        for name in ["backend", "frontend", "test"] {
            let Some((_, section)) = app.node.value.entry(name) else { continue };
            findings.extend(section_shape(context, app, name, section));
        }
    }
    findings
}

fn section_shape(
    context: &RuleContext<'_>,
    app: &App,
    name: &str,
    section: &Spanned<Node>,
) -> Vec<Finding> {
    match &section.value {
        Node::Mapping(_) => {}
        // A missing `frontend` is said by its own rule.
        Node::Null => return Vec::new(),
        other => {
            return vec![context.finding(
                ID,
                RuleContext::key_place(&app.node, name),
                format!("`{name}` is {}, not a mapping", other.kind()),
                "Amplify looks for `phases` in it; indent its keys below it",
            )];
        }
    }
    let phases = section.value.get("phases");
    let place = RuleContext::key_place(section, "phases");
    let shape = |message: String| {
        let resolution = "Amplify runs the commands of its phases; list each under `phases`, as `build: commands:`";
        context.finding(ID, place, message, resolution)
    };
    match phases.map(|phases| &phases.value) {
        None if context
            .is_meant(app, &["phases", "preBuild", "build", "postBuild", "commands"]) =>
        {
            Vec::new()
        }
        None => {
            let place = RuleContext::key_place(&app.node, name);
            vec![context.finding(
                ID,
                place,
                format!("`{name}` has no `phases`"),
                "older versions of Amplify stopped at that; where nothing is to be run, say so",
            ).hint("phases: { build: { commands: [] } }")]
        }
        Some(Node::Mapping(entries)) => {
            let level = if name == "test" { Level::TestPhases } else { Level::BuildPhases };
            entries
                .iter()
                .filter(|(key, _)| level.documented().any(|known| known == key.value))
                .filter_map(|(key, phase)| phase_shape(context, app, key, phase))
                .collect()
        }
        Some(Node::Null) => vec![shape("`phases` is empty".to_owned())],
        Some(other) => vec![shape(format!("`phases` is {}, not a mapping", other.kind()))],
    }
}

fn phase_shape(
    context: &RuleContext<'_>,
    app: &App,
    key: &Spanned<String>,
    phase: &Spanned<Node>,
) -> Option<Finding> {
    let name = &key.value;
    let finding = |message: String, resolution: &str| {
        context.finding(ID, key.place, message, resolution.to_owned())
    };
    match &phase.value {
        Node::Mapping(entries) if entries.is_empty() => {
            Some(finding(format!("phase `{name}` is empty"), "remove it, or give it `commands`"))
        }
        Node::Mapping(_) if phase.value.get("commands").is_some() => None,
        Node::Mapping(_) if context.is_meant(app, &["commands"]) => None,
        Node::Mapping(_) => Some(finding(
            format!("phase `{name}` has no `commands`"),
            "Amplify has nothing to run in it; list its commands under `commands`",
        )),
        Node::Null => Some(finding(
            format!("phase `{name}` is empty"),
            "older versions of Amplify stopped at that; remove it, or give it `commands`",
        )),
        Node::Sequence(items) => {
            let finding = finding(
                format!("phase `{name}` is a list, not a mapping with `commands`"),
                "Amplify reads the commands of a phase from its key `commands`; put the list below that key",
            );
            let is_plain = items.iter().all(|item| item.value.as_str().is_some());
            Some(match wrap(context, key, phase) {
                Some(fix) if is_plain => finding.fix(fix),
                _ => finding.hint("commands:"),
            })
        }
        other => Some(
            finding(
                format!("phase `{name}` is {}, not a mapping with `commands`", other.kind()),
                "Amplify reads the commands of a phase from its key `commands`; put them there, one to a line after `- `",
            )
            .hint("commands:"),
        ),
    }
}

/// `commands:` on a line of its own in front of the list: its items may stand in the same column.
fn wrap(context: &RuleContext<'_>, key: &Spanned<String>, list: &Spanned<Node>) -> Option<Fix> {
    let text = &context.file.text.content;
    let line_start = text.get(..list.place.start)?.rfind('\n')? + 1;
    let indentation = text.get(line_start..list.place.start)?;
    let is_block = indentation.bytes().all(|byte| byte == b' ')
        && text.get(list.place.start..)?.starts_with('-')
        && list.place.column > key.place.column;
    let at = u64::try_from(line_start).ok()?;
    is_block.then(|| Fix {
        description: format!("put the commands of `{}` under `commands`", key.value),
        edits: vec![Edit {
            path: context.file.relative_path.clone(),
            start: at,
            end: at,
            replacement: format!("{indentation}commands:{}", context.line_ending()),
        }],
    })
}
