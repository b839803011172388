use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How what is installed differs from what a lockfile names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionChanges {
    /// The lockfile, relative to the app root.
    pub lockfile: String,
    /// Every package that differs, in the order of the names.
    #[serde(default)]
    pub changes: Vec<VersionChange>,
}

/// One package in other versions than the locked ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionChange {
    /// Its name.
    pub name: String,
    /// Versions that only the lockfile holds.
    pub locked: Vec<String>,
    /// Versions that were installed, and are not in the lockfile.
    pub installed: Vec<String>,
}

impl fmt::Display for VersionChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, locked, installed } = self;
        match (locked.is_empty(), installed.is_empty()) {
            (false, false) => {
                write!(formatter, "{name} {} -> {}", locked.join(", "), installed.join(", "))
            }
            (false, true) => write!(formatter, "{name} {} removed", locked.join(", ")),
            (true, _) => write!(formatter, "{name} {} added", installed.join(", ")),
        }
    }
}

impl VersionChanges {
    /// One line for each package: `next 15.5.4 -> 15.5.9`, `zod 3.25.0 added`; at most `limit`, then how many more.
    #[must_use]
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let mut lines: Vec<_> = self.changes.iter().take(limit).map(ToString::to_string).collect();
        if self.changes.len() > limit {
            lines.push(format!("and {} more", self.changes.len() - limit));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_says_how_many_more() {
        let change = |number: usize| VersionChange {
            name: format!("p{number}"),
            locked: vec!["1.0.0".into()],
            installed: vec!["2.0.0".into()],
        };
        let changes = (0..30).map(change).collect();
        let lines = VersionChanges { lockfile: "yarn.lock".into(), changes }.lines(20);
        assert_eq!((lines.len(), lines[0].as_str()), (21, "p0 1.0.0 -> 2.0.0"));
        assert_eq!(lines[20], "and 10 more");
    }
}
