//! What the commands do about packages: installs, tools for the whole machine, scripts, the build.

use crate::{
    buildspec::shell::{Invocation, Word},
    project::{Manifest, ScriptCommands, word_commands},
};

/// Options of the managers that take the next word along.
const WITH_ARGUMENT: &[&str] = &[
    "--prefix",
    "-C",
    "--dir",
    "--cwd",
    "--filter",
    "-F",
    "--workspace",
    "-w",
    "--cache",
    "--registry",
    "--loglevel",
    "--network-timeout",
    "--omit",
    "--include",
    "--store-dir",
    "--cache-folder",
    "--network-concurrency",
    "--child-concurrency",
    "--fetch-retries",
    "--fetch-timeout",
    "--mutex",
];
/// Options that choose another folder or another package.
const ELSEWHERE: &[&str] = &[
    "--prefix",
    "-C",
    "--dir",
    "--cwd",
    "--filter",
    "-F",
    "--workspace",
    "-w",
    "--workspaces",
    "-ws",
    "-r",
    "--recursive",
    "-g",
    "--global",
    "--location",
];

/// An install of everything that a manifest asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Install<'a> {
    /// `npm`, `pnpm`, `yarn` or `bun`.
    pub(super) program: &'a str,
    /// Whether it refuses to change the lockfile.
    pub(super) frozen: bool,
    /// Whether it is told to look at another folder or package than the one that it is started in.
    pub(super) elsewhere: bool,
    /// Whether it names packages to add.
    pub(super) adds: bool,
}

/// A tool that is installed for the whole machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct GlobalPackage<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Version, range or tag behind the `@`.
    pub(super) version: Option<&'a str>,
    /// The word.
    pub(super) word: &'a Word,
}

/// The program where it is a package manager.
pub(super) fn manager(invocation: &Invocation) -> Option<&'static str> {
    let program = invocation.program()?;
    ["npm", "pnpm", "yarn", "bun"].into_iter().find(|manager| *manager == program)
}

/// The operands of a manager: subcommand first, without options and their arguments.
pub(super) fn operands(invocation: &Invocation) -> Vec<&Word> {
    let mut operands = Vec::new();
    let mut words = invocation.arguments().iter();
    while let Some(word) = words.next() {
        if word.text == "--" {
            break;
        }
        if WITH_ARGUMENT.contains(&word.text.as_str()) {
            words.next();
        } else if !word.text.starts_with('-') {
            operands.push(word);
        }
    }
    operands
}

fn is_global(invocation: &Invocation) -> bool {
    ["-g", "--global", "--location=global"].into_iter().any(|flag| invocation.has(flag))
}

/// Whether a command is an install of the project's packages.
pub(super) fn install(invocation: &Invocation) -> Option<Install<'_>> {
    let program = manager(invocation)?;
    let operands = operands(invocation);
    let subcommand = operands.first().map(|word| word.fixed().unwrap_or_default());
    let rest = operands.get(1..).unwrap_or_default();
    let names: &[&str] = match program {
        "npm" => &[
            "install",
            "i",
            "in",
            "ins",
            "add",
            "ci",
            "clean-install",
            "ic",
            "install-clean",
            "install-ci-test",
            "cit",
        ],
        "yarn" => &["install", "add"],
        _ => &["install", "i", "add", "ci"],
    };
    let bare_yarn = program == "yarn"
        && subcommand.is_none()
        && !["--version", "-v", "--help", "-h"].into_iter().any(|flag| invocation.has(flag));
    if is_global(invocation) || !(bare_yarn || subcommand.is_some_and(|name| names.contains(&name)))
    {
        return None;
    }
    let subcommand = subcommand.unwrap_or("install");
    let flagged = ["--frozen-lockfile", "--immutable", "--frozen", "--pure-lockfile"];
    let elsewhere = invocation.arguments().iter().any(|word| {
        ELSEWHERE.iter().any(|flag| {
            word.is(flag) || word.text.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
        })
    });
    Some(Install {
        program,
        frozen: matches!(
            subcommand,
            "ci" | "clean-install" | "ic" | "install-clean" | "cit" | "install-ci-test"
        ) || flagged.into_iter().any(|flag| invocation.has(flag)),
        elsewhere,
        adds: !rest.is_empty(),
    })
}

