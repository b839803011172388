use std::collections::BTreeSet;

use super::{
    model::{ScriptCommand, ScriptCommands},
    words::{commands, strip},
};
use crate::project::manifest::Manifest;

/// How far a script is followed into other scripts.
const MAXIMUM_COMMANDS: usize = 200;
/// Programs that run scripts of other packages, or of this one in a way that is not followed.
const RUNNERS: &[&str] = &[
    "turbo",
    "nx",
    "lerna",
    "wireit",
    "lage",
    "rush",
    "moon",
    "make",
    "just",
    "task",
    "concurrently",
];

/// What the manager runs for a script; nothing where there is no such script.
pub(crate) fn script_commands(manifest: &Manifest, script: &str) -> Option<ScriptCommands> {
    manifest.scripts.get(script)?;
    let mut reader = Reader::new(manifest);
    reader.script(script);
    Some(reader.found)
}

/// What the words of one command run in the end, with the scripts that they call.
pub(crate) fn word_commands(manifest: &Manifest, words: &[String]) -> ScriptCommands {
    let mut reader = Reader::new(manifest);
    reader.command("", words, false);
    reader.found
}

struct Reader<'a> {
    manifest: &'a Manifest,
    found: ScriptCommands,
    /// The scripts within which the reader is.
    open: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        let found = ScriptCommands { commands: Vec::new(), complete: true };
        Self { manifest, found, open: BTreeSet::new() }
    }

    fn script(&mut self, name: &str) {
        if !self.open.insert(name.to_owned()) {
            return;
        }
        for name in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
            if let Some(line) = self.manifest.scripts.get(&name) {
                self.line(&name, line);
            }
        }
        self.open.remove(name);
    }

    fn line(&mut self, script: &str, line: &str) {
        for (words, background) in commands(line) {
            if self.found.commands.len() >= MAXIMUM_COMMANDS {
                self.found.complete = false;
                return;
            }
            self.command(script, &words, background);
        }
    }

    fn command(&mut self, script: &str, words: &[String], background: bool) {
        let words = strip(words);
        let Some(program) = words.first() else { return };
        match called_scripts(words) {
            Called::Scripts(names) => {
                for name in names {
                    if self.manifest.scripts.contains_key(&name) {
                        self.script(&name);
                    } else {
                        self.found.complete = false;
                    }
                }
                return;
            }
            Called::Elsewhere => self.found.complete = false,
            Called::Nothing => {}
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        let opaque = RUNNERS.contains(&name)
            || matches!(name, "node" | "tsx" | "ts-node" | "bash" | "sh" | "zsh" | "eval" | ".")
            || name.rsplit_once('.').is_some_and(|(_, ending)| ending == "sh")
            || program.contains(['$', '`', '(', '{'])
            || matches!(name, "if" | "for" | "while" | "case" | "[" | "[[" | "!");
        if opaque {
            self.found.complete = false;
        }
        self.found.commands.push(ScriptCommand {
            script: script.to_owned(),
            words: words.to_vec(),
            background,
        });
    }
}

enum Called {
    /// These scripts of the same manifest.
    Scripts(Vec<String>),
    /// A script of another package, or of several.
    Elsewhere,
    /// No script.
    Nothing,
}

/// The scripts that a command calls.
fn called_scripts(words: &[String]) -> Called {
    let Some((program, arguments)) = words.split_first() else { return Called::Nothing };
    let program = program.rsplit('/').next().unwrap_or(program);
    let plain =
        || arguments.iter().take_while(|word| *word != "--").filter(|word| !word.starts_with('-'));
    match program {
        "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" => {
            let names: Vec<_> = plain().cloned().collect();
            // The first one that ends stops the others.
            let races = arguments.iter().any(|word| {
                *word == "--race"
                    || (!word.starts_with("--") && word.starts_with('-') && word.contains('r'))
            });
            if races || names.iter().any(|name| name.contains('*')) {
                Called::Elsewhere
            } else {
                Called::Scripts(names)
            }
        }
        "npm" | "pnpm" | "yarn" | "bun" => manager_script(program, arguments),
        _ => Called::Nothing,
    }
}

