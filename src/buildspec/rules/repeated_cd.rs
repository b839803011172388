use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{RuleContext, folders};
use crate::{
    buildspec::{
        model::App,
        shell::{Commands, Invocation, SectionName, join},
    },
    report::{Evidence, Finding, FindingId, Severity},
};

/// Programs that make no folder, or only such as they are known for.
const HARMLESS: &[&str] = &[
    "[", "[[", "bun", "cat", "cd", "command", "corepack", "date", "df", "du", "echo", "env",
    "exit", "export", "false", "find", "free", "grep", "head", "hostname", "jq", "ls", "node",
    "npm", "nproc", "nvm", "pnpm", "printenv", "printf", "pwd", "rm", "sed", "set", "sleep",
    "sort", "source", "tail", "test", "true", "ulimit", "uname", "unset", "wc", "which", "whoami",
    "yarn", ".", ":",
];
/// Folders that an install or a build makes.
const MADE_BY_TOOLS: &[&str] = &[
    "node_modules",
    ".next",
    "out",
    "dist",
    "build",
    "public",
    "coverage",
    ".amplify-hosting",
    ".turbo",
    "storybook-static",
];

/// `cd` into a folder where the shell already is, or into one that is not there.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, severity)| first_wrong(context, app, commands, severity))
        .collect()
}

/// Only the first one of an app: what follows it runs in a folder that nobody knows.
fn first_wrong(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    severity: Severity,
) -> Option<Finding> {
    let start = folders::known_start(context, app);
    let repository = folders::repository_on_disk(context);
    let mut harmless = true;
    let mut runs_scripts = false;
    let frontend = |invocation: &&Invocation| invocation.section == SectionName::Frontend;
    for (index, invocation) in
        commands.invocations.iter().enumerate().filter(|(_, invocation)| frontend(invocation))
    {
        if let Some(way) = plain_cd(invocation) {
            let case = Case {
                context,
                invocation,
                way,
                start: start.as_deref(),
                repository: repository.as_deref(),
                certain: harmless,
                runs_scripts,
                before: &commands.invocations[..index],
                severity,
            };
            if let Some(finding) = case.judge() {
                return Some(finding);
            }
        }
        let program = invocation.program();
        harmless &= invocation.words.is_empty()
            || program.is_some_and(|program| HARMLESS.contains(&program));
        runs_scripts |=
            matches!(program, Some("npm" | "pnpm" | "yarn" | "bun" | "node" | "source" | "."));
    }
    None
}

/// Where a `cd` leads that is sure to run and whose failure stops or misleads the build.
fn plain_cd(invocation: &Invocation) -> Option<&str> {
    let asks = invocation.conditional || invocation.is_condition || invocation.in_function;
    if asks || !invocation.runs("cd") {
        return None;
    }
    let mut operands = invocation.operands();
    let way = operands.next()?.fixed()?;
    operands.next().is_none().then_some(way)
}

struct Case<'a, 'b> {
    context: &'a RuleContext<'b>,
    invocation: &'a Invocation,
    way: &'a str,
    start: Option<&'a str>,
    repository: Option<&'a Path>,
    /// Whether no command before it may have made the folder.
    certain: bool,
    /// Whether an earlier command may have run scripts of the project.
    runs_scripts: bool,
    /// The commands before it.
    before: &'a [Invocation],
    severity: Severity,
}

impl Case<'_, '_> {
    fn judge(&self) -> Option<Finding> {
        let relative = self.invocation.folder.as_deref()?;
        let here = self.start.and_then(|start| join(start, relative));
        match (self.repository, here) {
            (Some(repository), Some(here)) => self.on_disk(repository, &here),
            (_, here) => self.in_text(&here.unwrap_or_else(|| relative.to_owned())),
        }
    }

    /// Without the repository: the text says that the shell is in that folder already.
    fn in_text(&self, here: &str) -> Option<Finding> {
        let way = join("", self.way).filter(|way| !way.is_empty() && !way.starts_with(".."))?;
        is_below(here, &way).then(|| {
            self.finding(
                format!("the shell already is in `{here}` when it runs `cd {}`", self.way),
                self.already_there(),
            )
            .severity(Severity::Warning)
        })
    }

