//! Everything that can be wrong with deployfix.yml, and what to do about it.

use super::node::Position;
use crate::report::{Finding, FindingId, Location};

/// A problem and its place.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) kind: Box<InvalidKind>,
    pub(crate) position: Option<Position>,
}

/// A problem of deployfix.yml. Names of keys are full paths: `build.memory`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidKind {
    #[error("`{file}` does not exist")]
    Missing { file: String },
    #[error("`{first}` and `{second}` both exist")]
    Two { first: String, second: String },
    #[error("`{file}` cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("`{file}` is a directory")]
    Directory { file: String },
    #[error("`{file}` is larger than 1 MB")]
    TooLarge { file: String },
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    #[error("the file is UTF-16, not UTF-8")]
    Utf16,
    #[error("a merge conflict is not resolved")]
    MergeConflict,
    #[error("tab used for indentation")]
    Tab,
    #[error("not valid YAML: {problem}")]
    Syntax { problem: String },
    #[error("a second YAML document begins here")]
    SecondDocument,
    #[error("nested too deeply, or too many aliases")]
    TooComplex,
    #[error("a key must be text")]
    KeyNotText,
    #[error("the merge key `<<` is not supported")]
    MergeKey,
    #[error("the tag `{tag}` is not supported")]
    Tag { tag: String },
    #[error("key `{key}` is given twice, first in line {first}")]
    DuplicateKey { key: String, first: u64 },
    #[error("unknown key `{key}`{}", within(place))]
    UnknownKey {
        key: String,
        place: String,
        known: &'static [&'static str],
        similar: Option<String>,
    },
    #[error("`{key}` is not allowed in a branch's overrides")]
    NotInBranch { key: String },
    #[error("`{key}` is missing{}", within(place))]
    MissingKey { key: &'static str, place: String, example: &'static str },
    #[error("`{key}` must be {expected}, not {found}")]
    Value { key: String, expected: String, found: String, example: String, similar: Option<String> },
    #[error("version `{found}` of deployfix.yml is not known")]
    Version { found: String },
    #[error("`{key}` is not a regular expression: {problem}")]
    Pattern { key: String, problem: String },
    #[error("the default of `{name}` {problem}")]
    Default { name: String, problem: String },
    #[error("`{name}` is no name of an environment variable")]
    VariableName { name: String },
    #[error("`{key}` and `{other}` contradict each other")]
    Contradiction { key: String, other: String, resolution: &'static str },
    #[error("`{glob}` is no pattern of branch names")]
    BranchGlob { glob: String },
    #[error("unknown finding id `{id}` in `{key}`")]
    UnknownId { id: String, key: String, similar: Option<String> },
}

fn within(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!(" in `{place}`") }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl InvalidKind {
    /// The problem at a place.
    pub(crate) fn at(self, position: Position) -> Invalid {
        Invalid { kind: Box::new(self), position: Some(position) }
    }

    /// The problem of the file as a whole.
    pub(crate) fn whole(self) -> Invalid {
        Invalid { kind: Box::new(self), position: None }
    }

    fn resolution(&self) -> String {
        match self {
            Self::Missing { .. } => {
                "the file was named on the command line, so its settings are wanted; correct the path".into()
            }
            Self::Two { .. } => "only one of them can hold the settings; delete the other".into(),
            Self::Unreadable { .. } => "make the file readable for the user that runs deployfix".into(),
            Self::Directory { .. } => "settings are read from a file; rename the directory".into(),
            Self::TooLarge { .. } => {
                "no settings file is that large; is this another file?".into()
            }
            Self::NotUtf8 | Self::Utf16 => "save the file as UTF-8".into(),
            Self::MergeConflict => {
                "keep one side of the conflict and remove the lines with `<<<<<<<`, `=======` and `>>>>>>>`".into()
            }
            Self::Tab => "YAML allows only spaces for indentation; replace the tab by spaces".into(),
            Self::Syntax { .. } => "correct the YAML at this place".into(),
            Self::SecondDocument => {
                "only one document is read, so the second would be ignored; remove the `---` line".into()
            }
            Self::TooComplex => "write the settings out without nested aliases".into(),
            Self::KeyNotText => "a list or a mapping cannot name a setting; write a plain key".into(),
            Self::MergeKey => "YAML 1.2 has no merge keys; write the entries out".into(),
            Self::Tag { .. } => "only YAML's own types are read; remove the tag".into(),
            Self::DuplicateKey { .. } => "only one of the two can count; remove the other".into(),
            Self::UnknownKey { known, .. } => format!(
                "unknown keys are refused, so that a typing error cannot switch a setting off; known here: {}",
                listed(known)
            ),
            Self::NotInBranch { .. } => "write it at the top level of the file".into(),
            Self::MissingKey { .. } => "every entry needs it".into(),
            Self::Value { .. } => "change the value to the expected form".into(),
            Self::Version { .. } => {
                "this deployfix reads version 1; a newer version needs a newer deployfix".into()
            }
            Self::Pattern { .. } => {
                "the syntax is that of Rust's `regex` crate: as in JavaScript, without look-around and back-references".into()
            }
            Self::Default { .. } => {
                "a default must itself fit the declaration, or every use of it would fail; change one of them".into()
            }
            Self::VariableName { .. } => {
                "a name has letters, digits and `_`, and does not begin with a digit".into()
            }
            Self::Contradiction { resolution, .. } => (*resolution).into(),
            Self::BranchGlob { .. } => {
                "a pattern is a branch name with `*` (within a path segment), `**` (across segments) and `?`".into()
            }
            Self::UnknownId { .. } => {
                "an entry that ignores nothing hides a mistake; use the id as the report prints it".into()
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { similar: Some(similar), .. }
            | Self::Value { similar: Some(similar), .. }
            | Self::UnknownId { similar: Some(similar), .. } => {
                Some(format!("did you mean `{similar}`?"))
            }
            Self::Value { example, .. } => Some(format!("write `{example}`")),
            Self::MissingKey { example, .. } => Some(format!("add `{example}`")),
            Self::Version { .. } => Some("write `version: 1`".into()),
            Self::BranchGlob { .. } => Some("write `\"release/*\": …`".into()),
            Self::Syntax { problem } if problem.contains("alias") || problem.contains("anchor") => {
                Some("a value or key that begins with `*` or `&` needs quotes: `\"*\"`".into())
            }
            _ => None,
        }
    }
}

impl Invalid {
    /// The problem as a finding about `path`, relative to the app root.
    pub(crate) fn into_finding(self, path: &str) -> Finding {
        let location = match self.position {
            Some(position) => Location::at(path, position.line, position.column),
            None => Location::file(path),
        };
        let mut finding = Finding::new(
            FindingId::DeployfixInvalid,
            self.kind.to_string(),
            self.kind.resolution(),
        )
        .location(location);
        finding.hints.extend(self.kind.hint());
        finding
    }
}

/// The known word nearest to a mistyped one, when it is near enough to be meant.
pub(crate) fn similar<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let plain = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wanted = plain(word);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.chars().count() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}
