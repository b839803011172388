use std::collections::BTreeSet;

use super::{RuleContext, folders};
use crate::{
    buildspec::{
        model::App,
        shell::{Commands, Invocation, Output, SectionName, Word, is_env_file, join},
    },
    report::{Finding, FindingId, Severity},
};

/// A dotenv file that is written when, or where, the build does not read it.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let in_frontend = |invocation: &&Invocation| invocation.section == SectionName::Frontend;
        let frontend: Vec<_> = commands.invocations.iter().filter(in_frontend).collect();
        let Some(last_build) = frontend.iter().rposition(|invocation| invocation.builds()) else {
            continue;
        };
        let app_folder = app_folder(context, app, commands, frontend[last_build]);
        let mut seen = BTreeSet::new();
        for (index, invocation) in frontend.iter().enumerate() {
            for file in written(invocation) {
                // The redirection of a block belongs to every command in it.
                if !seen.insert(file.place.start) {
                    continue;
                }
                if index > last_build {
                    findings.push(late(context, frontend[last_build], file));
                } else if let Some(app_folder) = &app_folder
                    && let Some(finding) = elsewhere(context, app, invocation, file, app_folder)
                    && !is_passed_on(commands, invocation)
                {
                    findings.push(finding);
                }
            }
        }
    }
    findings
}

/// The dotenv files that a command writes.
fn written(invocation: &Invocation) -> Vec<&Word> {
    let is_env = |word: &&Word| word.is_static && is_env_file(&word.text);
    let named = match invocation.program() {
        Some("tee") => invocation.operands().filter(is_env).collect(),
        Some("cp" | "mv") => invocation.operands().last().into_iter().filter(is_env).collect(),
        _ => Vec::new(),
    };
    match &invocation.output {
        Output::File(file) => named.into_iter().chain(Some(file).filter(is_env)).collect(),
        _ => named,
    }
}

fn late(context: &RuleContext<'_>, build: &Invocation, file: &Word) -> Finding {
    context
        .finding(
            FindingId::BuildspecEnvFileLate,
            file.place,
            format!("`{}` is written after the build in line {}", file.text, build.place.line),
            "Next reads the file when it builds, and the server gets what the build took, so that the variables are missing at run time; move the command before the build",
        )
        .severity(Severity::Warning)
}

/// The folder of the app, relative to the repository, where it is certain that Next runs there.
fn app_folder(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    build: &Invocation,
) -> Option<String> {
    if context.spec.monorepo {
        return folders::known_root(context, app);
    }
    // The one `next build` tells it; a script of package.json may go elsewhere.
    let builds = commands.invocations.iter().filter(|invocation| invocation.builds()).count();
    let is_next = build.runs("next") || build.runs("npx") && build.subcommand() == Some("next");
    let here = folders::known_start(context, app).zip(build.folder.as_deref());
    (builds == 1 && is_next).then(|| here.and_then(|(start, folder)| join(&start, folder)))?
}

fn elsewhere(
    context: &RuleContext<'_>,
    app: &App,
    invocation: &Invocation,
    file: &Word,
    app_folder: &str,
) -> Option<Finding> {
    let here = join(&folders::known_start(context, app)?, invocation.folder.as_deref()?)?;
    let folder = file.text.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = join(&here, folder)?;
    // Below the app's folder rather the folder is misjudged: a `cd` that repeats it.
    if folder == app_folder
        || folder.starts_with("..")
        || folder.starts_with(&format!("{app_folder}/"))
        || app_folder.is_empty()
    {
        return None;
    }
    let shown =
        if folder.is_empty() { "the repository's root".to_owned() } else { format!("`{folder}`") };
    let name = file.text.rsplit('/').next().unwrap_or(&file.text);
    let wanted = if app_folder.is_empty() {
        "the repository's root".to_owned()
    } else {
        format!("`{app_folder}`")
    };
    Some(
        context
            .finding(
                FindingId::BuildspecEnvFileLate,
                file.place,
                format!("`{name}` is written in {shown}, but the app is in {wanted}"),
                "Next reads the files of the app's own folder, so that the variables are missing at build and at run time; write it there",
            )
            .severity(Severity::Warning),
    )
}

/// Whether another command takes such a file by name: a copy, a link, `dotenv -e`.
fn is_passed_on(commands: &Commands, writer: &Invocation) -> bool {
    commands
        .invocations
        .iter()
        .filter(|invocation| !std::ptr::eq(*invocation, writer))
        .flat_map(|invocation| &invocation.words)
        .any(|word| is_env_file(&word.text))
}
