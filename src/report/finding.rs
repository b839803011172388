use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FindingId;

/// How much a finding weighs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing fails.
    Info,
    /// May fail, or costs something; never stops a deployment.
    Warning,
    /// Certain to fail, or to ship something broken.
    Error,
}

/// A place in a file of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// Path relative to the app root, `/` as separator.
    pub path: String,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// Column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u64>,
    /// Line of the last character, from 1, where the extent is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_line: Option<u64>,
    /// Column after the last character, from 1, where the extent is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_column: Option<u64>,
}

impl Location {
    /// A whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), line: None, column: None, end_line: None, end_column: None }
    }

    /// A line of a file, from 1.
    pub fn line(path: impl Into<String>, line: impl Into<Option<u64>>) -> Self {
        Self { line: line.into(), ..Self::file(path) }
    }

    /// A position in a file; both numbers count from 1.
    pub fn at(path: impl Into<String>, line: u64, column: u64) -> Self {
        Self { line: Some(line), column: Some(column), ..Self::file(path) }
    }

    /// Sets where it ends: the line of the last character and the column after it, from 1.
    #[must_use]
    pub fn until(mut self, line: u64, column: u64) -> Self {
        self.end_line = Some(line);
        self.end_column = Some(column);
        self
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.path)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(formatter, ":{number}")?;
        }
        Ok(())
    }
}

/// One line that proves a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Where the line was seen: a file, a log, `exit status`, `cgroup`, a probe.
    pub source: String,
    /// Line number in the source, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
    /// The line itself, masked.
    pub text: String,
}

impl Evidence {
    /// Evidence without a line number.
    pub fn new(source: impl Into<String>, text: impl Into<String>) -> Self {
        Self { source: source.into(), line: None, text: text.into() }
    }

    /// Evidence at a line, from 1.
    pub fn at(source: impl Into<String>, line: u64, text: impl Into<String>) -> Self {
        Self { source: source.into(), line: Some(line), text: text.into() }
    }
}

/// A change to one file that mends a finding with certainty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What the change does, in one line.
    pub description: String,
    /// The edits, in the order of their place, none overlapping.
    pub edits: Vec<Edit>,
}

/// The replacement of one range of bytes in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Path relative to the app root.
    pub path: String,
    /// First byte replaced, from 0 at the beginning of the text, which is after a byte order mark.
    pub start: u64,
    /// First byte kept after the replacement.
    pub end: u64,
    /// The new text.
    pub replacement: String,
}

/// The one value for every problem, whoever found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Stable identifier, `<area>/<slug>`.
    pub id: FindingId,
    /// Its weight; the catalogue's unless the finder knows better.
    pub severity: Severity,
    /// What and where, lowercase, names in backticks, no final period.
    pub message: String,
    /// The place in the project, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub location: Option<Location>,
    /// The lines that prove it, most telling first.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// Why it fails and what to change.
    pub resolution: String,
    /// Exact commands or settings, one each.
    #[serde(default)]
    pub hints: Vec<String>,
    /// A change that mends it with certainty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<Fix>,
    /// What deployfix does or did about it by itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recovery: Option<String>,
}

impl Finding {
    /// A finding of the catalogue's severity.
    pub fn new(id: FindingId, message: impl Into<String>, resolution: impl Into<String>) -> Self {
        Self {
            id,
            severity: id.severity(),
            message: message.into(),
            location: None,
            evidence: Vec::new(),
            resolution: resolution.into(),
            hints: Vec::new(),
            fix: None,
            recovery: None,
        }
    }

    /// Sets the weight.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Sets the place.
    #[must_use]
    pub fn location(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds one line of proof.
    #[must_use]
    pub fn evidence(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// Adds one exact command or setting.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says what deployfix does about it by itself.
    #[must_use]
    pub fn recovery(mut self, recovery: impl Into<String>) -> Self {
        self.recovery = Some(recovery.into());
        self
    }

    /// Attaches the change that mends it with certainty.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether it stops a deployment.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
