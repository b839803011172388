use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Artifact, BuildConfig, Deployment, DeploymentError, DeploymentMetrics, DeploymentPhase,
    Environment, ExitStatus, Finding, Health, Milliseconds, OutcomeKind, PhaseName, PhaseReport,
    PhaseStatus, Timestamp, Validation, diagnosis::LogDiagnosis,
};

/// The version of the report's form. Fields are added without a new number.
const SCHEMA_VERSION: u32 = 1;

/// The program that wrote the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `deployfix`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What makes two phases parts of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Unique among runs.
    pub id: String,
    /// `AWS_APP_ID`.
    pub app_id: Option<String>,
    /// `AWS_BRANCH`, else git's branch.
    pub branch: Option<String>,
    /// `AWS_COMMIT_ID`, else git's head.
    pub commit_id: Option<String>,
    /// `AWS_JOB_ID`.
    pub job_id: Option<String>,
    /// Name of the CI, absent on a developer's machine.
    pub ci: Option<String>,
}

impl Identity {
    /// What the ids of runs on a developer's machine begin with.
    pub const LOCAL_PREFIX: &str = "local-";
}

/// How the run ended so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// Every phase passed.
    Passed,
    /// Every phase passed, at least one after a recovery.
    Recovered,
    /// A phase failed.
    Failed,
    /// Ended from outside, or still in progress.
    Interrupted,
}

/// The whole report of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Version of this form.
    pub schema_version: u32,
    /// The writer.
    pub tool: Tool,
    /// What makes it one run.
    pub run: Identity,
    /// How it ended so far.
    pub result: RunResult,
    /// Exit code of the command that wrote last; absent while it runs.
    pub exit_code: Option<u8>,
    /// When the run began.
    pub start_time: Timestamp,
    /// From the beginning to the last write.
    pub duration: Milliseconds,
    /// How the build was set up.
    pub build_config: BuildConfig,
    /// What `validate` found.
    pub validation: Option<Validation>,
    /// Every phase, in order of its first start.
    pub phases: Vec<PhaseReport>,
    /// How far the deployment came.
    pub deployment: Deployment,
    /// The machine.
    pub environment: Environment,
    /// The deployable output.
    pub artifact: Option<Artifact>,
    /// What the probes saw.
    pub health: Option<Health>,
    /// What to change for good, each with its exact setting.
    pub recommendations: Vec<String>,
    /// What `diagnose` made of each log.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub diagnoses: Vec<LogDiagnosis>,
}

impl Run {
    /// A run that begins now.
    #[must_use]
    pub fn begin(identity: Identity) -> Self {
        let start_time = Timestamp::now();
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "deployfix".into(), version: env!("CARGO_PKG_VERSION").into() },
            result: RunResult::Interrupted,
            exit_code: None,
            start_time,
            duration: Milliseconds::default(),
            build_config: BuildConfig::default(),
            validation: None,
            phases: Vec::new(),
            deployment: Deployment {
                id: identity.job_id.clone().unwrap_or_else(|| identity.id.clone()),
                phase: DeploymentPhase::Setup,
                start_time,
                duration: Milliseconds::default(),
                errors: Vec::new(),
                metrics: DeploymentMetrics::default(),
            },
            environment: Environment::default(),
            artifact: None,
            health: None,
            recommendations: Vec::new(),
            diagnoses: Vec::new(),
            run: identity,
        }
    }

    /// The phase of that name, where it was recorded.
    #[must_use]
    pub fn phase(&self, name: PhaseName) -> Option<&PhaseReport> {
        self.phases.iter().find(|phase| phase.name == name)
    }

    /// Records a phase in the place of an earlier record of the same name.
    pub fn record_phase(&mut self, phase: PhaseReport) {
        match self.phases.iter_mut().find(|recorded| recorded.name == phase.name) {
            Some(recorded) => *recorded = phase,
            None => self.phases.push(phase),
        }
    }

    /// The phases whose findings are told: what failed inside `run` is told by the phase that failed.
    pub fn telling_phases(&self) -> impl Iterator<Item = &PhaseReport> {
        let is_inner = |phase: &&PhaseReport| phase.name != PhaseName::Run;
        let told = self.phases.iter().filter(is_inner).any(|phase| phase.primary_error().is_some());
        self.phases.iter().filter(move |phase| !told || is_inner(phase))
    }

    /// Adds a recommendation once.
    pub fn recommend(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.recommendations.contains(&text) {
            self.recommendations.push(text);
        }
    }

    /// Derives result, duration and deployment from the phases; `exit` is set by a command that ends.
    pub fn settle(&mut self, exit: Option<ExitStatus>) {
        self.exit_code = exit.map(ExitStatus::code);
        self.duration = self.start_time.elapsed().into();
        let any = |status| self.phases.iter().any(|phase| phase.status == status);
        self.result = if any(PhaseStatus::Interrupted) {
            RunResult::Interrupted
        } else if any(PhaseStatus::Failed) || exit.is_some_and(|exit| exit != ExitStatus::Success) {
            RunResult::Failed
        } else if any(PhaseStatus::Recovered) {
            RunResult::Recovered
        } else {
            RunResult::Passed
        };
        self.deployment.duration = self.duration;
        self.deployment.phase = self.deployment_phase();
        self.deployment.errors = self
            .telling_phases()
            .flat_map(PhaseReport::failures)
            .map(DeploymentError::from)
            .collect();
        self.deployment.metrics = self.deployment_metrics();
    }

    fn deployment_phase(&self) -> DeploymentPhase {
        if self.result == RunResult::Failed {
            return DeploymentPhase::Failed;
        }
        match self
            .phases
            .iter()
            .map(|phase| phase.name)
            .filter(|name| *name != PhaseName::Run)
            .max()
        {
            None | Some(PhaseName::Validate | PhaseName::Install | PhaseName::Diagnose) => {
                DeploymentPhase::Setup
            }
            Some(PhaseName::Build) => DeploymentPhase::Build,
            Some(PhaseName::VerifyArtifacts) => DeploymentPhase::Deploy,
            Some(PhaseName::HealthCheck | PhaseName::Run)
                if self.result == RunResult::Interrupted =>
            {
                DeploymentPhase::Deploy
            }
            Some(PhaseName::HealthCheck | PhaseName::Run) => DeploymentPhase::Complete,
        }
    }

    fn deployment_metrics(&self) -> DeploymentMetrics {
        // The shell of `run` only holds the others.
        let inner = self.phases.iter().any(|phase| phase.name != PhaseName::Run);
        let attempts: Vec<_> = self
            .phases
            .iter()
            .filter(|phase| !inner || phase.name != PhaseName::Run)
            .flat_map(|phase| &phase.attempts)
            .collect();
        let succeeded = attempts
            .iter()
            .filter(|attempt| attempt.outcome.kind == OutcomeKind::Succeeded)
            .count();
        #[expect(clippy::cast_precision_loss, reason = "attempts are few")]
        let success_rate = (!attempts.is_empty()).then(|| succeeded as f64 / attempts.len() as f64);
        DeploymentMetrics {
            build_time: self.phase(PhaseName::Build).map(|phase| phase.duration),
            artifact_size: self.artifact.as_ref().map(|artifact| artifact.compute_size),
            memory_usage: attempts.iter().map(|attempt| attempt.outcome.peak_memory).max(),
            success_rate,
        }
    }
}

impl From<&Finding> for DeploymentError {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.id,
            message: finding.message.clone(),
            resolution: finding.resolution.clone(),
        }
    }
}
