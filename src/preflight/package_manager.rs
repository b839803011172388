use super::Context;
use crate::{
    project::{ManagerKind, manager_missing, requested_manager},
    report::{Finding, Severity},
};

/// Whether the manager of the project is on PATH.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(finding) = manager_missing(context.project, context.variables) else {
        return Vec::new();
    };
    if context.platform.is_none() && linted(context) {
        return Vec::new();
    }
    let commands = context.spec_commands().unwrap_or_default();
    if commands.deployfix_installs && !is_used(context) && can_be_fetched(context) {
        let how = "`deployfix install` fetches it, and `deployfix build` finds it there";
        return vec![finding.severity(Severity::Warning).recovery(how)];
    }
    // It may be fetched between this check and the install.
    let provided = commands.provides_manager;
    vec![if provided { finding.severity(Severity::Warning) } else { finding }]
}

/// Whether deployfix knows what to fetch: npm comes with Node, and an address is for corepack alone.
fn can_be_fetched(context: &Context<'_>) -> bool {
    context.project.manager.kind != ManagerKind::Npm
        && requested_manager(context.project).is_none_or(|requested| requested.version.is_some())
}

/// Whether the commands of amplify.yml themselves call the manager.
fn is_used(context: &Context<'_>) -> bool {
    let program = context.project.manager.kind.program();
    context.app().is_some_and(|app| {
        app.commands().any(|command| command.value.split_whitespace().any(|word| word == program))
    })
}

/// Whether a rule over amplify.yml says it with its place: the commands use the manager, and nothing brings it.
fn linted(context: &Context<'_>) -> bool {
    let kind = context.project.manager.kind;
    let commands = context.spec_commands().unwrap_or_default();
    is_used(context)
        && !commands.provides_manager
        && !commands.runs_deployfix
        && matches!(kind, ManagerKind::Pnpm | ManagerKind::Bun | ManagerKind::YarnBerry)
}
