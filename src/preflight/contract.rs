use super::Context;
use crate::{
    buildspec::SetVariables,
    env::{self, CheckRequest, PRODUCTION_FILE, resolved},
    report::{Finding, FindingId, Severity},
};

/// The contract of variables.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut set = context.variables_set_by_spec();
    let not_at_runtime = not_at_runtime(context, &set);
    set.names.append(&mut set.written);
    let mut findings = env::check(&CheckRequest {
        contract: context.contract,
        process: context.variables,
        app_root: &context.project.root,
        set_by_spec: &set.names,
    });
    // A script that amplify.yml runs may set what is missing here.
    for finding in findings.iter_mut().filter(|finding| finding.id == FindingId::MissingVariable) {
        if set.opaque && finding.is_error() {
            finding.severity = Severity::Warning;
        }
    }
    findings.extend(not_at_runtime);
    findings
}

/// Runtime variables that neither a file nor a command hands on to the server.
fn not_at_runtime(context: &Context<'_>, set: &SetVariables) -> Option<Finding> {
    // `deployfix build` hands them on.
    if context.spec_commands().is_none_or(|commands| commands.runs_deployfix) {
        return None;
    }
    let names: Vec<_> = resolved(context.contract, context.variables, &context.project.root)
        .into_iter()
        .filter(|variable| variable.needs_production_file() && !set.writes(&variable.name))
        .map(|variable| format!("`{}`", variable.name))
        .collect();
    (!names.is_empty()).then(|| {
        Finding::new(
            FindingId::VariableNotAtRuntime,
            format!("nothing writes {} to `{PRODUCTION_FILE}`", names.join(", ")),
            "deployfix.yml says that server code reads them at run time, where Amplify sets no variable of the console",
        )
        .hint("call `deployfix build` in amplify.yml, which writes them")
    })
}
