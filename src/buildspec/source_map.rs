//! From a piece of a scalar's value back to the text that it was read from.

use std::ops::Range;

use super::node::{Place, Spanned};

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    is_ascii: bool,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let after_breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|index| index + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        Self { text, starts, is_ascii: text.is_ascii() }
    }

    /// The place of a range of bytes.
    pub(crate) fn place(&self, range: Range<usize>) -> Place {
        let line = self.starts.partition_point(|start| *start <= range.start).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start..range.start).unwrap_or_default();
        let column = if self.is_ascii { before.len() } else { before.chars().count() };
        Place {
            line: line as u64 + 1,
            column: column as u64 + 1,
            start: range.start,
            end: range.end,
        }
    }
}

/// A run of a value and the run of the text that it was read from.
#[derive(Debug, Clone, Copy)]
struct Run {
    value: usize,
    source: usize,
    length: usize,
    /// Bytes of the text; differs from `length` for an escape.
    source_length: usize,
}

/// The way from one scalar's value to the text.
///
/// YAML keeps every character of a scalar that is not white space, in every style, except where a quoted one escapes.
/// So the two are laid side by side, and white space between two characters stands wherever the text has it.
#[derive(Debug, Default)]
pub(crate) struct SourceMap {
    runs: Vec<Run>,
}

impl SourceMap {
    /// Lays a value beside its text; nothing where they do not match, as under an alias.
    pub(crate) fn new(scalar: &Spanned<String>, text: &str) -> Option<Self> {
        let place = scalar.place;
        let slice = text.get(place.start..place.end)?;
        let aligned = |body, start, quote| Alignment::new(body, start, quote).run(&scalar.value);
        let within = |mark: char| slice.strip_prefix(mark)?.strip_suffix(mark);
        let single = || aligned(within('\'')?, place.start + 1, Quote::Single);
        let double = || aligned(within('"')?, place.start + 1, Quote::Double);
        // A block scalar may begin with a quotation mark of its own.
        let unquoted = || aligned(slice, place.start, Quote::None);
        single().or_else(double).or_else(unquoted).map(|runs| Self { runs })
    }

