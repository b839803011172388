//! A log as its tool wrote it: without colours and platform framing.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "constant patterns; the tests compile them")]
static ESCAPES: LazyLock<Regex> = LazyLock::new(|| {
    // CSI sequences, then operating system commands (links, titles).
    Regex::new(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)").unwrap()
});

#[expect(clippy::unwrap_used, reason = "constant patterns; the tests compile them")]
static FRAMING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z? \[(?:INFO|WARNING|ERROR|HELP)\]: |^ {33}|\r$")
        .unwrap()
});

/// Removes terminal escapes, Amplify's line prefixes and carriage returns. Line numbers stay.
pub(super) fn clean(log: &str) -> String {
    let plain: Cow<'_, str> = ESCAPES.replace_all(log, "");
    FRAMING.replace_all(&plain, "").into_owned()
}

/// Number, from 1, of the line that holds the byte.
pub(super) fn line_number(text: &str, byte: usize) -> u64 {
    memchr::memchr_iter(b'\n', &text.as_bytes()[..byte]).count() as u64 + 1
}

/// The line that holds the byte.
pub(super) fn line_at(text: &str, byte: usize) -> &str {
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[..byte]).map_or(0, |index| index + 1);
    let end = memchr::memchr(b'\n', &bytes[byte..]).map_or(text.len(), |index| byte + index);
    text[start..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_framing_go_and_lines_stay() {
        let log = "2025-10-08T22:22:34.059Z [WARNING]: \x1b[31mnpm error\x1b[0m code E404\r\n                                 npm error 404\n";
        assert_eq!(clean(log), "npm error code E404\nnpm error 404\n");
        let plain = clean(log);
        assert_eq!(line_number(&plain, plain.find("npm error 404").unwrap()), 2);
        assert_eq!(line_at(&plain, 3), "npm error code E404");
    }
}
