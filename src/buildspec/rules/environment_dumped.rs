use super::RuleContext;
use crate::{
    buildspec::shell::{Commands, Grep, Invocation, Output, Word, is_env_file},
    report::{Finding, FindingId},
};

/// All variables of the build in a file that is deployed.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, commands, _) in context.commands() {
        let dumps =
            commands.invocations.iter().filter(|invocation| invocation.prints_environment());
        for invocation in dumps {
            if let Some((file, filter)) = dump(commands, invocation) {
                findings.push(finding(context, invocation, file, filter));
            }
        }
    }
    findings
}

/// The file that the environment ends in, and the filter that keeps nothing of it back.
fn dump<'a>(
    commands: &'a Commands,
    invocation: &'a Invocation,
) -> Option<(&'a Word, Option<&'a Invocation>)> {
    let mut last = invocation;
    let mut filter = None;
    let is_env = |word: &&Word| is_env_file(&word.text);
    for reader in commands.readers(invocation) {
        match (reader.program()?, Grep::read(reader)) {
            ("sort" | "cat" | "uniq", _) => {}
            ("tee", _) => {
                if let Some(file) = reader.operands().find(is_env) {
                    return Some((file, filter));
                }
            }
            ("sed", _) if !reader.has("-n") => {}
            (_, Some(grep)) if grep.selects_everything() => filter = Some(reader),
            _ => return None,
        }
        last = reader;
    }
    match &last.output {
        Output::File(file) => is_env(&file).then_some((file, filter)),
        _ => None,
    }
}

fn finding(
    context: &RuleContext<'_>,
    invocation: &Invocation,
    file: &Word,
    filter: Option<&Invocation>,
) -> Finding {
    let command: Vec<_> = invocation.words.iter().map(|word| word.raw.as_str()).collect();
    let message = match filter {
        Some(filter) => {
            let words: Vec<_> = filter.words.iter().map(|word| word.raw.as_str()).collect();
            format!(
                "`{}` lets nearly every variable of the build into `{}`",
                words.join(" "),
                file.text
            )
        }
        None => format!(
            "`{}` writes every variable of the build into `{}`",
            command.join(" "),
            file.text
        ),
    };
    context
        .finding(
            FindingId::BuildspecEnvironmentDumped,
            filter.map_or(invocation.place, |filter| filter.place),
            message,
            "the file is part of what is deployed, and the build's own credentials and paths are in it; write only the variables that the server needs",
        )
        .hint(format!("env | grep -E '^(DATABASE_URL|NEXT_PUBLIC_)' >> {}", file.raw))
}
