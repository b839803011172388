use std::collections::BTreeSet;

use super::{
    RuleContext,
    packages::{GlobalPackage, global_packages},
    versions::{pinned, requested},
};
use crate::{
    buildspec::shell::Invocation,
    project::Project,
    report::{Finding, FindingId},
};

const ID: FindingId = FindingId::BuildspecUnpinnedGlobal;
/// Tags that follow whatever is published.
const MOVING: &[&str] = &["latest", "next", "canary", "beta", "*", "x", "stable"];

/// A tool for the whole machine without a version: a new major version breaks the next build.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let project = context.project_of(app);
        let mut named = BTreeSet::new();
        for invocation in &commands.invocations {
            for package in global_packages(invocation) {
                if is_moving(&package)
                    && !is_pinned(project, &package)
                    && named.insert(package.name)
                {
                    findings.push(finding(context, project, invocation, &package));
                }
            }
        }
    }
    findings
}

fn is_moving(package: &GlobalPackage<'_>) -> bool {
    package.version.is_none_or(|version| MOVING.contains(&version))
}

/// pnpm 10 and later hand over to the version that `packageManager` names.
fn is_pinned(project: Option<&Project>, package: &GlobalPackage<'_>) -> bool {
    matches!(package.name, "pnpm" | "corepack") && requested(project, "pnpm").is_some()
}

fn finding(
    context: &RuleContext<'_>,
    project: Option<&Project>,
    invocation: &Invocation,
    package: &GlobalPackage<'_>,
) -> Finding {
    let name = package.name;
    let verb = if invocation.runs("corepack") { "prepares" } else { "installs" };
    let exact = match name {
        "pnpm" | "yarn" | "bun" | "npm" => pinned(project, name),
        _ => format!("{name}@<version>"),
    };
    // The command as it should be, where it stands in the file as it is run.
    let text = &context.file.text.content;
    let (command, word) = (invocation.place, package.word.place);
    let line = match (text.get(command.start..word.start), text.get(word.end..command.end)) {
        (Some(before), Some(after))
            if text.get(word.start..word.end) == Some(&package.word.raw) =>
        {
            format!("- {before}{exact}{after}")
        }
        _ => exact,
    };
    context
        .finding(
            ID,
            package.word.place,
            format!("`{}` {verb} whatever version of `{name}` is the newest", invocation.program().unwrap_or_default()),
            "a new major version breaks the next build although nothing in the repository changed; name the version that you use",
        )
        .hint(line)
}
