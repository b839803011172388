use std::collections::{BTreeMap, BTreeSet};

use super::RuleContext;
use crate::{
    buildspec::shell::{Assignment, Commands, Invocation, SectionName},
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
        let uses = Uses::read(commands);
        let mut exports_all = false;
        for invocation in &commands.invocations {
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
                        && !uses.are_left(invocation, &assignment.name)
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

/// What the shell itself may still use: the last list item of a section that mentions a name.
struct Uses<'a> {
    names: BTreeMap<(SectionName, &'a str), usize>,
    /// The last item that runs a script in this shell, which may use any name.
    scripts: BTreeMap<SectionName, usize>,
}

impl<'a> Uses<'a> {
    fn read(commands: &'a Commands) -> Self {
        let mut names = BTreeMap::new();
        for (index, item) in commands.items.iter().enumerate() {
            for name in mentioned(&item.text) {
                names.insert((item.section, name), index);
            }
        }
        let scripts = commands
            .invocations
            .iter()
            .filter(|invocation| runs_script(invocation))
            .map(|invocation| (invocation.section, invocation.item))
            .collect();
        Self { names, scripts }
    }

    /// Whether the name may be used in the item of the assignment or later.
    fn are_left(&self, assignment: &Invocation, name: &str) -> bool {
        let section = assignment.section;
        let last = self.names.get(&(section, name)).max(self.scripts.get(&section));
        last.is_some_and(|last| *last >= assignment.item)
    }
}

fn runs_script(invocation: &Invocation) -> bool {
    let is_tool = || {
        let known = ["nvm", "bashrc", "profile", "bin/activate"];
        let mut words = invocation.arguments().iter();
        words.any(|word| known.iter().any(|known| word.text.contains(known)))
    };
    match invocation.program() {
        Some("eval") => true,
        Some("source" | ".") => !is_tool(),
        _ => false,
    }
}

/// The names in a text that may be expanded, tested or counted there: all but those that are assigned.
fn mentioned(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + text.as_bytes()[at..].iter().position(|byte| is_part(*byte))?;
            let rest = &text.as_bytes()[start..];
            let length = rest.iter().take_while(|byte| is_part(**byte)).count();
            at = start + length;
            let before = text.as_bytes()[..start].last();
            let expands = matches!(before, Some(b'$' | b'{' | b'#' | b'!'));
            if expands || !matches!(text.as_bytes().get(at), Some(b'=' | b'+')) {
                return Some(&text[start..at]);
            }
        }
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
