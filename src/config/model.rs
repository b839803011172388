use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use regex::Regex;

use super::kind::VariableType;
use crate::report::FindingId;

/// Everything deployfix.yml can say, with the defaults of a project without one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// The declared variables, by name.
    pub environment: BTreeMap<String, Variable>,
    /// How far recovery may go.
    pub recovery: Recovery,
    /// How dependencies are installed, and which are trusted.
    pub install: Install,
    /// The build command and its limits.
    pub build: Build,
    /// Limits on what is deployed.
    pub artifacts: Artifacts,
    /// What the health check probes.
    pub health: Health,
    /// Who is told about the end of a run.
    #[cfg_attr(not(test), expect(dead_code, reason = "checked now, read by the notifiers"))]
    pub notify: Vec<Notify>,
    /// Findings that were reviewed and accepted.
    pub ignore: Vec<Ignore>,
    /// How the project's own tools say that they failed.
    pub signatures: Vec<OwnSignature>,
    /// Where it was read; nothing when there is no file.
    pub path: Option<PathBuf>,
}

/// One variable of the contract.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    /// What a value must be.
    pub kind: VariableType,
    /// Never shown, never under a `NEXT_PUBLIC_` name.
    pub secret: bool,
    /// Read by server code at run time, so written to `.env.production`.
    pub runtime: bool,
    /// Whether its absence is an error. Default: true.
    pub required: bool,
    /// Used when it is not set.
    pub default: Option<String>,
    /// Must match somewhere in the value; anchor it to match the whole.
    pub pattern: Option<Regex>,
    /// Least number of characters.
    pub min_length: Option<usize>,
    /// Greatest number of characters.
    pub max_length: Option<usize>,
    /// What it is for, in the project's words.
    pub description: Option<String>,
    /// Line of the declaration, from 1.
    pub line: u64,
}

impl Default for Variable {
    fn default() -> Self {
        Self {
            kind: VariableType::String,
            secret: false,
            runtime: false,
            required: true,
            default: None,
            pattern: None,
            min_length: None,
            max_length: None,
            description: None,
            line: 1,
        }
    }
}

/// How one of the project's own tools says that it failed.
#[derive(Debug, Clone)]
pub(crate) struct OwnSignature {
    /// Stands in messages about the signature.
    pub name: String,
    /// What it is reported as. Default: `build/failed`.
    pub id: FindingId,
    /// Multi-line regular expression over the log; its named captures fill the texts.
    pub pattern: String,
    /// What and where, with captures as `{name}`.
    pub message: String,
    /// Why it fails and what to change, with captures.
    pub resolution: String,
    /// Exact commands or settings.
    pub hints: Vec<String>,
    /// Whether the words alone prove a failure. Default: true.
    pub terminal: bool,
}

/// How far recovery may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recovery {
    /// Default: lenient, but strict on a production branch.
    pub mode: RecoveryMode,
    /// Runs of one phase in all, 1 to 10. Default: 3.
    pub attempts: u32,
}

impl Default for Recovery {
    fn default() -> Self {
        Self { mode: RecoveryMode::Lenient, attempts: 3 }
    }
}

/// Which recoveries are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoveryMode {
    /// Also those that change what is installed.
    Lenient,
    /// Only those that leave the result as it would have been.
    Strict,
}

/// How dependencies are installed, and which are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Install {
    /// How an earlier installation is verified before it is taken again. Default: full.
    pub verify: Verify,
    /// The registry to ask when the configured one does not answer.
    pub fallback_registry: Option<url::Url>,
    /// Hosts that a lockfile may name besides those of the configured registries, without scheme.
    pub allowed_hosts: Vec<String>,
    /// Which packages may run their install scripts.
    pub scripts: InstallScripts,
}

/// How much of an earlier installation is read before it is taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Verify {
    /// The content of every file.
    #[default]
    Full,
    /// Names, sizes and modes of every file, and whether it was written since.
    Stat,
    /// Nothing: the manager always installs.
    Off,
}

impl Verify {
    /// Every value with its spelling in deployfix.yml and on the command line.
    pub(crate) const ALL: [(&str, Self); 3] =
        [("full", Self::Full), ("stat", Self::Stat), ("off", Self::Off)];
}

/// Which packages may run their install scripts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct InstallScripts {
    /// Names of packages that were reviewed.
    pub allow: Vec<String>,
    /// What becomes of the scripts of all others. Default: they run, as the manager decides.
    pub others: OtherScripts,
}

/// What becomes of install scripts that nobody reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum OtherScripts {
    /// The manager decides.
    #[default]
    Run,
    /// They are not run.
    Skip,
}

/// The build command and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Build {
    /// Shell command; the manifest's build script when absent.
    pub command: Option<String>,
    /// Memory of the build's process tree.
    pub memory: Memory,
    /// Longest run; what Amplify allows when absent.
    pub timeout: Option<Duration>,
    /// Longest silence without CPU use. Default: 10 minutes.
    pub stall: Duration,
}

impl Default for Build {
    fn default() -> Self {
        Self { command: None, memory: Memory::Auto, timeout: None, stall: Duration::from_mins(10) }
    }
}

/// Memory of the build's process tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Planned from the container's limit.
    Auto,
    /// At most this many bytes.
    Limit(u64),
}

/// Limits on what is deployed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Artifacts {
    /// Greatest size in bytes, below Amplify's own limit.
    pub budget: Option<u64>,
    /// Globs of files that must not be deployed.
    pub deny: Vec<String>,
}

/// What the health check probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    /// Paths, each with a leading `/`; from the build's manifests when empty.
    pub routes: Vec<String>,
    /// For one request. Default: 10 seconds.
    pub timeout: Duration,
}

impl Default for Health {
    fn default() -> Self {
        Self { routes: Vec::new(), timeout: Duration::from_secs(10) }
    }
}

/// One receiver of notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notify {
    /// URL; `${NAME}` stays as written until it is used.
    pub webhook: String,
    /// Default: all of them.
    pub on: Vec<NotifyOn>,
}

/// The end of a run that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifyOn {
    /// `failed`
    Failed,
    /// `recovered`
    Recovered,
    /// `rolled-back`
    RolledBack,
}

impl NotifyOn {
    /// Every value with its spelling in deployfix.yml.
    pub(crate) const ALL: [(&str, Self); 3] = [
        ("failed", Self::Failed),
        ("recovered", Self::Recovered),
        ("rolled-back", Self::RolledBack),
    ];
}

/// Findings that were reviewed and accepted; all given parts must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ignore {
    /// The accepted kind of finding.
    pub id: FindingId,
    /// Only about this package.
    pub package: Option<String>,
    /// Only about this path, or glob of paths, from the app root.
    pub path: Option<String>,
    /// Why; stands in the report.
    pub reason: String,
}
