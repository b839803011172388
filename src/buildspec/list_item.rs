use super::parse::parse;
use crate::report::Edit;

/// Lists whose items are plain text, so that quoting one cannot change what the list means.
const TEXT_LISTS: &[&str] = &["commands", "paths", "files"];
/// Bytes that are parsed anew in search of all items of one file that need quotes.
const PARSED_AT_MOST: usize = 1024 * 1024;
/// Bytes of a line in which an item is looked for.
const LONGEST_LINE: usize = 16 * 1024;

/// The text of a list item that stands alone on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListItem<'a> {
    /// First byte of the `-`.
    pub(super) dash: usize,
    /// First byte of the text.
    pub(super) start: usize,
    /// The text as the shell would read it, without a comment after it.
    pub(super) text: &'a str,
}

impl<'a> ListItem<'a> {
    /// The item of a line, counted from 1.
    fn on_line(content: &'a str, line: u64) -> Option<Self> {
        let before = usize::try_from(line.checked_sub(1)?).ok()?;
        Self::at(content, content.split_inclusive('\n').take(before).map(str::len).sum())
    }

    /// The item of the line that a byte is in; nothing where the line is not all of it, or where
    /// its quotes do not tell where it ends.
    pub(super) fn at(content: &'a str, byte: usize) -> Option<Self> {
        let (start, line) = line_around(content, byte)?;
        let line = line.trim_end_matches(['\r', '\n']);
        let dash = start + line.len() - line.trim_start_matches(' ').len();
        let after = content[dash..start + line.len()].strip_prefix('-')?;
        let text = after.trim_start_matches([' ', '\t']);
        let start = dash + 1 + after.len() - text.len();
        let text = &text[..shell_end(text)?];
        let is_text = !text.is_empty() && start > dash + 1 && !text.starts_with(['|', '>', '#']);
        let nested = text == "-" || text.starts_with("- ");
        (is_text && !nested && !text.ends_with('\\') && is_whole(content, dash)).then_some(Self {
            dash,
            start,
            text,
        })
    }

    /// The text as a single-quoted string.
    pub(super) fn quote(&self, path: &str) -> Edit {
        let to_number = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
        Edit {
            path: path.to_owned(),
            start: to_number(self.start),
            end: to_number(self.start + self.text.len()),
            replacement: quoted(self.text),
        }
    }

    /// Whether it belongs to a list of texts by the key above it.
    fn is_in_text_list(&self, content: &str) -> bool {
        let indentation = column(content, self.dash);
        content[..self.dash - indentation]
            .lines()
            .rev()
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
            .find(|line| {
                let own = line.len() - line.trim_start_matches(' ').len();
                own < indentation || (own == indentation && !line.trim_start().starts_with('-'))
            })
            .is_some_and(|line| {
                let key =
                    line.trim().trim_start_matches("- ").split(':').next().unwrap_or_default();
                TEXT_LISTS.contains(&key.trim_matches(['"', '\'']))
            })
    }
}

/// What makes an item of nothing: the `- ` before a comment, else the whole line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EmptyItem {
    /// First byte.
    pub(super) start: usize,
    /// First byte after it.
    pub(super) end: usize,
    /// Whether it is the whole line.
    pub(super) is_line: bool,
}

impl EmptyItem {
    /// The item of the line that a byte is in; nothing where the line holds anything else.
    pub(super) fn at(content: &str, byte: usize) -> Option<Self> {
        let (start, line) = line_around(content, byte)?;
        let dash = start + line.len() - line.trim_start_matches(' ').len();
        let text = content[dash..start + line.len()].strip_prefix('-')?.trim_start();
        match text.bytes().next() {
            None => Some(Self { start, end: start + line.len(), is_line: true }),
            Some(b'#') => {
                Some(Self { start: dash, end: start + line.len() - text.len(), is_line: false })
            }
            Some(_) => None,
        }
    }
}

/// Text as a single-quoted YAML string.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Quotes the items at which the parser stops, one after the other, until the file parses; nothing
/// where something else is wrong with it as well.
pub(super) fn quote_until_parsed(content: &str, path: &str) -> Option<Vec<Edit>> {
    let mut text = content.to_owned();
    let mut edits: Vec<Edit> = Vec::new();
    let mut added = 0;
    for _ in 0..=PARSED_AT_MOST / content.len().max(1) {
        let Err(error) = parse(&text) else {
            return (!edits.is_empty()).then_some(edits);
        };
        let item = ListItem::on_line(&text, error.line)?;
        // Behind the last one, or quoting it has not helped.
        let is_next = edits.last().is_none_or(|last| to_index(last.end) + added <= item.dash);
        if !error.certain || !is_next || !item.is_in_text_list(&text) {
            return None;
        }
        let (start, end) = (item.start, item.start + item.text.len());
        let mut edit = item.quote(path);
        text.replace_range(start..end, &edit.replacement);
        let grown = edit.replacement.len() - (end - start);
        edit.start -= added as u64;
        edit.end -= added as u64;
        added += grown;
        edits.push(edit);
    }
    None
}

