//! What the commands may write besides the output of Next: folders that could be deployed.

use super::packages::{builds, followed, is_opaque};
use crate::{
    buildspec::shell::{Commands, Invocation},
    project::{Manifest, ScriptCommand, ScriptCommands},
};

/// Programs that write files where they are told to.
const WRITERS: &[&str] = &[
    "mv", "cp", "rsync", "ln", "mkdir", "tar", "unzip", "zip", "install", "tee", "find", "xargs",
    "git", "aws",
];

/// Programs that make no folder that could be deployed. What others do is not known.
const QUIET: &[&str] = &[
    "[",
    "[[",
    "ampx",
    "amplifyPush",
    "biome",
    "bun",
    "cat",
    "cd",
    "command",
    "corepack",
    "date",
    "deployfix",
    "df",
    "du",
    "echo",
    "env",
    "eslint",
    "exit",
    "export",
    "false",
    "fnm",
    "free",
    "grep",
    "head",
    "hostname",
    "jest",
    "jq",
    "ls",
    "n",
    "next",
    "next-sitemap",
    "npm",
    "nproc",
    "nvm",
    "patch-package",
    "pnpm",
    "prettier",
    "printenv",
    "printf",
    "prisma",
    "pwd",
    "rimraf",
    "rm",
    "sed",
    "set",
    "sleep",
    "sort",
    "tail",
    "test",
    "true",
    "tsc",
    "ulimit",
    "uname",
    "unset",
    "vitest",
    "wc",
    "which",
    "whoami",
    "yarn",
    ":",
];

/// Whether a command of a script is known to make no folder that could be deployed.
pub(super) fn is_quiet(command: &ScriptCommand) -> bool {
    let program = command.program();
    QUIET.contains(&program.split_once('@').map_or(program, |(name, _)| name))
}

/// The same for a command of the specification.
pub(super) fn leaves_alone(invocation: &Invocation, manifest: &Manifest) -> bool {
    let Some(program) = invocation.program() else { return invocation.words.is_empty() };
    let has_only = |words: &[&str]| {
        invocation.arguments().iter().all(|word| words.contains(&word.text.as_str()))
    };
    let loads_nvm = || invocation.words.iter().any(|word| word.text.ends_with("nvm.sh"));
    match program {
        "node" => has_only(&["-v", "--version"]),
        "source" | "." => loads_nvm(),
        // What they write is named.
        "cp" | "mv" | "mkdir" | "ln" | "rsync" | "tee" => {
            invocation.words.iter().all(|word| word.is_static)
        }
        _ if builds(invocation) => true,
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "pnpx" | "bunx" => {
            let followed = followed(invocation, manifest);
            followed.complete && followed.commands.iter().all(is_quiet)
        }
        _ => QUIET.contains(&program),
    }
}

/// Whether some command puts files there.
pub(super) fn written_by_commands(
    folder: &str,
    commands: &Commands,
    build: &ScriptCommands,
) -> bool {
    let name = folder.rsplit('/').next().unwrap_or(folder);
    let names_it = |word: &str| {
        let word = word.split_once('=').map_or(word, |(_, value)| value);
        folder == "." || word.split('/').any(|part| part == name)
    };
    let written = commands.invocations.iter().any(|invocation| {
        let targets =
            invocation.redirections.iter().map(|redirection| redirection.target.text.as_str());
        let arguments = invocation.arguments().iter().map(|word| word.text.as_str());
        let writes = invocation.program().is_none_or(|program| WRITERS.contains(&program))
            || is_opaque(invocation);
        targets.chain(arguments.filter(|_| writes)).any(names_it)
    });
    written
        || build.commands.iter().any(|command| {
            (command.next("build").is_none() || command.words.iter().any(|word| word.contains('>')))
                && command.words.iter().skip(1).any(|word| names_it(word))
        })
}
