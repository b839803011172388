//! Lines that a terminal cut into several, as they stand in a log that was copied from its window.

use std::collections::BTreeSet;

/// Columns of the windows that people copy from.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=250;
/// So many different lines end at the last column, and none is longer, where a window was the reason.
const FULL_LINES: usize = 3;

/// Columns after which the lines of a log were cut, if they were.
pub(super) fn wrapping_width(log: &[u8]) -> Option<usize> {
    let mut width = 0;
    let mut full = BTreeSet::new();
    let mut split_words = 0;
    let mut lines = log.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let columns = columns(line);
        if columns > *WIDTHS.end() {
            return None;
        }
        if columns > width {
            (width, split_words) = (columns, 0);
            full.clear();
        }
        // A rule is as long as its tool likes; of equal lines nothing is learned.
        if columns == width && !is_rule(line) && full.insert(line) {
            split_words += usize::from(lines.peek().is_some_and(|next| is_within_word(line, next)));
        }
    }
    (WIDTHS.contains(&width) && full.len() >= FULL_LINES && split_words * 2 >= full.len())
        .then_some(width)
}

/// Characters of a line.
pub(super) fn columns(line: &[u8]) -> usize {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

fn is_rule(line: &[u8]) -> bool {
    !line.iter().any(u8::is_ascii_alphanumeric)
}

fn is_within_word(line: &[u8], next: &[u8]) -> bool {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-@:'\"(),".contains(byte);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.last().is_some_and(is_of_word) && next.first().is_some_and(is_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: usize) -> String {
        let mut lines = Vec::new();
        for line in text.lines() {
            let characters: Vec<_> = line.chars().collect();
            if characters.is_empty() {
                lines.push(String::new());
            }
            lines.extend(characters.chunks(width).map(|part| part.iter().collect()));
        }
        lines.join("\n")
    }

    const LOG: &str = "npm warn deprecated rimraf@3.0.2: Rimraf versions prior to v4 are no longer supported, see its page\n\
        npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported and must be replaced\n\
        Type error: Property 'title' does not exist on type '{ name: string; description: string; price: number; }'.\n";

    #[test]
    fn a_window_cuts_several_lines_at_one_column() {
        assert_eq!(wrapping_width(wrapped(LOG, 80).as_bytes()), Some(80));
        assert_eq!(wrapping_width(wrapped(LOG, 72).replace('\n', "\r\n").as_bytes()), Some(72));
        assert_eq!(wrapping_width(LOG.as_bytes()), None);
        assert_eq!(wrapping_width(b""), None);
    }

    #[test]
    fn rules_repetitions_and_tables_are_no_window() {
        let rule = format!("{}\nError: x\n", "─".repeat(80));
        assert_eq!(wrapping_width(rule.repeat(5).as_bytes()), None);
        let repeated = format!("{}\nx\n", "a".repeat(80));
        assert_eq!(wrapping_width(repeated.repeat(5).as_bytes()), None);
        let table = [1, 2, 3, 4].map(|number| format!("├ ○ /page/{number}{number:>60} kB\n"));
        assert_eq!(wrapping_width(table.concat().as_bytes()), None);
    }
}
