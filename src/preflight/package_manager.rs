use std::collections::BTreeMap;

use super::Context;
use crate::{
    project::{ManagerKind, Project},
    report::{Finding, FindingId, Severity},
};

/// Whether the manager of the project is on PATH.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(finding) = missing(context.project, context.variables) else { return Vec::new() };
    if context.platform.is_none() && linted(context) {
        return Vec::new();
    }
    // It may be fetched between this check and the install.
    let provided = context.spec_commands().is_some_and(|commands| commands.provides_manager);
    vec![if provided { finding.severity(Severity::Warning) } else { finding }]
}

/// Whether a rule over amplify.yml says it with its place: the commands use the manager, and nothing brings it.
fn linted(context: &Context<'_>) -> bool {
    let kind = context.project.manager.kind;
    let commands = context.spec_commands().unwrap_or_default();
    let is_used = context.app().is_some_and(|app| {
        app.commands()
            .any(|command| command.value.split_whitespace().any(|word| word == kind.program()))
    });
    is_used
        && !commands.provides_manager
        && !commands.runs_deployfix
        && matches!(kind, ManagerKind::Pnpm | ManagerKind::Bun | ManagerKind::YarnBerry)
}

/// That the manager of the project is not on PATH.
pub(crate) fn missing(project: &Project, variables: &BTreeMap<String, String>) -> Option<Finding> {
    let manager = &project.manager;
    let program = manager.kind.program();
    if project.manifest.manifest.is_none()
        || which::which_in(program, variables.get("PATH"), &project.root).is_ok()
    {
        return None;
    }
    let version = manager
        .requested
        .as_ref()
        .and_then(|requested| requested.version.as_ref())
        .map(|version| format!("@{version}"))
        .unwrap_or_default();
    let finding = Finding::new(
        FindingId::PackageManagerMissing,
        format!("{} installs this project, but `{program}` is not on PATH", manager.kind),
        match manager.kind {
            ManagerKind::Npm => "npm comes with Node; install Node, or put its folder on PATH",
            _ => {
                "Amplify's image brings npm and yarn 1 only; fetch the manager in `preBuild` before the install"
            }
        },
    );
    Some(match manager.kind {
        ManagerKind::Npm => finding,
        ManagerKind::Bun => finding.hint(format!("npm install -g bun{version}")),
        ManagerKind::YarnClassic => finding.hint(format!("npm install -g yarn{version}")),
        ManagerKind::YarnBerry => finding.hint("corepack enable"),
        ManagerKind::Pnpm => {
            finding.hint("corepack enable").hint(format!("npm install -g pnpm{version}"))
        }
    })
}
