use std::collections::BTreeSet;

use super::RuleContext;
use crate::{
    buildspec::shell::{Assignment, Commands, Invocation},
    report::{Finding, FindingId, Severity},
};

/// Variables that every shell and every Amplify build has exported already.
const EXPORTED: &[&str] =
    &["HOME", "LANG", "LC_ALL", "LOGNAME", "OLDPWD", "PATH", "PWD", "SHELL", "TERM", "USER"];
/// Variables that change the shell itself, for which they need no export.
const OF_THE_SHELL: &[&str] = &[
    "BASH_ENV",
    "CDPATH",
    "GLOBIGNORE",
    "HISTFILE",
    "IFS",
    "OPTARG",
    "OPTIND",
    "PIPESTATUS",
    "PS1",
    "PS4",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "TIMEFORMAT",
];

/// `NAME=value` on its own, which only the shell itself knows.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let mut exported: BTreeSet<&str> =
            app.env_variables.iter().map(|(name, _)| name.value.as_str()).collect();
        exported.extend(commands.invocations.iter().flat_map(exports));
        let mut exports_all = false;
        for (index, invocation) in commands.invocations.iter().enumerate() {
            if let Some(on) = sets_export_all(invocation) {
                exports_all = on;
            }
            if exports_all || !invocation.words.is_empty() || !invocation.changes_shell() {
                continue;
            }
            let lost: Vec<_> = invocation
                .assignments
                .iter()
                .filter(|assignment| {
                    is_for_programs(assignment)
                        && !exported.contains(assignment.name.as_str())
                        && !is_used(commands, index, &assignment.name)
                })
                .collect();
            findings.extend(
                lost.iter().map(|assignment| finding(context, invocation, assignment, lost.len())),
            );
        }
    }
    findings
}

/// The names that a command exports, whenever it runs.
fn exports(invocation: &Invocation) -> impl Iterator<Item = &str> {
    let is_export = match invocation.program() {
        Some("export") => !invocation.has("-n"),
        Some("declare" | "typeset") => {
            let mut options = invocation.arguments().iter().map(|word| word.text.as_str());
            options.any(|text| text.starts_with('-') && text.contains('x'))
        }
        _ => false,
    };
    let names = is_export.then(|| invocation.operands()).into_iter().flatten();
    names.map(|word| word.text.split(['=', '+']).next().unwrap_or_default())
}

/// `set -a` and `set +a`.
fn sets_export_all(invocation: &Invocation) -> Option<bool> {
    if !invocation.runs("set") {
        return None;
    }
    let mut words = invocation.arguments().iter().map(|word| word.text.as_str());
    words.find_map(|text| match text.split_at_checked(1)? {
        ("-", letters) if letters.contains('a') || letters == "allexport" => Some(true),
        ("+", letters) if letters.contains('a') => Some(false),
        ("a", "llexport") => Some(true),
        _ => None,
    })
}

/// Whether a name is one that programs read: upper case by custom, or npm's own.
fn is_for_programs(assignment: &Assignment) -> bool {
    let name = assignment.name.as_str();
    let upper = name.bytes().all(|byte| !byte.is_ascii_lowercase())
        && name.bytes().any(|byte| byte.is_ascii_uppercase());
    (upper || name.starts_with("npm_config_"))
        && !EXPORTED.contains(&name)
        && !OF_THE_SHELL.contains(&name)
        && !name.starts_with("BASH")
        && !name.starts_with("AWS_")
        // Arrays cannot be exported.
        && !assignment.value.raw.starts_with('(')
}

/// Whether the shell itself may use the variable in this item or a later one of the section.
fn is_used(commands: &Commands, index: usize, name: &str) -> bool {
    let invocation = &commands.invocations[index];
    let reads_scripts = commands.invocations[index..].iter().any(|later| {
        matches!(later.program(), Some("eval"))
            || matches!(later.program(), Some("source" | "."))
                && !later.arguments().iter().any(|word| {
                    ["nvm", "bashrc", "profile", "bin/activate"]
                        .iter()
                        .any(|known| word.text.contains(known))
                })
    });
    reads_scripts
        || commands.items[invocation.item..]
            .iter()
            .filter(|item| item.section == invocation.section)
            .any(|item| mentions(&item.text, name))
}

/// Whether a text expands the variable, or mentions it where the shell calculates or tests.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        let ends = !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_word = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let expands = matches!(before, Some('$' | '{' | '#' | '!'));
        // `[ -v NAME ]`, `read NAME`, `(( NAME++ ))`, `unset NAME`: anything but another assignment.
        ends && is_word && (expands || !matches!(after, Some('=' | '+')))
    })
}

fn finding(
    context: &RuleContext<'_>,
    invocation: &Invocation,
    assignment: &Assignment,
    lost: usize,
) -> Finding {
    let name = &assignment.name;
    let finding = context
        .finding(
            FindingId::BuildspecUnexportedVariable,
            assignment.place,
            format!("`{name}` is set without `export`, so that no program sees it"),
            "only the shell itself knows the variable, unless the console sets one of that name; write `export` before it",
        )
        .severity(Severity::Warning)
        .hint(format!("export {name}={}", assignment.value.raw));
    // `export A=$(command)` hides the failure of the command.
    let keeps_status = !assignment.value.raw.contains(['`', '(']);
    if !invocation.is_exact || !keeps_status || lost != 1 || invocation.assignments.len() != 1 {
        return finding;
    }
    let start = crate::buildspec::node::Place { end: assignment.place.start, ..assignment.place };
    finding.fix(context.replacement(start, "export ", format!("export `{name}`")))
}