/// The script that a package manager is told to run.
fn manager_script(program: &str, arguments: &[String]) -> Called {
    let elsewhere = |word: &String| {
        [
            "--workspace",
            "--workspaces",
            "-w",
            "-ws",
            "--prefix",
            "-C",
            "--dir",
            "--filter",
            "-F",
            "-r",
            "--recursive",
            "--cwd",
        ]
        .iter()
        .any(|flag| {
            word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='))
        })
    };
    let own: Vec<_> = arguments.iter().take_while(|word| *word != "--").collect();
    let elsewhere = own.iter().any(|word| elsewhere(word));
    let mut plain = own.iter().filter(|word| !word.starts_with('-')).map(|word| word.as_str());
    let script = match plain.next() {
        Some("run" | "run-script" | "rum" | "urn") => match plain.next() {
            Some(name) => name,
            None => return Called::Nothing,
        },
        Some("workspace" | "workspaces" | "filter") => return Called::Elsewhere,
        Some(name @ ("start" | "test")) => name,
        Some(
            "exec" | "dlx" | "x" | "install" | "i" | "add" | "ci" | "config" | "cache" | "global"
            | "set",
        )
        | None => {
            return Called::Nothing;
        }
        Some(name) if program == "pnpm" || program == "yarn" => name,
        Some(_) => return Called::Nothing,
    };
    if elsewhere { Called::Elsewhere } else { Called::Scripts(vec![script.to_owned()]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(scripts: &[(&str, &str)]) -> Manifest {
        Manifest {
            scripts: scripts
                .iter()
                .map(|(name, line)| ((*name).to_owned(), (*line).to_owned()))
                .collect(),
            ..Manifest::default()
        }
    }

    fn told(scripts: &[(&str, &str)], line: &str) -> String {
        let manifest = manifest(scripts);
        let mut reader = Reader::new(&manifest);
        reader.line("", line);
        let found = reader.found;
        let commands: Vec<_> = found
            .commands
            .iter()
            .map(|command| {
                format!("{}{}", command.words.join(" "), if command.background { " &" } else { "" })
            })
            .collect();
        format!("{}{}", commands.join("; "), if found.complete { "" } else { " ?" })
    }

    #[test]
    fn scripts_are_followed_to_what_they_run() {
        let scripts = &[
            ("build", "run-s clean compile"),
            ("prebuild", "node scripts/env.js"),
            ("postbuild", "next-sitemap"),
            ("clean", "rm -rf .next"),
            ("compile", "cross-env NODE_ENV=production next build --webpack"),
            ("loop", "npm run loop"),
            ("start", "next start -p 3000"),
            ("all", "turbo build"),
            ("web", "pnpm --filter web build"),
            ("env", "dotenv -e .env.local -- yarn next export && echo 'a && b'"),
            ("both", "tsc -w & next dev"),
        ];
        for (line, expected) in [
            (
                "npm run build",
                "node scripts/env.js; rm -rf .next; next build --webpack; next-sitemap ?",
            ),
            ("yarn compile", "next build --webpack"),
            ("pnpm run compile -- --debug", "next build --webpack"),
            ("bun run clean", "rm -rf .next"),
            ("bun compile", "bun compile"),
            ("npm run loop", ""),
            ("npm start", "next start -p 3000"),
            ("npm run all", "turbo build ?"),
            ("npm run web", "pnpm --filter web build ?"),
            ("npm run nothing", " ?"),
            ("run-p --race compile clean", "run-p --race compile clean ?"),
            ("npm run env", "next export; echo a && b"),
            ("npm run both", "tsc -w &; next dev"),
            ("npx next build", "next build"),
            ("npx --no-install next build 2>&1", "next build 2>&1"),
            ("pnpm exec next build", "next build"),
            ("NODE_OPTIONS=--max-old-space-size=4096 next build", "next build"),
            ("npm ci", "npm ci"),
            ("npm run build --workspace web", "npm run build --workspace web ?"),
        ] {
            assert_eq!(told(scripts, line), expected, "{line}");
        }
    }

    #[test]
    fn next_is_recognised_however_it_is_started() {
        for (line, expected) in [
            ("next build", true),
            ("./node_modules/.bin/next build", true),
            ("node_modules/next/dist/bin/next build --debug", true),
            ("node --max-old-space-size=4096 ./node_modules/.bin/next build", true),
            ("npx next@14 build", true),
            ("next export", false),
            ("echo next build", false),
            ("next", false),
        ] {
            let words: Vec<_> = line.split(' ').map(ToOwned::to_owned).collect();
            let found = word_commands(&Manifest::default(), &words);
            assert_eq!(found.runs_next("build"), expected, "{line}");
        }
    }
}