/// The tools that a command installs for the whole machine.
pub(super) fn global_packages(invocation: &Invocation) -> Vec<GlobalPackage<'_>> {
    let operands = operands(invocation);
    let fixed = |index: usize| operands.get(index).and_then(|word| word.fixed());
    let first = match (invocation.program(), fixed(0), fixed(1)) {
        (Some("yarn"), Some("global"), Some("add")) => 2,
        (
            Some("npm" | "pnpm" | "bun" | "corepack"),
            Some("install" | "i" | "add" | "in" | "ins"),
            _,
        ) if is_global(invocation) => 1,
        (Some("corepack"), Some("prepare" | "use"), _) => 1,
        _ => return Vec::new(),
    };
    operands.into_iter().skip(first).filter_map(package).collect()
}

/// A package as it is named on a command line; nothing for a folder, a file or an address.
fn package(word: &Word) -> Option<GlobalPackage<'_>> {
    let text = word.fixed()?;
    let at = text.char_indices().skip(1).find(|(_, character)| *character == '@').map(|(at, _)| at);
    let (name, version) = match at {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let is_name = !name.starts_with(['.', '/', '~'])
        && !text.contains("://")
        && !text.contains(':')
        && name.matches('/').count() == usize::from(name.starts_with('@'));
    is_name.then_some(GlobalPackage { name, version, word })
}

/// What a command runs in the end, with the scripts of a manifest that it calls.
pub(super) fn followed(invocation: &Invocation, manifest: &Manifest) -> ScriptCommands {
    let words: Vec<_> = invocation.words.iter().map(|word| word.text.clone()).collect();
    let mut followed = word_commands(manifest, &words);
    followed.complete &= invocation.words.iter().all(|word| word.is_static);
    followed
}

/// Whether a command is the build of the app, as far as its words tell.
pub(super) fn builds(invocation: &Invocation) -> bool {
    let operand = |index: usize| operands(invocation).get(index).and_then(|word| word.fixed());
    let is_build = |word: Option<&str>| {
        word.is_some_and(|word| word == "build" || word.starts_with("build:") || word == "export")
    };
    match invocation.program() {
        Some("npm" | "bun") => operand(0) == Some("run") && is_build(operand(1)),
        Some("pnpm" | "yarn") => {
            is_build(operand(0))
                || (operand(0) == Some("run") && is_build(operand(1)))
                || (matches!(operand(0), Some("next" | "exec")) && invocation.has("build"))
                || (operand(0) == Some("workspace") && invocation.has("build"))
        }
        Some("npx" | "bunx" | "pnpx") => {
            matches!(operand(0), Some("next" | "turbo" | "nx" | "vite")) && invocation.has("build")
        }
        Some("next" | "turbo" | "nx") => invocation.has("build"),
        Some("deployfix") => invocation.has("build") || invocation.has("run"),
        _ => false,
    }
}

/// Whether a command is deployfix itself, however it is started.
pub(super) fn is_deployfix(invocation: &Invocation) -> bool {
    invocation.words.iter().any(|word| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        name == "deployfix" || name.starts_with("deployfix@")
    })
}

/// Whether nobody can tell what a command does: a script of the repository, a task runner, a tool of another world.
pub(super) fn is_opaque(invocation: &Invocation) -> bool {
    let Some(first) = invocation.command().first() else { return false };
    let Some(program) = first.fixed() else { return true };
    program.contains('/')
        || program.rsplit_once('.').is_some_and(|(_, ending)| ending == "sh")
        || matches!(
            invocation.program(),
            Some(
                "bash"
                    | "sh"
                    | "source"
                    | "."
                    | "eval"
                    | "make"
                    | "just"
                    | "task"
                    | "docker"
                    | "mise"
                    | "asdf"
                    | "proto"
                    | "volta"
                    | "brew"
                    | "nix"
                    | "devbox"
                    | "python"
                    | "python3"
                    | "node"
                    | "rush"
                    | "amplifyPush"
                    | "ansible"
                    | "curl"
                    | "wget"
                    | "yum"
                    | "dnf"
                    | "apt"
                    | "apt-get"
            )
        )
}
