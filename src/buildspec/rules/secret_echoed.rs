use super::RuleContext;
use crate::{
    buildspec::{
        model::App,
        shell::{Commands, Expansion, Form, Grep, Invocation, Output, Word, is_env_file},
        variables::variables_set,
    },
    mask::{is_connection_name, is_secret_name},
    report::{Finding, FindingId, Severity},
};

/// Programs that print what they read, all of it or some lines.
const FILTERS: &[&str] =
    &["cat", "tee", "sort", "uniq", "head", "tail", "tr", "base64", "nl", "less", "more"];

/// Secrets that the commands print into the build log.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        for (index, invocation) in commands.invocations.iter().enumerate() {
            let Some(last) = printed_by(commands, invocation) else { continue };
            findings.extend(match invocation.program() {
                Some("echo" | "printf") => echoed(context, invocation),
                Some("printenv") if invocation.operands().next().is_some() => {
                    named(context, invocation)
                }
                Some("cat" | "head" | "tail" | "less" | "more") => files(context, app, invocation),
                Some("set") if traces(invocation) => traced(context, commands, index),
                _ if invocation.prints_environment() => dumped(context, invocation, last),
                _ => Vec::new(),
            });
        }
    }
    findings
}

/// The part of the pipeline that prints into the log what this one writes, which may be itself.
fn printed_by<'a>(commands: &'a Commands, invocation: &'a Invocation) -> Option<&'a Invocation> {
    let mut last = invocation;
    for reader in commands.readers(invocation) {
        let is_filter = reader.program().is_some_and(|program| FILTERS.contains(&program));
        let prints_lines = Grep::read(reader).is_some_and(|grep| !grep.answers);
        if !is_filter && !prints_lines {
            return None;
        }
        last = reader;
    }
    match &last.output {
        Output::Log => Some(last),
        Output::File(file) => {
            matches!(file.text.as_str(), "/dev/stdout" | "/dev/stderr" | "/dev/tty").then_some(last)
        }
        Output::Pipe(_) | Output::Captured => None,
    }
}

fn is_secret(name: &str) -> bool {
    // `for key in ...` names a key of a mapping; the environment's names are in upper case, but for Amplify's own.
    let is_variable = name
        .contains(|character: char| character.is_ascii_uppercase() || character == '_')
        || name == "secrets";
    is_variable && (is_secret_name(name) || is_connection_name(name))
}

fn exposed(word: &Word) -> impl Iterator<Item = &Expansion> {
    word.expansions
        .iter()
        .filter(|expansion| expansion.form == Form::Value && is_secret(&expansion.name))
}

/// `echo $TOKEN`
fn echoed(context: &RuleContext<'_>, invocation: &Invocation) -> Vec<Finding> {
    invocation
        .arguments()
        .iter()
        .flat_map(exposed)
        .map(|expansion| {
            let name = &expansion.name;
            context
                .finding(
                    FindingId::BuildspecSecretEchoed,
                    expansion.place,
                    format!("the value of `{name}` is printed into the build log"),
                    "everyone who can open the app in the console can read the log; print only whether it is set",
                )
                .hint(format!("echo \"{name} ${{{name}:+is set}}\""))
        })
        .collect()
}

/// `printenv TOKEN`
fn named(context: &RuleContext<'_>, invocation: &Invocation) -> Vec<Finding> {
    invocation
        .operands()
        .filter(|word| word.fixed().is_some_and(is_secret))
        .map(|word| {
            context.finding(
                FindingId::BuildspecSecretEchoed,
                word.place,
                format!("the value of `{}` is printed into the build log", word.text),
                "everyone who can open the app in the console can read the log; remove the command",
            )
        })
        .collect()
}

/// `cat .env.production`
fn files(context: &RuleContext<'_>, app: &App, invocation: &Invocation) -> Vec<Finding> {
    if invocation.piped_from.is_some() {
        return Vec::new();
    }
    let set = variables_set(app);
    let is_public = |name: &str| name.starts_with("NEXT_PUBLIC_");
    let only_public = |pattern: &String| {
        let is_letter = |character: char| character.is_ascii_alphanumeric() || character == '_';
        pattern
            .split(|character| !is_letter(character))
            .filter(|name| name.len() > 1)
            .all(is_public)
    };
    // What the commands write themselves may be meant for browsers anyway.
    let is_known = !set.opaque && (!set.written.is_empty() || !set.written_patterns.is_empty());
    let only_open = is_known
        && set.written.iter().all(|name| !is_secret(name))
        && set.written_patterns.iter().all(only_public);
    if only_open {
        return Vec::new();
    }
    invocation
        .operands()
        .filter(|word| is_env_file(&word.text) || word.is(".env*"))
        .map(|word| {
            context.finding(
                FindingId::BuildspecSecretEchoed,
                word.place,
                format!("`{}` is printed into the build log", word.text),
                "everyone who can open the app in the console can read the log, and such a file may hold secrets; print only its names",
            )
            .hint(format!("cut -d= -f1 {}", word.raw))
        })
        .collect()
}

/// `env`, with or without a filter.
fn dumped(context: &RuleContext<'_>, invocation: &Invocation, last: &Invocation) -> Vec<Finding> {
    if let Some(grep) = Grep::read(last) {
        let samples = ["A_SECRET=1", "A_TOKEN=1", "A_PASSWORD=1", "API_KEY=1", "DATABASE_URL=1"];
        let finds_secrets = samples.iter().any(|sample| grep.selects(sample) == Some(true));
        let is_named = grep.expressions.iter().flatten().any(|expression| is_secret(expression));
        if !finds_secrets && !is_named {
            return Vec::new();
        }
    }
    let command: Vec<_> = invocation.words.iter().map(|word| word.raw.as_str()).collect();
    vec![
        context
            .finding(
                FindingId::BuildspecSecretEchoed,
                invocation.place,
                format!("`{}` prints every variable into the build log, secrets included", command.join(" ")),
                "everyone who can open the app in the console can read the log; print only the names",
            )
            .hint("env | cut -d= -f1 | sort"),
    ]
}

/// `set -x`
fn traces(invocation: &Invocation) -> bool {
    option(invocation, '-')
}

fn option(invocation: &Invocation, sign: char) -> bool {
    invocation.arguments().iter().any(|word| match word.text.strip_prefix(sign) {
        Some(letters) => !letters.starts_with('-') && letters.contains('x'),
        None => word.text == "xtrace",
    })
}

/// The first secret that is expanded while the shell prints every command.
fn traced(context: &RuleContext<'_>, commands: &Commands, index: usize) -> Vec<Finding> {
    let invocation = &commands.invocations[index];
    let secret = commands.invocations[index + 1..]
        .iter()
        .take_while(|later| later.section == invocation.section)
        .take_while(|later| !(later.runs("set") && option(later, '+')))
        .flat_map(|later| {
            let words =
                later.words.iter().chain(later.assignments.iter().map(|known| &known.value));
            words.flat_map(exposed)
        })
        .next();
    let Some(expansion) = secret else { return Vec::new() };
    vec![
        context
            .finding(
                FindingId::BuildspecSecretEchoed,
                invocation.place,
                format!("`set -x` prints every command with its values, among them `{}` in line {}", expansion.name, expansion.place.line),
                "everyone who can open the app in the console can read the log; remove it, or write `set +x` before that line",
            )
            .severity(Severity::Warning),
    ]
}
