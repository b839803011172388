use std::time::Duration;

use serde::Deserialize;

use crate::report::Outcome;

/// What the child was doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// A package manager installed.
    Install,
    /// The project's build ran.
    Build,
    /// Commands of amplify.yml ran.
    Shell,
}

/// All that is known of a child that failed, but for its output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildEvidence<'a> {
    pub(crate) stage: Stage,
    /// The command line.
    pub(crate) command: &'a str,
    pub(crate) outcome: &'a Outcome,
    pub(crate) duration: Duration,
    /// Time between the last output and the end.
    pub(crate) silence: Duration,
    /// Why it could not be started.
    pub(crate) start_error: Option<&'a str>,
    /// How findings call the log of its masked output.
    pub(crate) log_name: &'a str,
}
