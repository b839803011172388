use super::{
    RuleContext,
    packages::{followed, manager, operands},
};
use crate::{
    buildspec::shell::{Invocation, SectionName},
    project::{Manifest, ScriptCommand, word_commands},
    report::{Evidence, Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecCommandNeverEnds;
/// Programs that serve or watch until they are stopped: the first argument of which it is true, or any.
const SERVERS: &[(&str, Option<&[&str]>)] = &[
    ("next", Some(&["dev", "start"])),
    ("serve", None),
    ("http-server", None),
    ("live-server", None),
    ("nodemon", None),
    ("webpack-dev-server", None),
    ("vite", Some(&["", "dev", "serve", "preview"])),
    ("webpack", Some(&["serve"])),
    ("ng", Some(&["serve"])),
    ("astro", Some(&["dev", "preview"])),
    ("nuxt", Some(&["dev", "preview"])),
    ("nuxi", Some(&["dev", "preview"])),
    ("gatsby", Some(&["develop", "serve"])),
    ("react-scripts", Some(&["start"])),
    ("vue-cli-service", Some(&["serve"])),
];
/// Programs that stay when they are told to watch.
const WATCHERS: &[(&str, &[&str])] = &[
    ("tsc", &["--watch", "-w"]),
    ("webpack", &["--watch", "-w"]),
    ("jest", &["--watch", "--watchAll"]),
    ("vitest", &["--watch", "-w", "watch"]),
    ("rollup", &["--watch", "-w"]),
    ("tsup", &["--watch"]),
];
/// What ends such a program by itself: a bounded run, a question for help or version, `--watch false`.
const ENDS: &[&str] = &["--help", "-h", "--version", "-v", "-V", "build", "false"];
/// Scripts that by custom serve or watch.
const CUSTOM: &[&str] = &["dev", "start", "serve", "preview", "watch", "start:prod", "start:dev"];

/// A server or a watcher in the foreground: the build waits for it until Amplify gives up.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let none = Manifest::default();
    for (app, commands, severity) in context.commands() {
        let manifest = context.project_of(app).and_then(|project| {
            project.manifest.manifest.as_ref().map(|manifest| (project, manifest))
        });
        for invocation in &commands.invocations {
            if invocation.in_background
                || invocation.in_function
                || invocation.piped_from.is_some()
                || is_bounded(invocation)
                || only_asks(invocation)
                || (invocation.conditional
                    && is_switched_off(&commands.items[invocation.item].text))
            {
                continue;
            }
            let words: Vec<_> = invocation.words.iter().map(|word| word.text.clone()).collect();
            let direct = word_commands(&none, &words);
            let found = match direct.commands.iter().find(|command| stays(command)) {
                Some(command) => Some((command.words.join(" "), None, Severity::Error)),
                None => match manifest.filter(|(project, _)| {
                    let folder = context.folder_of(app, invocation);
                    folder.is_some_and(|folder| folder == project.root)
                }) {
                    Some((_, manifest)) => {
                        let script = followed(invocation, manifest);
                        script.commands.into_iter().find(stays).map(|command| {
                            (command.words.join(" "), Some(command.script), Severity::Error)
                        })
                    }
                    None => by_custom(invocation),
                },
            };
            let Some((command, script, certain)) = found else { continue };
            let certain = if invocation.conditional { Severity::Warning } else { certain };
            let finding = finding(context, invocation, &command, script.as_deref());
            findings.push(finding.severity(certain.min(severity)));
        }
    }
    findings
}

/// Whether something ends it: `timeout`, a helper that stops the server after the tests.
fn is_bounded(invocation: &Invocation) -> bool {
    invocation.words.iter().take_while(|word| !word.text.starts_with('-')).any(|word| {
        matches!(
            word.text.rsplit('/').next(),
            Some(
                "timeout"
                    | "start-server-and-test"
                    | "server-test"
                    | "concurrently"
                    | "pm2"
                    | "nohup"
                    | "echo"
                    | "printf"
            )
        )
    })
}

/// `command -v serve`
fn only_asks(invocation: &Invocation) -> bool {
    let word = |index: usize| invocation.words.get(index).map(|word| word.text.as_str());
    word(0) == Some("command") && matches!(word(1), Some("-v" | "-V"))
}

/// A branch that is never taken.
fn is_switched_off(item: &str) -> bool {
    item.contains("if false") || item.contains("false &&")
}

/// Whether a command stays until it is stopped.
fn stays(command: &ScriptCommand) -> bool {
    let program = command.program();
    let program = program.split_once('@').map_or(program, |(name, _)| name);
    let arguments = command.words.get(1..).unwrap_or_default();
    let has = |words: &[&str]| arguments.iter().any(|argument| words.contains(&argument.as_str()));
    if command.background || has(ENDS) {
        return false;
    }
    let first =
        arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let serves = SERVERS.iter().any(|(name, subcommands)| {
        *name == program && subcommands.is_none_or(|subcommands| subcommands.contains(&first))
    });
    serves || WATCHERS.iter().any(|(name, flags)| *name == program && has(flags))
}

/// Without the manifest only the name of the script tells.
fn by_custom(invocation: &Invocation) -> Option<(String, Option<String>, Severity)> {
    manager(invocation)?;
    let operands = operands(invocation);
    let words: Vec<_> = operands.iter().map(|word| word.text.as_str()).collect();
    let script = match words.as_slice() {
        ["run" | "run-script", script, ..] | [script @ ("start" | "dev"), ..] => *script,
        _ => return None,
    };
    CUSTOM.contains(&script).then(|| (String::new(), Some(script.to_owned()), Severity::Warning))
}

fn finding(
    context: &RuleContext<'_>,
    invocation: &Invocation,
    command: &str,
    script: Option<&str>,
) -> Finding {
    let message = match script {
        None => format!("`{command}` does not end by itself"),
        Some(script) if command.is_empty() => {
            format!(
                "a script named `{script}` usually serves or watches, and does not end by itself"
            )
        }
        Some(script) => {
            format!("the script `{script}` runs `{command}`, which does not end by itself")
        }
    };
    let resolution = if invocation.section == SectionName::Test {
        "the build waits for it, and stops without a word when its time is up, 30 minutes unless `_BUILD_TIMEOUT` says otherwise; run it in the background and wait for its port, or delete it"
    } else {
        "the build waits for it, and stops without a word when its time is up, 30 minutes unless `_BUILD_TIMEOUT` says otherwise; Amplify itself serves what the build leaves in `baseDirectory`, so delete it"
    };
    let finding = context.finding(ID, invocation.place, message, resolution);
    match script.filter(|_| !command.is_empty()) {
        Some(script) => {
            finding.evidence(Evidence::new("package.json", format!("\"{script}\": {command}")))
        }
        None => finding,
    }
}
