use super::words::after_program;

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
