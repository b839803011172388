//! The one block of lines in `.env.production` that belongs to deployfix.

use std::ops::Range;

/// The line that opens the block.
pub(super) const START: &str = "# >>> deployfix (generated, replaced at every build)";
/// The line that closes it.
pub(super) const END: &str = "# <<< deployfix";
/// The closing line where the text before the block had no final newline.
pub(super) const END_JOINED: &str = "# <<< deployfix (the line above the block had no newline)";

/// The markers are not one pair.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged {
    /// Line of the marker that is wrong, from 1.
    pub(super) line: u64,
}

/// The bytes of the block, with the newline that it added before itself.
pub(super) fn find(bytes: &[u8]) -> Result<Option<Range<usize>>, Damaged> {
    let mut offset = 0;
    let mut open: Option<(usize, u64)> = None;
    let mut found = None;
    for (line, number) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1..) {
        let text = line.trim_ascii_end();
        let end = offset + line.len();
        if text.starts_with(b"# >>> deployfix") {
            if open.is_some() || found.is_some() {
                return Err(Damaged { line: number });
            }
            open = Some((offset, number));
        } else if text.starts_with(END.as_bytes()) {
            let (start, _) = open.take().ok_or(Damaged { line: number })?;
            let joined = text == END_JOINED.as_bytes();
            found = Some(start - usize::from(joined && start > 0)..end);
        }
        offset = end;
    }
    match open {
        Some((_, line)) => Err(Damaged { line }),
        None => Ok(found),
    }
}

/// The text with the block's lines emptied, so that line numbers stay; as it is when damaged.
pub(super) fn without(text: &str) -> String {
    let Ok(Some(range)) = find(text.as_bytes()) else { return text.to_owned() };
    let part = |range: Range<usize>| text.get(range).unwrap_or_default();
    let lines = part(range.clone()).matches('\n').count();
    format!("{}{}{}", part(0..range.start), "\n".repeat(lines), part(range.end..text.len()))
}