    fn on_disk(&self, repository: &Path, here: &str) -> Option<Finding> {
        let target = join(here, self.way).filter(|target| !target.starts_with(".."))?;
        let missing = match look_up(repository, &target) {
            Lookup::Exists => return None,
            Lookup::Case(_) if self.names_it() => return None,
            Lookup::Case(actual) => return Some(self.other_case(&actual)),
            Lookup::Missing(missing) => missing,
        };
        let made = MADE_BY_TOOLS.contains(&missing.as_str()) || self.names_it();
        if made || is_submodule(repository, &target) {
            return None;
        }
        let way = join("", self.way).unwrap_or_default();
        let repeated = !way.is_empty() && is_below(here, &way);
        let severity =
            if self.certain && self.invocation.fails_item && (repeated || !self.runs_scripts) {
                self.severity
            } else {
                Severity::Warning
            };
        let (message, resolution) = if repeated {
            (
                format!("`cd {}` runs in `{here}` already, where there is no `{way}`", self.way),
                self.already_there(),
            )
        } else {
            let place = if here.is_empty() {
                "the repository's root".to_owned()
            } else {
                format!("`{here}`")
            };
            (
                format!("there is no `{way}` in {place}, where `cd {}` runs", self.way),
                "the folder is not in the repository and no earlier command makes it, so that the build stops here; correct the path, or remove the command",
            )
        };
        let evidence = Evidence::new("repository", format!("no folder `{target}`"));
        Some(self.finding(message, resolution).severity(severity).evidence(evidence))
    }

    /// Whether an earlier command speaks of the folder, as `mkdir` and `git clone` do.
    fn names_it(&self) -> bool {
        let name = self.way.trim_end_matches('/').rsplit('/').next().unwrap_or(self.way);
        self.before.iter().filter(|earlier| !earlier.runs("cd")).any(|earlier| {
            earlier.words.iter().skip(1).any(|word| {
                word.text.split(['/', '=', ' ']).any(|part| part.trim_end_matches(".git") == name)
            })
        })
    }

    fn already_there(&self) -> &'static str {
        if self.invocation.folder.as_deref() == Some("") {
            "Amplify starts in the app root, unless `buildPath` says otherwise; remove the command"
        } else {
            "the folder of an earlier `cd` lasts over commands and phases; remove this one"
        }
    }

    fn other_case(&self, actual: &str) -> Finding {
        self.finding(
            format!("`cd {}` differs from the folder `{actual}` in upper and lower case", self.way),
            "Amplify builds on Linux, where these are two names, so that the build stops here; write the name as the repository has it",
        )
        .severity(if self.certain && self.invocation.fails_item {
            self.severity
        } else {
            Severity::Warning
        })
        .evidence(Evidence::new("repository", format!("the folder is `{actual}`")))
    }

    fn finding(&self, message: String, resolution: &str) -> Finding {
        let target = self.invocation.operands().next();
        let place = target.map_or(self.invocation.place, |word| word.place);
        self.context.finding(FindingId::BuildspecRepeatedCd, place, message, resolution)
    }
}

/// Whether the last folders of a path are those of a way.
fn is_below(path: &str, way: &str) -> bool {
    path == way || path.strip_suffix(way).is_some_and(|rest| rest.ends_with('/'))
}

enum Lookup {
    Exists,
    /// The same but for upper and lower case.
    Case(String),
    /// The first part that is not there.
    Missing(String),
}

/// Looks for a folder name by name, so that a file system that ignores case does not hide a difference.
fn look_up(repository: &Path, target: &str) -> Lookup {
    let mut path = PathBuf::from(repository);
    let mut actual = String::new();
    let mut differs = false;
    for part in target.split('/').filter(|part| !part.is_empty()) {
        let names: Vec<String> = fs::read_dir(&path)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        let is_folder = |name: &&String| path.join(name).is_dir();
        let exact = names.iter().find(|name| *name == part).filter(is_folder);
        let similar =
            || names.iter().find(|name| name.eq_ignore_ascii_case(part)).filter(is_folder);
        let Some(name) = exact.or_else(similar) else { return Lookup::Missing(part.to_owned()) };
        differs |= name != part;
        path.push(name);
        if !actual.is_empty() {
            actual.push('/');
        }
        actual.push_str(name);
    }
    if differs { Lookup::Case(actual) } else { Lookup::Exists }
}

fn is_submodule(repository: &Path, target: &str) -> bool {
    fs::read_to_string(repository.join(".gitmodules")).is_ok_and(|modules| {
        modules.lines().filter_map(|line| line.trim().strip_prefix("path")).any(|rest| {
            let path = rest.trim_start().trim_start_matches('=').trim();
            !path.is_empty() && (target == path || target.starts_with(&format!("{path}/")))
        })
    })
}