    /// The bytes of the text for a range of bytes of the value.
    pub(crate) fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = self.character(range.start)?.start;
        let end = match range.end.checked_sub(1).filter(|last| *last >= range.start) {
            Some(last) => self.character(last)?.end,
            None => start,
        };
        (start <= end).then_some(start..end)
    }

    /// The bytes of the text for one byte of the value.
    fn character(&self, offset: usize) -> Option<Range<usize>> {
        let index = self.runs.partition_point(|run| run.value <= offset).checked_sub(1)?;
        let run = self.runs.get(index)?;
        let inside = offset - run.value;
        if inside >= run.length {
            // White space that the text writes otherwise: right after what precedes it.
            let end = run.source + run.source_length;
            return Some(end..end);
        }
        if run.length != run.source_length {
            return Some(run.source..run.source + run.source_length);
        }
        Some(run.source + inside..run.source + inside + 1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
}

struct Alignment<'a> {
    body: &'a str,
    offset: usize,
    quote: Quote,
    runs: Vec<Run>,
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

impl<'a> Alignment<'a> {
    fn new(body: &'a str, offset: usize, quote: Quote) -> Self {
        Self { body, offset, quote, runs: Vec::new() }
    }

    fn run(mut self, value: &str) -> Option<Vec<Run>> {
        let mut at = 0;
        for (index, character) in value.char_indices() {
            if is_space(character) {
                // The same character, as long as the text has it here.
                if self.body[at..].starts_with(character) {
                    self.push(index, at, 1, 1);
                    at += 1;
                }
                continue;
            }
            loop {
                let (found, length) = self.next(at)?;
                if found == Some(character) {
                    self.push(index, at, character.len_utf8(), length);
                    at += length;
                    break;
                }
                if !found.is_none_or(is_space) {
                    return None;
                }
                at += length;
            }
        }
        // Nothing but white space may be left.
        while at < self.body.len() {
            let (found, length) = self.next(at)?;
            if !found.is_none_or(is_space) {
                return None;
            }
            at += length;
        }
        Some(self.runs)
    }

    /// What stands at a byte of the text, and how many bytes it takes.
    fn next(&self, at: usize) -> Option<(Option<char>, usize)> {
        let rest = self.body.get(at..)?;
        let character = rest.chars().next()?;
        match (self.quote, character) {
            (Quote::Single, '\'') => rest.starts_with("''").then_some((Some('\''), 2)),
            (Quote::Double, '\\') => escape(rest),
            _ => Some((Some(character), character.len_utf8())),
        }
    }

    fn push(&mut self, value: usize, at: usize, length: usize, source_length: usize) {
        let source = self.offset + at;
        if let Some(last) = self.runs.last_mut()
            && last.length == last.source_length
            && length == source_length
            && last.value + last.length == value
            && last.source + last.length == source
        {
            last.length += length;
            last.source_length += length;
        } else {
            self.runs.push(Run { value, source, length, source_length });
        }
    }
}

/// The escape at the beginning of a double-quoted text.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let letter = rest[1..].chars().next()?;
    let simple = |character| Some((Some(character), 2));
    let digits = |count: usize| {
        let code = u32::from_str_radix(rest.get(2..2 + count)?, 16).ok()?;
        Some((Some(char::from_u32(code)?), 2 + count))
    };
    match letter {
        '\n' => Some((None, 2)),
        '\r' => Some((None, if rest.starts_with("\\\r\n") { 3 } else { 2 })),
        'n' | 'N' | 'L' | 'P' => simple(match letter {
            'n' => '\n',
            'N' => '\u{85}',
            'L' => '\u{2028}',
            _ => '\u{2029}',
        }),
        't' | '\t' => simple('\t'),
        'r' => simple('\r'),
        '0' => simple('\0'),
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'v' => simple('\u{b}'),
        'f' => simple('\u{c}'),
        'e' => simple('\u{1b}'),
        '_' => simple('\u{a0}'),
        ' ' | '"' | '/' | '\\' => simple(letter),
        'x' => digits(2),
        'u' => digits(4),
        'U' => digits(8),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::buildspec::parse::parse;

    /// The first item of the list `a`, and the text of every word of its value.
    fn words(text: &str) -> Vec<(String, Option<String>)> {
        let root = parse(text).unwrap();
        let item = &root.value.entries()[0].1.value.items()[0];
        let value = item.value.as_str().unwrap().to_owned();
        let scalar = Spanned { value: value.clone(), place: item.place };
        let map = SourceMap::new(&scalar, text);
        value
            .split_whitespace()
            .map(|word| {
                let start = word.as_ptr() as usize - value.as_ptr() as usize;
                let range = map.as_ref().and_then(|map| map.source(start..start + word.len()));
                (word.to_owned(), range.map(|range| text[range].to_owned()))
            })
            .collect()
    }

    /// The item in one of YAML's styles.
    fn rendered(lines: &[Vec<String>], style: usize) -> String {
        let joined = |separator: &str| {
            lines.iter().map(|line| line.join(" ")).collect::<Vec<_>>().join(separator)
        };
        match style {
            0 => format!("a:\n  - '{}'\n", joined("\n    ").replace('\'', "''")),
            1 => {
                let escaped = joined(" ").replace('\\', "\\\\").replace('"', "\\\"");
                format!("a:\n  - \"{}\"\n  - b\n", escaped.replace(' ', "\\\n     \\ "))
            }
            2 => format!("a:\r\n  - |-\r\n    {}\r\n", joined("\r\n      ")),
            3 => format!("a:\n  - |2+\n    {}\n\n", joined("\n    ")),
            4 => format!("a:\n  - > # note\n\n    {}\n  - b\n", joined("\n    ")),
            5 => format!("a:\n-\n  >-\n  {}\n", joined("\n\n   ")),
            6 => format!("a: ['{}', b]\n", joined(" \n  ").replace('\'', "''")),
            _ => format!("a:\n  - x{}\n  - b\n", joined("\n\n     x")),
        }
    }

    proptest! {
        #[test]
        fn a_word_stands_where_the_map_says(
            lines in proptest::collection::vec(
                proptest::collection::vec("[a-zé'\"$|&\\\\()=.-]{1,6}", 1..5), 1..4),
            style in 0_usize..8,
        ) {
            let text = rendered(&lines, style);
            for (word, source) in words(&text) {
                let expected = match style {
                    0 | 6 => word.replace('\'', "''"),
                    1 => word.replace('\\', "\\\\").replace('"', "\\\""),
                    _ => word.clone(),
                };
                prop_assert_eq!(source, Some(expected), "{} in {:?}", word, text);
            }
        }
    }

    #[test]
    fn places_count_characters() {
        let text = "a:\n  - |\n    é 'x y'\n    z\n";
        let scalar = Spanned {
            value: "é 'x y'\nz\n".to_owned(),
            place: parse(text).unwrap().value.entries()[0].1.value.items()[0].place,
        };
        let map = SourceMap::new(&scalar, text).unwrap();
        let lines = Lines::new(text);
        let place = |range| lines.place(map.source(range).unwrap());
        let quoted = place(3..8);
        assert_eq!((quoted.line, quoted.column, &text[quoted.start..quoted.end]), (3, 7, "'x y'"));
        let last = place(9..10);
        assert_eq!((last.line, last.column, &text[last.start..last.end]), (4, 5, "z"));
    }

    #[test]
    fn an_alias_has_no_map() {
        let text = "a:\n  - &x npm ci\n  - *x\n";
        let root = parse(text).unwrap();
        let alias = &root.value.entries()[0].1.value.items()[1];
        let scalar = Spanned { value: "npm ci".to_owned(), place: alias.place };
        assert!(SourceMap::new(&scalar, text).is_none());
    }
}
