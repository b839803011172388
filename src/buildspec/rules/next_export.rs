use super::{RuleContext, packages::followed};
use crate::{
    buildspec::shell::{Commands, Invocation},
    project::{Manifest, Project, word_commands},
    report::{Evidence, Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecNextExport;
/// The first major version without it.
const REMOVED_IN: u64 = 14;

/// `next export`, which Next 14 and later answer with an error and exit code 1.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, severity) in context.commands() {
        let project = context.project_of(app);
        if let Some((invocation, script)) = first(commands, project)
            && let Some(finding) = finding(context, project, invocation, script.as_deref())
        {
            let certain = finding.severity.min(severity);
            findings.push(finding.severity(certain));
        }
    }
    findings
}

/// The first command that comes down to it, and the script that holds it.
fn first<'a>(
    commands: &'a Commands,
    project: Option<&Project>,
) -> Option<(&'a Invocation, Option<String>)> {
    let none = Manifest::default();
    let manifest = project.and_then(|project| project.manifest.manifest.as_ref());
    commands.invocations.iter().find_map(|invocation| {
        let words: Vec<_> = invocation.words.iter().map(|word| word.text.clone()).collect();
        if word_commands(&none, &words).runs_next("export") {
            return Some((invocation, None));
        }
        let script = followed(invocation, manifest?);
        let command = script.commands.iter().find(|command| command.next("export").is_some())?;
        Some((invocation, Some(command.script.clone())))
    })
}

fn finding(
    context: &RuleContext<'_>,
    project: Option<&Project>,
    invocation: &Invocation,
    script: Option<&str>,
) -> Option<Finding> {
    let major = project.and_then(|project| project.next.major());
    if major.is_some_and(|major| major < REMOVED_IN) {
        return None;
    }
    // Its failure may be forgiven by the script, or by one that calls it.
    let manifest = project.and_then(|project| project.manifest.manifest.as_ref());
    let forgiven = script.is_some()
        && manifest.is_some_and(|manifest| {
            manifest
                .scripts
                .values()
                .any(|line| line.contains("export") && line.contains([';', '|']))
        });
    let certain = major.is_some() && invocation.fails_item && !invocation.conditional && !forgiven;
    let message = match (script, major) {
        (None, Some(major)) => format!("`next export` does not exist in Next.js {major}"),
        (None, None) => "`next export` does not exist in Next.js 14 and later".to_owned(),
        (Some(script), major) => format!(
            "the script `{script}` runs `next export`, which does not exist in Next.js {}",
            major.map_or("14 and later".to_owned(), |major| major.to_string())
        ),
    };
    Some(
        context
        .finding(
            ID,
            invocation.place,
            message,
            "it prints an error and exits with 1, which stops the build; delete it and let `next build` write the static export to `out`",
        )
        .severity(if certain { Severity::Error } else { Severity::Warning })
        .evidence(Evidence::new(
            "next export",
            "`next export` has been removed in favor of 'output: export' in next.config.js.",
        ))
        .hint("next.config: output: \"export\""),
    )
}
