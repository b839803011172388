use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How what is installed differs from what a lockfile names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionChanges {
    /// The lockfile, relative to the app root.
    pub lockfile: String,
    /// Packages of which another version was installed than the locked one.
    #[serde(default)]
    pub changed: Vec<VersionChange>,
    /// Installed, and not in the lockfile, as `zod 3.25.0`.
    #[serde(default)]
    pub added: Vec<String>,
    /// In the lockfile, and no longer asked for.
    #[serde(default)]
    pub removed: Vec<String>,
}

/// One package in another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionChange {
    /// Its name.
    pub name: String,
    /// The version in the lockfile.
    pub locked: String,
    /// The version that was installed.
    pub installed: String,
}

impl VersionChanges {
    /// Whether exactly what is locked was installed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many packages differ.
    #[must_use]
    pub fn count(&self) -> usize {
        self.changed.len() + self.added.len() + self.removed.len()
    }

    /// One line for each difference: `next 15.5.4 -> 15.5.9`, `added zod 3.25.0`; at most `limit`, then how many more.
    #[must_use]
    pub fn lines(&self, limit: usize) -> Vec<String> {
        let changed = self
            .changed
            .iter()
            .map(|change| format!("{} {} -> {}", change.name, change.locked, change.installed));
        let added = self.added.iter().map(|package| format!("added {package}"));
        let removed = self.removed.iter().map(|package| format!("removed {package}"));
        let mut lines: Vec<_> = changed.chain(added).chain(removed).take(limit).collect();
        if self.count() > limit {
            lines.push(format!("and {} more", self.count() - limit));
        }
        lines
    }
}
