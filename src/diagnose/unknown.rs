//! What is quoted of a failure that nobody knows.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Lines that are quoted.
const QUOTED_LINES: usize = 6;
/// Bytes of a line that are quoted.
const LONGEST_QUOTE: usize = 500;

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quoted {
    /// From 1.
    pub(crate) line: u64,
    pub(crate) text: String,
}

impl Quoted {
    pub(super) fn new(line: u64, bytes: &[u8]) -> Self {
        let cut = &bytes[..bytes.len().min(LONGEST_QUOTE)];
        let mut text = String::from_utf8_lossy(cut).trim_end().to_owned();
        if cut.len() < bytes.len() {
            // A character may have been cut in two.
            text.truncate(text.trim_end_matches(char::REPLACEMENT_CHARACTER).len());
            text.push('…');
        }
        Self { line, text }
    }
}

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by the tests")]
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?m-u)^[ \t]*(?:error\b|Error\b|ERROR\b|npm ERR!|fatal\b|FATAL\b|Failed\b|FAILED\b|\xE2\xA8\xAF|\xE2\x9C\x97|Traceback|panic:|Unhandled)|^[^\n]*(?:Error: |error: |Exception: )",
    )
    .expect("the pattern compiles")
});

/// The lines from the first error between two bytes on; `number` tells the line of a byte.
pub(super) fn first_error_block(
    text: &[u8],
    begin: usize,
    end: usize,
    number: impl Fn(usize) -> u64,
) -> Vec<Quoted> {
    let Some(found) = ERROR.find(&text[begin..end]) else { return Vec::new() };
    let start = begin + found.start();
    let first = number(start);
    let lines = text[start..].split(|byte| *byte == b'\n').take(QUOTED_LINES);
    let block = lines.enumerate().take_while(|(index, line)| {
        let line = line.trim_ascii();
        *index == 0 || !line.is_empty() && !line.starts_with(b"at ") && !is_of_the_runner(line)
    });
    block.map(|(index, line)| Quoted::new(first + index as u64, line)).collect()
}

/// The last lines of a text that say something.
pub(super) fn last_lines(text: &[u8], number: impl Fn(usize) -> u64) -> Vec<Quoted> {
    let mut lines = Vec::new();
    let mut end = text.len();
    while end > 0 && lines.len() < QUOTED_LINES {
        let start = memchr::memrchr(b'\n', &text[..end - 1]).map_or(0, |at| at + 1);
        let line = text[start..end].trim_ascii_end();
        if !line.trim_ascii().is_empty() && !is_of_the_runner(line) {
            lines.push(Quoted::new(number(start), line));
        }
        end = start;
    }
    lines.reverse();
    lines
}

/// Neither the echo of a command nor the words about its end tell why.
fn is_of_the_runner(line: &[u8]) -> bool {
    [&b"!!! "[..], b"# Executing command: ", b"##[error]Process completed"]
        .iter()
        .any(|mark| line.starts_with(mark))
}
