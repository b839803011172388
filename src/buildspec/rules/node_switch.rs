use crate::{
    buildspec::shell::{Commands, Invocation},
    project::{NodeRange, long_term_line},
};

/// What a version manager is told to switch to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A version, or the beginning of one.
    Version(String),
    /// A name whose meaning changes with time.
    Moving(String),
    /// The version file of the folder.
    File,
    /// It cannot be told.
    Unclear,
}

/// A command that switches Node.
pub(super) struct Switch<'a> {
    pub(super) index: usize,
    pub(super) invocation: &'a Invocation,
    pub(super) target: Target,
}

impl Switch<'_> {
    /// The major version, where a version is named.
    pub(super) fn major(&self) -> Option<u64> {
        let Target::Version(version) = &self.target else { return None };
        version.trim_start_matches('v').split('.').next()?.parse().ok()
    }
}

/// The switches among the commands, in order.
pub(super) fn switches(commands: &Commands) -> Vec<Switch<'_>> {
    let all = commands.invocations.iter().enumerate();
    all.filter_map(|(index, invocation)| {
        Some(Switch { index, invocation, target: target(invocation)? })
    })
    .collect()
}

fn target(invocation: &Invocation) -> Option<Target> {
    let mut operands = invocation.operands();
    let version = match invocation.program()? {
        "nvm" | "fnm" => {
            let subcommand = operands.next()?;
            // `fnm install` does not switch.
            let installs = invocation.runs("nvm") && !invocation.has("--no-use");
            let switches = subcommand.is("use")
                || (installs && ["install", "i"].iter().any(|name| subcommand.is(name)));
            if !switches {
                return None;
            }
            if invocation.has("--lts") {
                return Some(Target::Moving("--lts".to_owned()));
            }
            operands.next()
        }
        "n" => Some(operands.next()?),
        "volta" => {
            if !operands.next()?.is("install") {
                return None;
            }
            let package = operands.next()?.fixed()?;
            return Some(named(package.strip_prefix("node@")?));
        }
        _ => return None,
    };
    Some(match version.map(|word| word.fixed()) {
        None => Target::File,
        Some(None) => Target::Unclear,
        Some(Some(version)) => named(version),
    })
}

fn named(version: &str) -> Target {
    match version.to_ascii_lowercase().as_str() {
        "node" | "latest" | "stable" | "current" | "lts" => Target::Moving(version.to_owned()),
        "default" | "system" | "auto" => Target::Unclear,
        name if name.starts_with("lts/") => match long_term_line(name) {
            Some(major) => Target::Version(major.to_string()),
            None => Target::Moving(version.to_owned()),
        },
        _ if NodeRange::prefix(version).is_some() => Target::Version(version.to_owned()),
        _ => Target::Unclear,
    }
}

/// Whether it holds for the commands after it.
pub(super) fn lasts(invocation: &Invocation) -> bool {
    invocation.changes_shell() && !invocation.in_function
}
