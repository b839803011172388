use super::{
    RuleContext, app_root_invalid::is_odd, app_root_not_found::absent, context::platform_message,
};
use crate::{
    buildspec::selection::{Selection, normal},
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecAppRootMismatch;

/// `AMPLIFY_MONOREPO_APP_ROOT`, or the folder looked at, against `applications[].appRoot`.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings: Vec<_> = mismatch(context).into_iter().collect();
    if let (true, Some(root)) = (context.declared_elsewhere(), context.declared_root)
        && context.project.is_some()
        && !is_explained(context)
    {
        findings.push(
            context
                .finding(
                    ID,
                    context.spec.root.place,
                    format!("`AMPLIFY_MONOREPO_APP_ROOT` is `{root}`, but deployfix looks at `{}`", shown(context)),
                    "what is found here may be about another app than the one that Amplify builds; run deployfix in the app's folder, or correct the variable",
                )
                .severity(Severity::Warning),
        );
    }
    findings
}

fn shown<'a>(context: &RuleContext<'a>) -> &'a str {
    if context.project_path.is_empty() { "." } else { context.project_path }
}

fn mismatch(context: &RuleContext<'_>) -> Option<Finding> {
    let place = RuleContext::key_place(&context.spec.root, "applications");
    match (context.selection(), context.declared_root) {
        (Selection::NotMonorepo(_), Some(root)) => Some(
            context
                .finding(
                    ID,
                    place,
                    format!("`AMPLIFY_MONOREPO_APP_ROOT` is `{root}`, but the build specification has no `applications`"),
                    "Amplify stops before any command runs; list the app under `applications` with that `appRoot`, or remove the variable",
                )
                .evidence(platform_message(
                    "CustomerError: Monorepo spec provided without \"applications\" key",
                )),
        ),
        (Selection::NoMatch, declared) if !context.spec.apps.is_empty() && !is_explained(context) => {
            let root = declared.unwrap_or_else(|| shown(context));
            let severity = if declared.is_some() { Severity::Error } else { Severity::Warning };
            let known: Vec<_> = context
                .spec
                .apps
                .iter()
                .filter_map(|app| Some(format!("`{}`", app.app_root.as_ref()?.value)))
                .collect();
            Some(
                context
                    .finding(
                        ID,
                        place,
                        format!("no `appRoot` of the build specification is `{root}`"),
                        format!(
                            "it lists {}; correct `AMPLIFY_MONOREPO_APP_ROOT` or the entry, so that both are the same text",
                            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                        ),
                    )
                    .severity(severity)
                    .evidence(platform_message(
                        "CustomerError: Invalid monorepo spec, no matching appRoot found in build spec",
                    )),
            )
        }
        (Selection::App(_) | Selection::Ambiguous, None)
            if context.spec.monorepo && context.on_amplify =>
        {
            Some(
                context
                    .finding(
                        ID,
                        place,
                        "the build specification lists `applications`, but `AMPLIFY_MONOREPO_APP_ROOT` is not set",
                        "without the variable Amplify does not know which app to build; set it in the console to one `appRoot`",
                    )
                    .severity(Severity::Warning)
                    .evidence(platform_message(
                        "Error: V2 amplify.yml found with multiple appRoots and no target appRoot set",
                    )),
            )
        }
        (Selection::App(app), Some(root)) => {
            let app_root = app.app_root.as_ref()?;
            let differs = app_root.value != root && normal(&app_root.value) == normal(root);
            // Where the entry is the odd one, that is said of it.
            (differs && !is_odd(context, app_root)).then(|| {
                context
                    .finding(
                        ID,
                        app_root.place,
                        format!("`appRoot` is `{}`, but `AMPLIFY_MONOREPO_APP_ROOT` is `{root}`", app_root.value),
                        "Amplify compares them as text; write both the same way, without `./` or a leading `/`",
                    )
                    .severity(Severity::Warning)
            })
        }
        _ => None,
    }
}

/// Whether the folder that does not exist is the mistake, which is said at its `appRoot`.
fn is_explained(context: &RuleContext<'_>) -> bool {
    let only = context.declared_root.is_none() || context.spec.apps.len() == 1;
    only && absent(context).next().is_some()
}
