use super::RuleContext;
use crate::{
    buildspec::{
        model::App,
        node::{Node, Spanned},
    },
    report::{Finding, FindingId},
};

const ID: FindingId = FindingId::BuildspecTestArtifacts;

/// `test` needs `artifacts` with `baseDirectory` and `configFilePath`, and something to run.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context.apps().flat_map(|(app, _)| of_app(context, app)).collect()
}

fn of_app(context: &RuleContext<'_>, app: &App) -> Vec<Finding> {
    let Some((key, test)) = app.node.value.entry("test") else { return Vec::new() };
    if !matches!(test.value, Node::Mapping(_)) {
        return Vec::new();
    }
    let mut findings: Vec<_> = artifacts(context, app, key, test).into_iter().collect();
    let phases = app.test.as_ref().map(|test| test.phases.as_slice()).unwrap_or_default();
    let runs_nothing = phases.iter().all(|phase| {
        phase.node.value.get("commands").is_some_and(
            |commands| matches!(&commands.value, Node::Sequence(items) if items.is_empty()),
        )
    });
    if let (Some(phase), true) = (phases.first(), runs_nothing) {
        findings.push(context.finding(
            ID,
            phase.key.place,
            "`test` runs no command",
            "Amplify starts the section for nothing; remove it, or list the commands of the tests",
        ));
    }
    findings
}

fn artifacts(
    context: &RuleContext<'_>,
    app: &App,
    key: &Spanned<String>,
    test: &Spanned<Node>,
) -> Option<Finding> {
    let hint = "artifacts: { baseDirectory: cypress, configFilePath: '**/mochawesome.json', files: ['**/*.png'] }";
    if context.is_meant(app, &["artifacts", "configFilePath"]) {
        return None;
    }
    let Some((artifacts_key, artifacts)) = test.value.entry("artifacts") else {
        return Some(context.finding(
            ID,
            key.place,
            "`test` has no `artifacts`",
            "Amplify looks for the results of the tests there; name their folder and their report",
        ).hint(hint));
    };
    let given = |key: &str| {
        artifacts.value.get(key).is_some_and(|value| !matches!(value.value, Node::Null))
    };
    let lacking: Vec<_> =
        ["baseDirectory", "configFilePath"].into_iter().filter(|key| !given(key)).collect();
    if lacking.is_empty() {
        return None;
    }
    let names: Vec<_> = lacking.iter().map(|name| format!("`{name}`")).collect();
    Some(context.finding(
        ID,
        artifacts_key.place,
        format!("`artifacts` of `test` has no {}", names.join(" and no ")),
        "Amplify shows the results of the tests from `configFilePath` in `baseDirectory`; name both",
    ).hint(hint))
}
