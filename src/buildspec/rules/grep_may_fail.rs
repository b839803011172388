use super::RuleContext;
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

use super::context::platform_message;

/// `env | grep X >> .env.production` stops the build where nothing matches.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
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
            if !always_matches(&grep, app) {
                findings.push(finding(context, invocation));
            }
        }
    }
    findings
}

/// Whether a variable that is surely set is among what it looks for.
fn always_matches(grep: &Grep, app: &App) -> bool {
    let set = variables_set(app);
    let known = ["PATH=/bin", "HOME=/root", "PWD=/"].into_iter().map(str::to_owned);
    let platform = [
        "AWS_APP_ID",
        "AWS_BRANCH",
        "AWS_BRANCH_ARN",
        "AWS_CLONE_URL",
        "AWS_COMMIT_ID",
        "AWS_JOB_ID",
    ];
    let platform =
        platform.iter().filter(|name| is_set_by_platform(name)).map(|name| format!("{name}=1"));
    let own = set.names.iter().map(|name| match value_of(app, name) {
        Some(value) => format!("{name}={value}"),
        None => format!("{name}="),
    });
    known.chain(platform).chain(own).any(|line| grep.selects(&line) != Some(false))
}

fn value_of<'a>(app: &'a App, name: &str) -> Option<&'a str> {
    let mut variables = app.env_variables.iter();
    variables.find(|(known, _)| known.value == name).map(|(_, value)| value.value.as_str())
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
