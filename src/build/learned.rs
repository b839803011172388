use crate::report::{
    PhaseName, PhaseStatus,
    store::{HistoryEntry, Settings},
};

/// Containers of one size differ by what the machine keeps for itself, percent.
const SAME_CONTAINER: u64 = 10;

/// What the last successful build teaches the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Learned {
    /// The memory it needed, bytes.
    pub(crate) peak_memory: Option<u64>,
    /// What it succeeded with, where the plan from the container alone had failed.
    pub(super) settings: Option<Settings>,
}

impl Learned {
    /// From the history, oldest first.
    pub(crate) fn from_history(history: &[HistoryEntry]) -> Self {
        let last = history.iter().rev().find(|entry| {
            entry.phase == PhaseName::Build
                && matches!(entry.status, PhaseStatus::Passed | PhaseStatus::Recovered)
        });
        Self {
            peak_memory: last.and_then(|entry| entry.peak_memory).filter(|peak| *peak > 0),
            settings: last.and_then(|entry| entry.settings),
        }
    }

    /// The settings, if they were learned in a container of that size.
    pub(super) fn settings_for(&self, limit: u64) -> Option<Settings> {
        self.settings.filter(|settings| {
            settings.memory_limit.abs_diff(limit) <= limit / 100 * SAME_CONTAINER
        })
    }
}
