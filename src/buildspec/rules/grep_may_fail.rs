use std::{cell::LazyCell, collections::BTreeMap};

use super::{RuleContext, context::platform_message};
use crate::{
    amplify::is_set_by_platform,
    buildspec::{
        model::App,
        node::Place,
        shell::{Grep, Invocation, Output},
        variables::variables_set,
    },
    report::{Evidence, Finding, FindingId, Severity},
};

/// Variables of every Amplify build.
const PLATFORM: &[&str] =
    &["AWS_APP_ID", "AWS_BRANCH", "AWS_BRANCH_ARN", "AWS_CLONE_URL", "AWS_COMMIT_ID", "AWS_JOB_ID"];
/// Variables of every shell.
const SYSTEM: &[&str] = &["PATH", "HOME", "PWD"];

/// `env | grep X >> .env.production` stops the build where nothing matches.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let always_set = LazyCell::new(|| always_set(app));
        for invocation in &commands.invocations {
            if !invocation.fails_item || invocation.conditional {
                continue;
            }
            let Some(grep) = Grep::read(invocation).filter(|grep| !grep.answers) else { continue };
            let from_environment = invocation
                .piped_from
                .and_then(|writer| commands.invocations.get(writer))
                .is_some_and(Invocation::prints_environment);
            // A `grep` whose lines nobody keeps is there to fail.
            if !from_environment || !matches!(invocation.output, Output::File(_)) {
                continue;
            }
            // Also where it cannot be told what it looks for.
            if !always_set.iter().any(|line| grep.selects(line) != Some(false)) {
                findings.push(finding(context, invocation));
            }
        }
    }
    findings
}

/// Lines of `env` that are there in every build of an app.
fn always_set(app: &App) -> Vec<String> {
    let set = variables_set(app);
    let values: BTreeMap<_, _> =
        app.env_variables.iter().map(|(name, value)| (&name.value, value.value.as_str())).collect();
    let own = set.names.iter().map(|name| {
        let value = values.get(name).copied().unwrap_or_default();
        format!("{name}={value}")
    });
    let platform = PLATFORM.iter().filter(|name| is_set_by_platform(name));
    platform.chain(SYSTEM).map(|name| format!("{name}=1")).chain(own).collect()
}

fn finding(context: &RuleContext<'_>, invocation: &Invocation) -> Finding {
    let words: Vec<_> = invocation.words.iter().map(|word| word.raw.as_str()).collect();
    let finding = context
        .finding(
            FindingId::BuildspecGrepMayFail,
            invocation.place,
            format!("`{}` stops the build when no variable matches", words.join(" ")),
            "`grep` that finds nothing exits with 1, and the command fails with it, as on a branch where the variable is not set; append `|| true`",
        )
        .severity(Severity::Warning)
        .evidence(Evidence::new("grep", "exit status 1 when no line is selected"))
        .evidence(platform_message("!!! Error: Command failed with exit code 1"));
    // Behind `&&` it would also excuse what stands before.
    if invocation.is_chained || !invocation.is_exact {
        return finding;
    }
    let end = end_of(context, invocation.place);
    finding.fix(context.replacement(
        end,
        " || true",
        "let the command succeed when nothing matches",
    ))
}

/// The empty place after the last word.
fn end_of(context: &RuleContext<'_>, place: Place) -> Place {
    let (line, column) = crate::project::position(&context.file.text.content, place.end);
    Place { line, column, start: place.end, end: place.end }
}
