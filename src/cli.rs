//! The command line: the one place that knows clap.

mod options;

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, builder::styling,
    error::ErrorKind, parser::ValueSource,
};

pub(crate) use options::{
    CompletionsOptions, DiagnoseOptions, ExplainOptions, HealthCheckOptions, InitOptions,
    InstallOptions, LogFormatOption, PlatformOption, RunOptions, SchemaDocument, SchemaOptions,
    ValidateOptions, VerifyArtifactsOptions, VerifyOption,
};

const STYLES: styling::Styles = styling::Styles::styled()
    .header(styling::AnsiColor::Green.on_default().bold())
    .usage(styling::AnsiColor::Green.on_default().bold())
    .literal(styling::AnsiColor::Cyan.on_default().bold())
    .placeholder(styling::AnsiColor::Cyan.on_default());

/// Predicts, recovers, proves and explains Next.js deployments on AWS Amplify Hosting.
#[derive(Debug, Parser)]
#[command(
    name = "deployfix",
    version,
    styles = STYLES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  deployfix init                            an amplify.yml that fits the project
  deployfix validate                        what would fail, in the folder you are in
  deployfix run --project apps/web          the whole Amplify build, locally
  deployfix report --format json            the report of the newest run

Exit codes:
  0 passed or recovered    1 findings in validate      2 usage or deployfix.yml
  10 environment           11 configuration            20 dependency
  30 build                 40 deployment               70 internal
  75 transient, trying later may help                  130/143 interrupted"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalOptions {
    /// The app root: the folder of the app's package.json
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "DEPLOYFIX_PROJECT")]
    pub(crate) project: PathBuf,
    /// Whether the app root was named, and is not just the folder one is in.
    #[arg(skip)]
    pub(crate) project_is_named: bool,
    /// The configuration, instead of deployfix.yml in the app root
    #[arg(long, global = true, value_name = "FILE", env = "DEPLOYFIX_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// What goes to stdout: text, or data alone (text then goes to stderr)
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human")]
    pub(crate) format: FormatOption,
    /// Say what would be run, and run nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Only errors and verdicts
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// More of what is looked at and decided; twice for traces
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Colour: on a terminal without `NO_COLOR`, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColourOption,
}

/// What goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatOption {
    /// Text for people
    Human,
    /// The report as one JSON document
    Json,
    /// The findings as a SARIF 2.1.0 log
    Sarif,
    /// The findings as annotations of GitHub Actions
    Github,
    /// The pages of `explain`
    Markdown,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourOption {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The subcommands, in the order in which amplify.yml calls them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write an amplify.yml that fits the project, and a contract of its variables
    #[command(after_help = "\
Examples:
  deployfix init
  deployfix init --print                 shows it, and writes nothing
  deployfix init --project apps/web      one app of a repository with several")]
    Init(InitOptions),
    /// Predict what would fail, before anything is installed or built
    #[command(after_help = "\
Examples:
  deployfix validate
  deployfix validate --strict --format github      in a workflow, warnings count
  deployfix validate --project apps/web --format json | jq .validation.errors
  deployfix validate --buildspec amplify.yml       that file alone, without the app
  deployfix validate --fix --dry-run               what would be mended in amplify.yml")]
    Validate(ValidateOptions),
    /// Install the dependencies exactly as locked, and recover from what can be mended
    #[command(after_help = "\
Examples:
  deployfix install
  deployfix install --verify stat    does not read the content of an earlier installation
  deployfix install --dry-run        shows whether it would be skipped, else the manager's command")]
    Install(InstallOptions),
    /// Build with a memory plan, and recover from what can be mended
    #[command(after_help = "\
Examples:
  deployfix build
  deployfix build --dry-run          shows the command, the heap and what .env.production gets")]
    Build,
    /// Prove that the output is complete and small enough for Amplify
    #[command(after_help = "\
Examples:
  deployfix verify-artifacts
  deployfix verify-artifacts --check     compares with the manifest of the last verification")]
    VerifyArtifacts(VerifyArtifactsOptions),
    /// Boot the built app, or ask a URL, and probe its routes
    #[command(after_help = "\
Examples:
  deployfix health-check --serve
  deployfix health-check --url https://main.d1234567890.amplifyapp.com --timeout 5m")]
    HealthCheck(HealthCheckOptions),
    /// Name the root cause of a failed build from its log
    #[command(after_help = "\
Examples:
  deployfix diagnose build.log
  deployfix diagnose logs.zip                    every log of an archive
  npm run build 2>&1 | deployfix diagnose -
  deployfix diagnose build.log --format json | jq '.diagnoses[0].primary'")]
    Diagnose(DiagnoseOptions),
    /// Print the report of the newest run
    #[command(after_help = "\
Examples:
  deployfix report
  deployfix report --format json | jq .phases")]
    Report,
    /// Say what a finding means, why it happens, and what to change
    #[command(after_help = "\
Examples:
  deployfix explain                              every id with one sentence
  deployfix explain configuration/buildspec-syntax
  deployfix explain out-of-memory-heap           the last part of an id is enough
  deployfix explain --all --output docs/findings one file an id, and an index")]
    Explain(ExplainOptions),
    /// Run the app's amplify.yml as Amplify does, or the five phases without one
    #[command(after_help = "\
Examples:
  deployfix run
  deployfix run --project fixtures/next-app
  deployfix run --dry-run                shows the script
  deployfix run --app-root apps/web      one app of a monorepo, from the repository's root
  deployfix run --clean --memory 8GiB    only what is committed, in Amplify's standard memory
  deployfix run --env-file console.env   with the variables of the console
  deployfix run --from build             without the commands before, but with their cd and export")]
    Run(RunOptions),
    /// Print the JSON Schema of what deployfix writes
    #[command(after_help = "\
Examples:
  deployfix schema report > report.schema.json")]
    Schema(SchemaOptions),
    /// Print the completions of a shell
    #[command(after_help = "\
Examples:
  deployfix completions bash > /etc/bash_completion.d/deployfix
  deployfix completions zsh > ~/.zfunc/_deployfix")]
    Completions(CompletionsOptions),
}

impl Cli {
    /// Reads a command line, and refuses a format that the subcommand does not write.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = <Self as CommandFactory>::command().try_get_matches_from(arguments)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        let source = matches.subcommand().and_then(|(_, inner)| inner.value_source("project"));
        cli.global.project_is_named =
            source.is_some_and(|source| source != ValueSource::DefaultValue);
        let explains = matches!(cli.command, Command::Explain(_));
        let refusal = match cli.global.format {
            FormatOption::Markdown if !explains => "only `explain` writes `--format markdown`",
            FormatOption::Sarif | FormatOption::Github if explains => {
                "`explain` writes `--format` human, markdown and json"
            }
            _ => return Ok(cli),
        };
        Err(<Self as CommandFactory>::command().error(ErrorKind::InvalidValue, refusal))
    }
}

/// The script that completes deployfix's command line.
pub(crate) fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(
        shell,
        &mut <Cli as CommandFactory>::command(),
        "deployfix",
        &mut script,
    );
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
