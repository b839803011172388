//! `.env` files as `@next/env` reads them: dotenv 16.3 as bundled with Next.js 13.4 to 16.4.
//!
//! The format is what that parser's regular expression accepts, accidents included, so the
//! same expression is used here, with JavaScript's idea of white space written out.

use std::sync::LazyLock;

use regex::Regex;

use super::problem::{Problem, ProblemKind};

/// JavaScript's `\s`; Rust's differs in U+0085 and U+FEFF.
const SPACE: &str = r"\t\n\x0B\x0C\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

#[expect(clippy::expect_used, reason = "a constant pattern that every test compiles")]
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    let source = r#"(?m)^[S]*(?:export[S]+)?([A-Za-z0-9_.-]+)(?:[S]*=[S]*?|:[S]+?)([S]*'(?:\\'|[^'])*'|[S]*"(?:\\"|[^"])*"|[S]*`(?:\\`|[^`])*`|[^#\r\n]+)?[S]*(?:#[^\n\r\u{2028}\u{2029}]*)?$"#;
    Regex::new(&source.replace("[S]", &format!("[{SPACE}]"))).expect("a valid pattern")
});

/// An assignment inside a quoted value: the quote was meant to end before it.
#[expect(clippy::expect_used, reason = "a constant pattern that every test compiles")]
static SWALLOWED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(?:export\s+)?[A-Z][A-Z0-9]*_[A-Z0-9_]*=[^=\n]").expect("a valid pattern")
});

/// What a file says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dotenv {
    /// The assignments, in the order of the file; the last of a name counts.
    pub entries: Vec<Entry>,
    /// What is not read as it was meant.
    pub problems: Vec<Problem>,
}

/// One assignment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The variable.
    pub name: String,
    /// The value without its quotes and with `\n` resolved, before `$` is expanded.
    pub value: String,
    /// Line of the name, from 1.
    pub line: u64,
}

/// Values of `.env` files are secrets more often than not.
impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}=*** (line {})", self.name, self.line)
    }
}

pub(super) fn is_space(character: char) -> bool {
    character != '\u{85}' && (character.is_whitespace() || character == '\u{feff}')
}

/// Reads the text of a `.env` file.
pub(crate) fn parse(text: &str) -> Dotenv {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut dotenv = Dotenv::default();
    let mut lines = Lines { text: &text, offset: 0, line: 1 };
    let mut unread_from = 0;
    let mut continued = false;
    for captures in LINE.captures_iter(&text) {
        let (Some(whole), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
        let gap = text.get(unread_from..whole.start()).unwrap_or_default();
        unread(gap, &mut lines, unread_from, &mut continued, &mut dotenv.problems);
        unread_from = whole.end();
        let line = lines.at(name.start());
        let raw = captures.get(2).map_or("", |group| group.as_str());
        let value = value(raw);
        let after = captures.get(2).map_or(name.end(), |group| group.end());
        let rest = text.get(after..whole.end()).unwrap_or_default();
        let name = name.as_str();
        if let Some(kind) = misread(name, raw, &value, rest) {
            continued = matches!(kind, ProblemKind::UnquotedLines { .. });
            dotenv.problems.push(Problem { line: Some(line), kind });
        }
        dotenv.entries.push(Entry { name: name.to_owned(), value, line });
    }
    let gap = text.get(unread_from..).unwrap_or_default();
    unread(gap, &mut lines, unread_from, &mut continued, &mut dotenv.problems);
    dotenv
}

/// The value that the parser makes of what stands after `=`.
fn value(raw: &str) -> String {
    let trimmed = raw.trim_matches(is_space);
    let value = unquote(trimmed);
    if trimmed.starts_with('"') { value.replace("\\n", "\n").replace("\\r", "\r") } else { value }
}

/// ``replace(/^(['"`])([\s\S]*)\1$/gm, "$2")``: per line start, up to the last such quote at a line end.
fn unquote(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
        if let Some((quote, inner)) = quote.and_then(|quote| Some((quote, rest.get(1..)?))) {
            let closing = inner.rmatch_indices(quote).map(|(index, _)| index).find(|index| {
                inner
                    .get(index + 1..)
                    .is_some_and(|after| after.is_empty() || after.starts_with('\n'))
            });
            if let Some(closing) = closing {
                result.push_str(inner.get(..closing).unwrap_or_default());
                rest = inner.get(closing + 1..).unwrap_or_default();
            }
        }
        let Some(end) = rest.find('\n') else {
            result.push_str(rest);
            return result;
        };
        let (line, next) = rest.split_at(end + 1);
        result.push_str(line);
        rest = next;
    }
}

/// Whether an assignment that is read means something else than it looks.
fn misread(name: &str, raw: &str, value: &str, rest: &str) -> Option<ProblemKind> {
    let name = name.to_owned();
    let trimmed = raw.trim_matches(is_space);
    let quote = trimmed.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'));
    match quote {
        Some(quote)
            if value.starts_with(quote) && trimmed.get(1..).unwrap_or_default() != value =>
        {
            let closed = trimmed.get(1..).is_some_and(|inner| inner.contains(quote));
            Some(if closed {
                ProblemKind::TextAfterQuote { name }
            } else {
                ProblemKind::UnclosedQuote { name }
            })
        }
        Some(_) => {
            let (_, inner) = trimmed.split_once('\n')?;
            SWALLOWED.is_match(inner).then_some(ProblemKind::SwallowedLines { name })
        }
        None if trimmed.starts_with("-----BEGIN") => Some(ProblemKind::UnquotedLines { name }),
        None => {
            // Without a value, `rest` still holds the `=`.
            let rest = if raw.is_empty() {
                rest.trim_start_matches(is_space).strip_prefix('=')?
            } else {
                rest
            };
            let tight = !raw.ends_with(is_space);
            let commented = rest.strip_prefix('#')?;
            (tight && commented.starts_with(|c: char| !is_space(c) && c != '#'))
                .then_some(ProblemKind::CutAtHash { name })
        }
    }
}

/// Reports the lines that are no assignment and no comment; never their text, which may be a
/// secret. While `continued`, they are the rest of a multi-line value: one problem, not many.
fn unread(
    gap: &str,
    lines: &mut Lines<'_>,
    start: usize,
    continued: &mut bool,
    problems: &mut Vec<Problem>,
) {
    let mut offset = start;
    for text in gap.split_inclusive('\n') {
        let line = lines.at(offset);
        offset += text.len();
        let text = text.trim_matches(is_space);
        if text.starts_with("-----END") {
            *continued = false;
            continue;
        }
        if text.is_empty() || text.starts_with('#') || *continued {
            continue;
        }
        let kind = if text.starts_with("<<<<<<<") || text.starts_with(">>>>>>>") {
            ProblemKind::MergeConflict
        } else if text.chars().all(|c| c == '=') {
            continue;
        } else if text.contains('=') {
            ProblemKind::InvalidName
        } else {
            ProblemKind::NoEquals
        };
        problems.push(Problem { line: Some(line), kind });
    }
}

/// Counts lines forward through the text.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> u64 {
        if let Some(passed) = self.text.get(self.offset..offset) {
            self.line += passed.bytes().filter(|byte| *byte == b'\n').count() as u64;
            self.offset = offset;
        }
        self.line
    }
}
