//! The options of the subcommands, each with its values.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

/// Bytes below which not even a shell runs.
const MINIMUM_MEMORY: u64 = 16 * 1024 * 1024;

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitOptions {
    /// Replace an amplify.yml that is there, and show what changed
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the amplify.yml alone to stdout, and write nothing
    #[arg(long, conflicts_with = "force")]
    pub(crate) print: bool,
    /// Let the commands be deployfix's own phases, which must be on PATH of the build
    #[arg(long)]
    pub(crate) with_deployfix: bool,
}

/// Options of `validate`.
#[derive(Debug, Args)]
pub(crate) struct ValidateOptions {
    /// Count warnings as failures
    #[arg(long)]
    pub(crate) strict: bool,
    /// Check this build specification alone, `-` from the standard input; with `--project` as if it
    /// were the amplify.yml of that app
    #[arg(long, value_name = "FILE")]
    pub(crate) buildspec: Option<PathBuf>,
    /// Mend in amplify.yml what can be mended with certainty, and show the difference; with
    /// `--dry-run` only show it, and exit with 1 where there is one
    #[arg(long)]
    pub(crate) fix: bool,
    /// Also ask the registry, through the package manager's audit, for advisories against locked
    /// packages; needs the network
    #[arg(long, conflicts_with = "buildspec")]
    pub(crate) audit: bool,
}

/// Options of `install`.
#[derive(Debug, Args)]
pub(crate) struct InstallOptions {
    /// How an earlier installation is verified before it is taken again; `install.verify` of
    /// deployfix.yml without it, else `full`
    #[arg(long, value_name = "HOW")]
    pub(crate) verify: Option<VerifyOption>,
    /// Keep the lockfile that a recovery had to write; without it the checkout stays as it is
    #[arg(long)]
    pub(crate) write_lockfile: bool,
}

/// How an earlier installation is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyOption {
    /// The content of every file
    Full,
    /// Names, sizes, modes and times of every file
    Stat,
    /// Not at all: the manager always installs
    Off,
}

/// Options of `verify-artifacts`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArtifactsOptions {
    /// Compare the output with the manifest instead of writing it
    #[arg(long)]
    pub(crate) check: bool,
}

/// Options of `health-check`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("target").required(true))]
pub(crate) struct HealthCheckOptions {
    /// Boot the built app on a free port and probe it
    #[arg(long, group = "target")]
    pub(crate) serve: bool,
    /// Probe what answers at this URL, with retries
    #[arg(long, group = "target", value_name = "URL", value_parser = parse_url)]
    pub(crate) url: Option<url::Url>,
    /// How long to wait for readiness (`--serve`) or for a healthy answer (`--url`)
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,
}

/// Options of `run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct RunOptions {
    /// The `appRoot` of amplify.yml to build, as `AMPLIFY_MONOREPO_APP_ROOT` names it
    #[arg(long, value_name = "DIR")]
    pub(crate) app_root: Option<String>,
    /// Run the backend section too; it may deploy into the AWS account whose credentials are at hand
    #[arg(long)]
    pub(crate) backend: bool,
    /// Build a fresh clone of HEAD in a temporary folder: what is not committed is not there
    #[arg(long)]
    pub(crate) clean: bool,
    /// Leave the temporary folder of `--clean` behind
    #[arg(long, requires = "clean")]
    pub(crate) keep: bool,
    /// Neither restore nor save the cache of amplify.yml
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Variables as the Amplify console would set them; may be given several times, the last one wins
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// Run the commands in a memory control group of this size, where one can be made
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// Begin with this phase; of those before, only `cd`, `export` and `nvm use` run
    #[arg(long, value_name = "PHASE", conflicts_with_all = ["clean", "backend"])]
    pub(crate) from: Option<String>,
    /// Copy what Amplify would deploy into this folder, which must be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) artifacts: Option<PathBuf>,
    /// The app's platform in Amplify, where the build does not tell
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) platform: Option<PlatformOption>,
    /// How lines look: as they are, or with Amplify's time and level
    #[arg(long, value_name = "FORMAT", default_value = "plain")]
    pub(crate) log_format: LogFormatOption,
}

/// Platforms of an Amplify app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum PlatformOption {
    /// Static files
    Web,
    /// Rendered by a server
    WebCompute,
}

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormatOption {
    /// As they are
    Plain,
    /// As in Amplify's build log
    Amplify,
}

/// Options of `diagnose`.
#[derive(Debug, Args)]
pub(crate) struct DiagnoseOptions {
    /// Logs of Amplify, Vercel, Netlify, GitHub Actions or a terminal, archives of them, `-` for the
    /// standard input
    #[arg(value_name = "LOG", required = true)]
    pub(crate) logs: Vec<PathBuf>,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The id of a finding, or its last part; every id with one sentence without it
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub(crate) id: Option<String>,
    /// Every page, as one document
    #[arg(long)]
    pub(crate) all: bool,
    /// Write the pages as files of this folder: index.md and one an id
    #[arg(long, value_name = "DIR", requires = "all")]
    pub(crate) output: Option<PathBuf>,
}

/// Options of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaOptions {
    /// Which document
    pub(crate) document: SchemaDocument,
}

/// Documents with a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaDocument {
    /// `.deployfix/report.json`
    Report,
}

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

fn parse_url(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text)
        .map_err(|error| format!("{error}; write it as `https://host/path`"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        scheme => Err(format!("`{scheme}` is not http or https")),
    }
}

fn parse_size(text: &str) -> Result<u64, String> {
    crate::config::size(text)
        .filter(|bytes| *bytes >= MINIMUM_MEMORY)
        .ok_or_else(|| "write it as `8GiB` or `512MiB`, at least `16MiB`".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    crate::config::duration(text).ok_or_else(|| "write it as `60s`, `5m` or `500ms`".to_owned())
}
