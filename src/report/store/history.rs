use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{DIRECTORY, HISTORY};
use crate::report::{Milliseconds, PhaseName, PhaseStatus, Timestamp};

/// Phases kept; enough to learn from, small enough to cache.
const KEPT_ENTRIES: usize = 200;

/// What one finished phase teaches later runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// When it ended.
    pub time: Timestamp,
    /// The run it belonged to.
    pub run: String,
    /// Which phase.
    pub phase: PhaseName,
    /// How it ended.
    pub status: PhaseStatus,
    /// How long it took, all attempts and pauses.
    pub duration: Milliseconds,
    /// How long its last attempt took.
    #[serde(default)]
    pub last_attempt: Option<Milliseconds>,
    /// Highest memory of its last attempt's process tree, bytes.
    #[serde(default)]
    pub peak_memory: Option<u64>,
    /// What a build succeeded with, where the plan from the container alone had failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

/// The memory settings of a build that succeeded only with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// What the container had, bytes.
    pub memory_limit: u64,
    /// The V8 heap limit, bytes.
    #[serde(default)]
    pub heap: Option<u64>,
    /// Whether Next was told to use one worker.
    #[serde(default)]
    pub one_worker: bool,
}

/// Appends one phase and drops the oldest beyond the limit. The caller holds the lock.
pub(super) fn append(directory: &Path, entry: &HistoryEntry) -> io::Result<()> {
    let path = directory.join(HISTORY);
    let mut lines: VecDeque<String> = match fs::File::open(&path) {
        Ok(file) => BufReader::new(file).lines().map_while(Result::ok).collect(),
        Err(_) => VecDeque::new(),
    };
    lines.push_back(serde_json::to_string(entry)?);
    while lines.len() > KEPT_ENTRIES {
        lines.pop_front();
    }
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.persist(path)?;
    Ok(())
}

/// The phases recorded, oldest first; lines that cannot be read are passed over.
#[must_use]
pub fn read(app_root: &Path) -> Vec<HistoryEntry> {
    let Ok(file) = fs::File::open(app_root.join(DIRECTORY).join(HISTORY)) else {
        return Vec::new();
    };
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str(&line).ok())
        .collect()
}
