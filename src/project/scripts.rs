//! What the scripts of package.json come down to, read without running them.

use std::collections::BTreeSet;

use super::manifest::Manifest;

/// How far a script is followed into other scripts.
const MAXIMUM_COMMANDS: usize = 200;
/// Programs that start what stands behind them.
const PREFIXES: &[&str] = &["npx", "bunx", "pnpx", "exec", "command", "time", "nice", "sudo"];
/// Programs that set variables and then start what stands behind them.
const ENVIRONMENT_PREFIXES: &[&str] = &[
    "env",
    "cross-env",
    "cross-env-shell",
    "dotenv",
    "env-cmd",
    "dotenvx",
    "infisical",
    "doppler",
];
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

/// One command that a script runs in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScriptCommand {
    /// The script that holds it.
    pub(crate) script: String,
    /// Program and arguments, without what stands before the program (`npx`, `cross-env A=b`).
    pub(crate) words: Vec<String>,
    /// Whether the shell goes on without waiting for it (`&`).
    pub(crate) background: bool,
}

impl ScriptCommand {
    /// The arguments where the program is `next` and its subcommand is this one.
    pub(crate) fn next(&self, subcommand: &str) -> Option<&[String]> {
        let arguments = after_program(&self.words, "next")?;
        let (first, rest) = arguments.split_first()?;
        (first == subcommand).then_some(rest)
    }

    /// The program, without its folder.
    pub(crate) fn program(&self) -> &str {
        self.words.first().map_or("", |program| program.rsplit('/').next().unwrap_or(program))
    }
}

/// Everything that a script runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ScriptCommands {
    /// The commands, in order; those of `pre` and `post` scripts among them.
    pub(crate) commands: Vec<ScriptCommand>,
    /// Whether everything could be followed: no task runner, no other package, no shell construct.
    pub(crate) complete: bool,
}

impl ScriptCommands {
    /// Whether some command is `next` with this subcommand.
    pub(crate) fn runs_next(&self, subcommand: &str) -> bool {
        self.commands.iter().any(|command| command.next(subcommand).is_some())
    }
}

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
            if names.iter().any(|name| name.contains('*')) {
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

/// A command without assignments and without the programs that only start another.
fn strip(words: &[String]) -> &[String] {
    let mut words = words;
    loop {
        let Some((first, rest)) = words.split_first() else { return words };
        let name = first.rsplit('/').next().unwrap_or(first);
        let is_prefix = PREFIXES.contains(&name) || ENVIRONMENT_PREFIXES.contains(&name);
        let runs = |words: &[String]| {
            matches!(words.first().map(String::as_str), Some("exec" | "dlx" | "x" | "run"))
        };
        if is_assignment(first) {
            words = rest;
        } else if matches!(name, "npm" | "pnpm" | "yarn" | "bun") && runs(rest) && rest[0] != "run"
        {
            words = skip_flags(&rest[1..]);
        } else if matches!(name, "yarn" | "pnpm" | "bun")
            && rest.first().is_some_and(|word| word == "next")
        {
            words = rest;
        } else if is_prefix {
            let rest = match rest.iter().position(|word| word == "--") {
                Some(end) => &rest[end + 1..],
                None => skip_flags(rest),
            };
            let rest = if runs(rest) { &rest[1..] } else { rest };
            words = skip_flags(rest);
        } else {
            return words;
        }
    }
}

/// The words from the first on that is no flag; `-f file` and `-e file` take their file along.
fn skip_flags(words: &[String]) -> &[String] {
    let mut words = words;
    while let Some(first) = words.first().filter(|word| word.starts_with('-')) {
        let takes_value = matches!(
            first.as_str(),
            "-f" | "-e" | "--env-file" | "--environments" | "-p" | "--package"
        );
        words = words.get(if takes_value { 2 } else { 1 }..).unwrap_or_default();
    }
    words
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name.chars().all(|character| character == '_' || character.is_ascii_alphanumeric())
    })
}

/// The arguments of a program, whether it is called by name, by path or through `npx`.
fn after_program<'a>(words: &'a [String], program: &str) -> Option<&'a [String]> {
    let (first, rest) = strip(words).split_first()?;
    let name = first.rsplit('/').next().unwrap_or(first);
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let is_node = name == "node";
    if name == program {
        return Some(rest);
    }
    // `node --inspect node_modules/.bin/next build`
    let rest = skip_flags(rest);
    let (first, rest) = rest.split_first().filter(|_| is_node)?;
    first.ends_with(&format!("/{program}")).then_some(rest)
}

/// The simple commands of a line of `sh`, and whether each runs in the background.
fn commands(line: &str) -> Vec<(Vec<String>, bool)> {
    let mut found = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(characters.by_ref().take_while(|next| *next != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(next) = characters.next().filter(|next| *next != '"') {
                    word.push(if next == '\\' { characters.next().unwrap_or('\\') } else { next });
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            ' ' | '\t' => words.extend(word.take()),
            // A redirection such as `2>&1` or `&>` ends no command.
            '&' if word.as_ref().is_some_and(|word| word.ends_with('>'))
                || characters.peek() == Some(&'>') =>
            {
                word.get_or_insert_default().push('&');
            }
            '&' | ';' | '|' | '\n' | '(' | ')' => {
                words.extend(word.take());
                let doubled = characters.next_if_eq(&character).is_some();
                if !words.is_empty() {
                    found.push((std::mem::take(&mut words), character == '&' && !doubled));
                }
            }
            '#' if word.is_none() => while characters.next_if(|next| *next != '\n').is_some() {},
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    if !words.is_empty() {
        found.push((words, false));
    }
    found
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
