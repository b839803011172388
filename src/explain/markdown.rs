use std::fmt::Write;

use crate::report::FindingId;

/// A line of Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The line that begins or ends a block of code.
    Fence(&'a str),
    /// Within a block of code.
    Code(&'a str),
    /// A heading's level and text.
    Heading(usize, &'a str),
    /// Anything else.
    Prose(&'a str),
}

/// The lines of a text, told apart as far as the pages need it.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut fenced = false;
    text.lines().map(move |line| {
        if line.starts_with("```") {
            fenced = !fenced;
            return Line::Fence(line);
        }
        if fenced {
            return Line::Code(line);
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        match line.get(level..).and_then(|rest| rest.strip_prefix(' ')) {
            Some(text) if level > 0 => Line::Heading(level, text),
            _ => Line::Prose(line),
        }
    })
}

/// Makes links of the ids that a line names in backticks.
pub(super) fn linked(line: &str, target: &dyn Fn(FindingId) -> String) -> String {
    let mut spans = line.split('`');
    let mut text = spans.next().unwrap_or_default().to_owned();
    while let Some(code) = spans.next() {
        let _ = match code.parse::<FindingId>() {
            Ok(id) => write!(text, "[`{id}`]({})", target(id)),
            Err(_) => write!(text, "`{code}`"),
        };
        text.push_str(spans.next().unwrap_or_default());
    }
    text
}
