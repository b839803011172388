use std::ops::Range;

use crate::report::{Edit, Fix};

/// A text after edits, and where they were made.
#[derive(Debug)]
pub(super) struct Edited {
    /// The new text.
    pub(super) text: String,
    /// The ranges that were replaced, in the old text.
    pub(super) removed: Vec<Range<usize>>,
    /// The ranges that replace them, in the new text.
    pub(super) written: Vec<Range<usize>>,
}

/// Makes the edits of several changes at once; nothing where they overlap or do not fit the text.
/// Line ends, and whether there is one at the end of the file, stay as they are.
pub(super) fn apply<'a>(content: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> Option<Edited> {
    let mut edits: Vec<&Edit> = fixes.into_iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let crlf = content.find('\n').is_some_and(|newline| content[..newline].ends_with('\r'));
    let mut edited = Edited {
        text: String::with_capacity(content.len()),
        removed: Vec::with_capacity(edits.len()),
        written: Vec::with_capacity(edits.len()),
    };
    let mut end = 0;
    for edit in edits {
        let range = range(edit)?;
        edited.text.push_str(content.get(end..range.start)?);
        let start = edited.text.len();
        content.get(range.clone())?;
        edited.text.push_str(&with_line_ends(&edit.replacement, crlf));
        edited.written.push(start..edited.text.len());
        end = range.end;
        edited.removed.push(range);
    }
    edited.text.push_str(content.get(end..)?);
    keep_final_line_end(content, &mut edited.text, crlf);
    Some(edited)
}

/// The bytes that an edit replaces.
pub(super) fn range(edit: &Edit) -> Option<Range<usize>> {
    let start = usize::try_from(edit.start).ok()?;
    let end = usize::try_from(edit.end).ok()?;
    (start <= end).then_some(start..end)
}

fn with_line_ends(text: &str, crlf: bool) -> String {
    let text = text.replace("\r\n", "\n");
    if crlf { text.replace('\n', "\r\n") } else { text }
}

fn keep_final_line_end(before: &str, after: &mut String, crlf: bool) {
    if before.is_empty() || before.ends_with('\n') == after.ends_with('\n') {
        return;
    }
    if before.ends_with('\n') {
        after.push_str(if crlf { "\r\n" } else { "\n" });
    } else {
        after.truncate(after.trim_end_matches(['\n', '\r']).len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(content: &str, edits: &[(u64, u64, &str)]) -> Option<String> {
        let edits = edits
            .iter()
            .map(|(start, end, replacement)| Edit {
                path: "amplify.yml".into(),
                start: *start,
                end: *end,
                replacement: (*replacement).into(),
            })
            .collect();
        apply(content, [&Fix { description: String::new(), edits }]).map(|edited| edited.text)
    }

    #[test]
    fn the_text_around_the_edits_stays() {
        for (content, edits, expected) in [
            ("a: b\n", &[(3, 4, "c")][..], Some("a: c\n")),
            ("a: b\n", &[(3, 4, "c"), (0, 1, "x")], Some("x: c\n")),
            ("a: b\n", &[(0, 0, "x: y\n")], Some("x: y\na: b\n")),
            ("a: b\r\nc: d\r\n", &[(6, 6, "x: y\n")], Some("a: b\r\nx: y\r\nc: d\r\n")),
            ("a: b\r\nc: d", &[(10, 10, "\nx: y\n")], Some("a: b\r\nc: d\r\nx: y")),
            ("a: b\nc: d\n", &[(5, 10, "")], Some("a: b\n")),
            ("a: b\nc: d", &[(5, 9, "")], Some("a: b")),
            ("a: b\n", &[(0, 3, ""), (2, 4, "")], None),
            ("a: b\n", &[(4, 3, "")], None),
            ("a: b\n", &[(4, 9, "")], None),
            ("é: b\n", &[(1, 2, "")], None),
        ] {
            assert_eq!(edited(content, edits).as_deref(), expected, "{content:?} {edits:?}");
        }
    }
}
