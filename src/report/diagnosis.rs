use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Finding;

/// What a log says of the end of its build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It failed.
    Failed,
    /// It did its work.
    Succeeded,
    /// The log tells neither; a primary finding is a warning: the most likely cause, if it failed.
    Unclear,
}

/// How sure a diagnosis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Words or an exit status that mean this and nothing else.
    High,
    /// More likely a consequence of something that the log does not show.
    Medium,
    /// Nobody knows this failure, and its first error is quoted; or nothing tells that it is one.
    Low,
}

/// What one log was diagnosed as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogDiagnosis {
    /// The file, its name in a zip, or `-`.
    pub log: String,
    /// Lines read.
    pub lines: u64,
    /// How the build ended.
    pub verdict: Verdict,
    /// How sure the primary finding is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confidence: Option<Confidence>,
    /// The root cause.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub primary: Option<Finding>,
    /// What else the log shows: consequences, or second causes.
    #[serde(default)]
    pub contributing: Vec<Finding>,
}
