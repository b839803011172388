use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, Milliseconds, Timestamp};

/// How one run of a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// It exited with 0.
    Succeeded,
    /// It exited with another code or died of a signal.
    Failed,
    /// deployfix ended it at the deadline.
    TimedOut,
    /// deployfix ended it after too long a silence.
    Stalled,
    /// deployfix itself was asked to stop.
    Interrupted,
    /// It could not be started.
    NotStarted,
}

/// What was measured of one run of a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// How it ended.
    pub kind: OutcomeKind,
    /// Its own exit code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exit_code: Option<i32>,
    /// The signal that ended it, as `SIGKILL`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal: Option<String>,
    /// Highest memory of the whole process tree seen, bytes.
    pub peak_memory: u64,
    /// Kernel out-of-memory kills in the container while it ran; absent without a cgroup.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub out_of_memory_kills: Option<u64>,
    /// Bytes it wrote to stdout and stderr.
    pub output_bytes: u64,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The result is taken.
    Accept,
    /// Something is mended and the command runs again.
    Retry,
    /// It was one step of a recovery, and the next follows.
    Continue,
    /// The phase ends with the finding.
    Stop,
}

/// The decision taken after an attempt, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What follows.
    pub action: Action,
    /// The recovery chosen, by its name in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recovery: Option<String>,
    /// Why, in one line.
    pub reason: String,
    /// Pause before the next attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub delay: Option<Milliseconds>,
}

/// One run of a child inside a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// The command line, masked.
    pub command: String,
    /// Variables that deployfix set or changed for this attempt, masked.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// When it began.
    pub start_time: Timestamp,
    /// How long it ran.
    pub duration: Milliseconds,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong, by diagnosis.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finding: Option<Finding>,
    /// What was decided, and why.
    pub decision: Decision,
    /// The masked log, relative to the app root.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<String>,
}
