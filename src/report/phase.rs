use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attempt, Finding, Milliseconds, OutcomeKind, Severity, Timestamp, VersionChanges};

/// The phases, in the order in which amplify.yml calls them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseName {
    /// What would fail, before anything runs.
    Validate,
    /// The package manager.
    Install,
    /// The project's build.
    Build,
    /// The output on disk.
    VerifyArtifacts,
    /// The output at work.
    HealthCheck,
    /// The shell commands of amplify.yml around the phases above.
    Run,
    /// The logs of a build that ended elsewhere.
    Diagnose,
}

impl PhaseName {
    /// The name of the subcommand, also used for its logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Install => "install",
            Self::Build => "build",
            Self::VerifyArtifacts => "verify-artifacts",
            Self::HealthCheck => "health-check",
            Self::Run => "run",
            Self::Diagnose => "diagnose",
        }
    }
}

impl std::fmt::Display for PhaseName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// How a phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PhaseStatus {
    /// At the first attempt.
    Passed,
    /// After a recovery; never shown as plain passed.
    Recovered,
    /// With a finding.
    Failed,
    /// Not needed, with the reason among the findings or metrics.
    Skipped,
    /// Ended from outside; also what a phase in progress is recorded as, so that a kill leaves the truth behind.
    Interrupted,
}

/// What one phase did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PhaseReport {
    /// Which phase.
    pub name: PhaseName,
    /// How it ended.
    pub status: PhaseStatus,
    /// When it began.
    pub start_time: Timestamp,
    /// How long it took.
    pub duration: Milliseconds,
    /// Every run of a child, in order.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// What was found, errors first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What was decided on the way and why, one line each: why an earlier installation was not taken again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether warnings fail the phase as well, as `--strict` asks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// Measured figures: names end in their unit (`Bytes`, `Milliseconds`) unless they are counts.
    #[serde(default)]
    pub metrics: BTreeMap<String, u64>,
    /// How what is installed differs from the lockfile, where a recovery changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versions: Option<VersionChanges>,
}

impl PhaseReport {
    /// A phase that begins now.
    #[must_use]
    pub fn begin(name: PhaseName) -> Self {
        Self {
            name,
            status: PhaseStatus::Interrupted,
            start_time: Timestamp::now(),
            duration: Milliseconds::default(),
            attempts: Vec::new(),
            findings: Vec::new(),
            notes: Vec::new(),
            strict: false,
            metrics: BTreeMap::new(),
            versions: None,
        }
    }

    /// Ends the phase with a status derived from what it recorded; that it was skipped or recovered may be said before.
    pub fn finish(&mut self) {
        // A command may end well and still not have done its work.
        let failed_attempts = self.attempts.iter().filter(|attempt| {
            attempt.outcome.kind != OutcomeKind::Succeeded || attempt.finding.is_some()
        });
        self.status = if self.failures().next().is_some() {
            PhaseStatus::Failed
        } else if self.status == PhaseStatus::Skipped {
            PhaseStatus::Skipped
        } else if self.status == PhaseStatus::Recovered
            || failed_attempts.count() > 0
            || self.began_recovered()
        {
            PhaseStatus::Recovered
        } else {
            PhaseStatus::Passed
        };
        self.duration = self.start_time.elapsed().into();
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }

    /// Whether something was mended before the first attempt, as a missing package manager.
    fn began_recovered(&self) -> bool {
        matches!(self.name, PhaseName::Install | PhaseName::Build)
            && self.findings.iter().any(|finding| finding.recovery.is_some() && !finding.is_error())
    }

    /// The findings that fail the phase.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        let least = if self.strict { Severity::Warning } else { Severity::Error };
        self.findings.iter().filter(move |finding| finding.severity >= least)
    }

    /// The finding that decides the outcome.
    #[must_use]
    pub fn primary_error(&self) -> Option<&Finding> {
        self.failures().next()
    }
}
