//! What is wrong with a `.env` file, and what to do about it.

use crate::report::{Finding, FindingId, Location, Severity};

/// A problem of a `.env` file and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) line: Option<u64>,
    pub(crate) kind: ProblemKind,
}

/// What Next.js reads differently from how it looks. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProblemKind {
    #[error("`{file}` cannot be read: {reason}")]
    Unreadable { file: String, reason: String },
    #[error("`{file}` is a directory")]
    Directory { file: String },
    #[error("`{file}` is larger than 1 MB")]
    TooLarge { file: String },
    #[error("`{file}` is UTF-16, which Next.js reads as garbage")]
    Utf16 { file: String },
    #[error("the file is not UTF-8 text")]
    NotUtf8,
    #[error("a merge conflict is not resolved")]
    MergeConflict,
    #[error("a line without `=` is ignored")]
    NoEquals,
    #[error("an assignment is ignored: what stands before `=` is no name")]
    InvalidName,
    #[error("the quote that begins the value of `{name}` is not closed")]
    UnclosedQuote { name: String },
    #[error("text follows the closing quote of `{name}`")]
    TextAfterQuote { name: String },
    #[error("the value of `{name}` has several lines and no quotes")]
    UnquotedLines { name: String },
    #[error("the quoted value of `{name}` contains further assignments")]
    SwallowedLines { name: String },
    #[error("the value of `{name}` is cut at `#`")]
    CutAtHash { name: String },
    #[error("the value of `{name}` refers to itself, so Next.js ignores the whole file")]
    Endless { name: String },
    #[error("a `$` in the value of `{name}` is read as a variable that is not set")]
    UnsetReference { name: String },
    #[error("Next.js expands the `$` in the value that the environment gives `{name}`")]
    ExpandedProcess { name: String },
    #[error("the block that deployfix writes into `{file}` is damaged")]
    Damaged { file: String },
    #[error("`{file}` is read-only")]
    ReadOnly { file: String },
    #[error("`{file}` cannot be written: {reason}")]
    Unwritable { file: String, reason: String },
    #[error("variables added to `{file}` would change what its other lines mean")]
    Entangled { file: String },
}

impl ProblemKind {
    /// The problem in a line.
    pub(crate) fn at(self, line: u64) -> Problem {
        Problem { line: Some(line), kind: self }
    }

    /// The problem of the file as a whole.
    pub(crate) fn whole(self) -> Problem {
        Problem { line: None, kind: self }
    }

    fn is_error(&self) -> bool {
        matches!(
            self,
            Self::Endless { .. }
                | Self::Damaged { .. }
                | Self::ReadOnly { .. }
                | Self::Unwritable { .. }
                | Self::Entangled { .. }
        )
    }

    fn resolution(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "Next.js goes on without the file; make it readable",
            Self::Directory { .. } => "Next.js skips it; variables are read from files only",
            Self::TooLarge { .. } => {
                "no file of variables is that large, and deployfix did not read it"
            }
            Self::Utf16 { .. } => {
                "Windows tools write UTF-16 when their output is redirected; save it as UTF-8"
            }
            Self::NotUtf8 => "Next.js replaces what it cannot decode; save the file as UTF-8",
            Self::MergeConflict => {
                "both sides are read and the last assignment wins; keep one side and remove the marker lines"
            }
            Self::NoEquals => {
                "Next.js reads only `NAME=value`; add the `=`, or a `#` in front of a comment"
            }
            Self::InvalidName => {
                "a name has letters, digits, `_`, `.` and `-`; correct it, or quote the value of the line before if this line belongs to it"
            }
            Self::UnclosedQuote { .. } => {
                "the quote becomes part of the value; close it on this line, or after the last line of the value"
            }
            Self::TextAfterQuote { .. } => {
                "the quotes then become part of the value; remove the text, or begin it with ` #`"
            }
            Self::UnquotedLines { .. } => {
                "only the first line is read; put the value into double quotes"
            }
            Self::SwallowedLines { .. } => {
                "those variables are not set, as the value ends only at the next quote; close the quote where the value ends"
            }
            Self::CutAtHash { .. } => "an unquoted value ends at `#`; put it into quotes",
            Self::Endless { .. } => {
                "Next.js runs out of stack while expanding it and loads nothing from this file; write `\\$` for a literal dollar"
            }
            Self::UnsetReference { .. } => {
                "the reference is replaced by nothing; write `\\$` for a literal dollar, also inside single quotes"
            }
            Self::ExpandedProcess { .. } => {
                "a `.env` file names the variable too, and Next.js then expands `$` even in the environment's value; remove the line from the file"
            }
            Self::Damaged { .. } => {
                "its markers are not one pair, so that replacing it could destroy other lines; remove the lines between and including them"
            }
            Self::ReadOnly { .. } => "runtime variables are written there; make it writable",
            Self::Unwritable { .. } => {
                "runtime variables are written there; make the file and its directory writable"
            }
            Self::Entangled { .. } => "a quote before the end of the file is not closed; close it",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::CutAtHash { name } => Some(format!("write `{name}=\"…#…\"`")),
            Self::UnquotedLines { name } => Some(format!("write `{name}=\"-----BEGIN …\\n…\"`")),
            Self::Damaged { file } => Some(format!(
                "remove the lines with `>>> deployfix` and `<<< deployfix` from `{file}`"
            )),
            Self::ReadOnly { file } => Some(format!("chmod u+w {file}")),
            _ => None,
        }
    }
}

impl Problem {
    /// The problem as a finding about `path`, relative to the app root.
    pub(crate) fn into_finding(self, path: &str) -> Finding {
        let location = Location::line(path, self.line);
        let severity = if self.kind.is_error() { Severity::Error } else { Severity::Warning };
        let mut finding =
            Finding::new(FindingId::EnvFileInvalid, self.kind.to_string(), self.kind.resolution())
                .severity(severity)
                .location(location);
        finding.hints.extend(self.kind.hint());
        finding
    }
}
