use std::time::Duration;

use crate::report::{Outcome, OutcomeKind, Timestamp};

/// How a child ended, with all evidence.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) start_time: Timestamp,
    pub(crate) duration: Duration,
    pub(crate) outcome: Outcome,
    /// The newest masked output.
    pub(crate) tail: String,
    /// Time since the last output.
    pub(crate) silence: Duration,
    /// Why it could not be started.
    pub(crate) start_error: Option<String>,
    /// Whether the log holds its output.
    pub(crate) logged: bool,
}

impl Ended {
    /// Whether it exited with 0 by itself.
    pub(crate) fn succeeded(&self) -> bool {
        self.outcome.kind == OutcomeKind::Succeeded
    }

    /// What there is to tell of a child that was not started, and why.
    pub(crate) fn not_started(reason: String) -> Self {
        Self {
            start_time: Timestamp::now(),
            duration: Duration::ZERO,
            outcome: Outcome {
                kind: OutcomeKind::NotStarted,
                exit_code: None,
                signal: None,
                peak_memory: 0,
                out_of_memory_kills: None,
                output_bytes: 0,
            },
            tail: String::new(),
            silence: Duration::ZERO,
            start_error: Some(reason),
            logged: false,
        }
    }
}
