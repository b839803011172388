use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Area, Finding, FindingId, Location, Milliseconds, PhaseReport, Severity, Timestamp};

/// How the build was set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BuildConfig {
    /// Version of the Node that the children run under.
    pub node_version: Option<String>,
    /// The commands that build, in order, masked.
    pub build_commands: Vec<String>,
    /// Variables of the contract and those that deployfix sets, values masked.
    pub environment_vars: BTreeMap<String, String>,
    /// What is kept between builds.
    pub cache_settings: CacheSettings,
    /// What was tuned for this machine.
    pub optimizations: Optimizations,
}

/// What is kept between builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheSettings {
    /// `cache.paths` of amplify.yml.
    pub paths: Vec<String>,
    /// Whether anything is kept.
    pub enabled: bool,
    /// How much is kept.
    pub strategy: CacheStrategy,
}

/// How much is kept between builds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CacheStrategy {
    /// `node_modules` and the build cache.
    Aggressive,
    /// The build cache at most.
    #[default]
    Conservative,
}

/// What was tuned for this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Optimizations {
    /// V8 heap limit given to the build, bytes.
    pub memory_limit: Option<u64>,
    /// The time the whole build may take, minutes.
    pub timeout_minutes: Option<u64>,
    /// Whether Next may use several workers.
    pub parallel_builds: bool,
    /// Whether Next compresses what it serves; absent when next.config was not read.
    pub compression_enabled: Option<bool>,
}

/// What `validate` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// No errors, and under `--strict` no warnings.
    pub success: bool,
    /// What will fail.
    pub errors: Vec<ValidationEntry>,
    /// What may fail, or costs something.
    pub warnings: Vec<ValidationEntry>,
    /// What is worth changing.
    pub recommendations: Vec<String>,
    /// When it was decided.
    pub timestamp: Timestamp,
}

impl Validation {
    /// Sorts the findings of `validate` into errors, warnings and recommendations.
    #[must_use]
    pub fn of(phase: &PhaseReport) -> Self {
        let findings = &phase.findings;
        let of = |severity| {
            findings
                .iter()
                .filter(move |finding| finding.severity == severity)
                .map(ValidationEntry::from)
                .collect::<Vec<_>>()
        };
        Self {
            success: phase.primary_error().is_none(),
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            recommendations: findings
                .iter()
                .filter(|finding| finding.severity == Severity::Info)
                .map(|finding| format!("{}: {}", finding.message, finding.resolution))
                .collect(),
            timestamp: Timestamp::now(),
        }
    }
}

/// One error or warning of `validate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidationEntry {
    /// Its area.
    #[serde(rename = "type")]
    pub area: Area,
    /// Its id.
    pub id: FindingId,
    /// What and where.
    pub message: String,
    /// Why, and what to change.
    pub resolution: String,
    /// Whether the deployment cannot succeed with it.
    pub critical: bool,
    /// The place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<Location>,
}

impl From<&Finding> for ValidationEntry {
    fn from(finding: &Finding) -> Self {
        Self {
            area: finding.id.area(),
            id: finding.id,
            message: finding.message.clone(),
            resolution: finding.resolution.clone(),
            critical: finding.is_error(),
            location: finding.location.clone(),
        }
    }
}

/// How far the deployment came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Amplify's job, else the run's id.
    pub id: String,
    /// How far it came.
    pub phase: DeploymentPhase,
    /// When the run began.
    pub start_time: Timestamp,
    /// Duration of the run so far.
    pub duration: Milliseconds,
    /// What stopped it.
    pub errors: Vec<DeploymentError>,
    /// Its figures.
    pub metrics: DeploymentMetrics,
}

/// How far a deployment came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentPhase {
    /// `validate` and `install`.
    Setup,
    /// The build runs or has run.
    Build,
    /// The output is being checked for going live.
    Deploy,
    /// Everything that was asked for passed.
    Complete,
    /// Something stopped it.
    Failed,
}

/// One error that stopped a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentError {
    /// Its id.
    pub id: FindingId,
    /// What and where.
    pub message: String,
    /// Why, and what to change.
    pub resolution: String,
}

/// The figures of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentMetrics {
    /// Duration of the build phase, milliseconds.
    pub build_time: Option<Milliseconds>,
    /// Size of the deployable output, bytes.
    pub artifact_size: Option<u64>,
    /// Highest memory of any phase's process tree, bytes.
    pub memory_usage: Option<u64>,
    /// Successful attempts among all attempts, 0 to 1; absent without attempts.
    pub success_rate: Option<f64>,
}

/// The machine the run happened on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Environment {
    /// `linux` and the like.
    pub platform: String,
    /// `x86_64` and the like.
    pub architecture: String,
    /// Processors that may be used.
    pub processors: u64,
    /// Memory the container may use, bytes.
    pub memory_limit: Option<u64>,
    /// Where that limit was read: `cgroup v2`, `cgroup v1`, `MemTotal`.
    pub memory_limit_source: Option<String>,
    /// Free disk at the app root, bytes.
    pub disk_free: Option<u64>,
    /// The CI the run happens in.
    pub ci: Option<String>,
    /// The package manager and its version, as `npm 10.9.3`.
    pub package_manager: Option<String>,
    /// Version of Next in the project.
    pub next_version: Option<String>,
}

/// The deployable output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// `server`, `standalone` or `export`.
    pub mode: String,
    /// What Amplify takes as `baseDirectory`, relative to the app root.
    pub base_directory: String,
    /// Next's `BUILD_ID`.
    pub build_id: Option<String>,
    /// Bytes of everything below the base directory.
    pub total_size: u64,
    /// Bytes that count against the platform's limit, as far as known.
    pub compute_size: u64,
    /// The limit, bytes.
    pub size_limit: u64,
    /// Files below the base directory.
    pub files: u64,
    /// The ten largest.
    pub offenders: Vec<Offender>,
    /// Path of the manifest, relative to the app root.
    pub manifest: Option<String>,
}

/// A large file or folder of the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offender {
    /// Path relative to the app root.
    pub path: String,
    /// Its bytes.
    pub size: u64,
}

/// What the probes saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// What was probed: the command that served it, or the URL.
    pub target: String,
    /// Every route probed.
    pub routes: Vec<ProbedRoute>,
    /// `/_next/` assets fetched.
    pub assets: u64,
    /// Time until the server answered, milliseconds.
    pub ready: Option<Milliseconds>,
    /// Median answer time of the routes, milliseconds.
    pub p50: Milliseconds,
    /// 95th percentile of the answer times, milliseconds.
    pub p95: Milliseconds,
    /// Highest memory of the server's process tree, bytes.
    pub peak_memory: Option<u64>,
}

/// One route and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProbedRoute {
    /// The path asked for.
    pub path: String,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Time of the last answer, milliseconds.
    pub duration: Milliseconds,
    /// Bytes of the body.
    pub size: u64,
    /// Its content type.
    pub content_type: Option<String>,
    /// How often it was asked.
    pub tries: u32,
    /// Why each failed try failed, in order.
    #[serde(default)]
    pub failures: Vec<String>,
    /// Whether the answer is what it should be.
    pub healthy: bool,
}
