use serde::Deserialize;

use super::Stage;
use crate::{config::OwnSignature, report::FindingId};

/// One way in which a tool says what went wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Signature {
    /// Unique among signatures.
    pub(crate) name: String,
    pub(crate) id: FindingId,
    /// Which tool says so, and of which versions: `npm >=7`. A log of another version of the tool is left alone.
    #[serde(default)]
    pub(crate) tool: Option<String>,
    /// Where it may be said; anywhere when empty.
    #[serde(default)]
    pub(crate) stages: Vec<Stage>,
    /// The only exit code that it may come with, where one is known.
    #[serde(default)]
    pub(crate) exit: Option<i32>,
    /// Where the error that caused it stands.
    #[serde(default)]
    pub(crate) cause: Option<Side>,
    /// Lower is nearer to the cause; of equals the first in the log wins.
    pub(crate) rank: u32,
    /// Names of signatures that are consequences of this one, whatever their rank.
    #[serde(default)]
    pub(crate) outranks: Vec<String>,
    /// Whether the words alone prove that the command failed. Where they do not, they count only in a log that shows a failure.
    #[serde(default = "yes")]
    pub(crate) terminal: bool,
    /// Whether it may be the cause of the failure of a later command; else what was overcome is forgotten.
    #[serde(default)]
    pub(crate) crosses: bool,
    /// Multi-line patterns over the cleaned log, any of which will do; named captures fill the texts.
    #[serde(rename = "pattern")]
    pub(crate) patterns: OneOrMany,
    /// Looked for behind the match only, for more captures.
    #[serde(default)]
    pub(crate) detail: Option<String>,
    /// One of these texts stands before the match.
    #[serde(default)]
    pub(crate) after: Vec<String>,
    pub(crate) message: String,
    pub(crate) resolution: String,
    #[serde(default)]
    pub(crate) hints: Vec<String>,
    /// Logs it must recognise.
    #[serde(rename = "example")]
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the table's test"))]
    pub(crate) examples: OneOrMany,
    /// Logs it must leave alone.
    #[serde(rename = "counterexample", default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the table's test"))]
    pub(crate) counterexamples: OneOrMany,
}

impl Signature {
    /// Of the project.
    pub(super) fn of(own: &OwnSignature) -> Self {
        Self {
            name: own.name.clone(),
            id: own.id,
            tool: None,
            stages: Vec::new(),
            exit: None,
            cause: None,
            rank: OWN_RANK,
            outranks: Vec::new(),
            terminal: own.terminal,
            crosses: false,
            patterns: OneOrMany::One(own.pattern.clone()),
            detail: None,
            after: Vec::new(),
            message: own.message.clone(),
            resolution: own.resolution.clone(),
            hints: own.hints.clone(),
            examples: OneOrMany::default(),
            counterexamples: OneOrMany::default(),
        }
    }
}

/// Behind memory and disk, before everything else that is known.
const OWN_RANK: u32 = 15;

const fn yes() -> bool {
    true
}

/// One text, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    pub(crate) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// Which side of the match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    /// Before it.
    Above,
    /// Behind it.
    Below,
}