fn to_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The line that a byte is in, with its end, and its first byte; nothing where it is endless.
fn line_around(content: &str, byte: usize) -> Option<(usize, &str)> {
    let bytes = content.as_bytes();
    let from = byte.saturating_sub(LONGEST_LINE);
    let start = match memchr::memrchr(b'\n', bytes.get(from..byte)?) {
        Some(newline) => from + newline + 1,
        None if from == 0 => 0,
        None => return None,
    };
    let to = bytes.len().min(start + LONGEST_LINE);
    match memchr::memchr(b'\n', &bytes[start..to]) {
        Some(newline) => Some((start, &content[start..=start + newline])),
        None if to == bytes.len() => Some((start, &content[start..])),
        None => None,
    }
}

fn column(content: &str, byte: usize) -> usize {
    byte - content[..byte].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Whether no later line continues the item.
fn is_whole(content: &str, dash: usize) -> bool {
    let column = column(content, dash);
    let rest = content[dash..].split_once('\n').map_or("", |(_, rest)| rest);
    rest.lines()
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
        .is_none_or(|line| line.len() - line.trim_start_matches(' ').len() <= column)
}

/// Where the shell's text ends: before a comment; nothing where a quote is not closed.
fn shell_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut previous = None;
    let mut characters = text.char_indices();
    let mut end = text.len();
    while let Some((index, character)) = characters.next() {
        match (quote, character) {
            (None, '#') if previous.is_none_or(|before: char| before == ' ' || before == '\t') => {
                end = index;
                break;
            }
            (None, '\'' | '"') => quote = Some(character),
            (None | Some('"'), '\\') => {
                characters.next();
            }
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
        previous = Some(character);
    }
    (quote.is_none()).then(|| text[..end].trim_end().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line of the file in quotes, where it can be.
    fn fixed(line: &str) -> Option<String> {
        let content = format!("commands:\n  - one\n{line}\n  - two\n");
        let edits = quote_until_parsed(&content, "amplify.yml")?;
        let fix = crate::report::Fix { description: String::new(), edits };
        let text = super::super::edit::apply(&content, [&fix]).unwrap().text;
        Some(text.lines().skip(2).take(line.lines().count()).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn what_yaml_refuses_is_quoted() {
        for (line, expected) in [
            (r#"  - echo "a: b" || echo "c: d""#, r#"  - 'echo "a: b" || echo "c: d"'"#),
            ("  - `x`", "  - '`x`'"),
            ("  - @x", "  - '@x'"),
            ("  - [ -f x ] && y", "  - '[ -f x ] && y'"),
            ("  - [[ -f x ]] && y", "  - '[[ -f x ]] && y'"),
            ("  - **/*", "  - '**/*'"),
            ("  - *x*", "  - '*x*'"),
            ("  - %x", "  - '%x'"),
            ("  - {a} && b", "  - '{a} && b'"),
            ("  - & x", "  - '& x'"),
            ("  - !x", "  - '!x'"),
            (r#"  - "$X" y"#, r#"  - '"$X" y'"#),
            ("  - 'a' b", "  - '''a'' b'"),
            ("  -   @x  # note: @y", "  -   '@x'  # note: @y"),
            ("  - @x '# no note' # note", "  - '@x ''# no note''' # note"),
            (r#"  - @x "a\" # no note""#, r#"  - '@x "a\" # no note"'"#),
            ("  - @x\n  # a comment\n  - @y", "  - '@x'\n  # a comment\n  - '@y'"),
        ] {
            assert_eq!(fixed(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_not_certain_stays() {
        for line in [
            "  - @x it's # a note",
            "  - @x \\",
            "  - @x\n    y",
            "  - - @x",
            "\t- @x",
            "  - |\n  @x",
            "  - @x\n  other: 1",
            "<<<<<<< HEAD\n  - @x",
            "  - a: b\n    a: c",
        ] {
            assert_eq!(fixed(line), None, "{line}");
        }
        for content in
            ["applications:\n  - appRoot: a: b\n", "- @x\n", "c:\n  - @x\n", "commands: @x\n"]
        {
            assert_eq!(quote_until_parsed(content, "amplify.yml"), None, "{content}");
        }
    }
}
