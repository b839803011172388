use std::ops::Range;

use crate::buildspec::node::Place;

/// The ranges of white space to take away, so that the block that begins at `start`, and everything of its mapping after it,
/// begins at the column `target`. Nothing where the lines are not plainly indented with spaces.
pub(super) fn dedent(text: &str, start: Place, target: u64) -> Option<Vec<Range<usize>>> {
    let depth = usize::try_from(start.column.checked_sub(1)?).ok()?;
    let shift = depth.checked_sub(usize::try_from(target.checked_sub(1)?).ok()?)?;
    let first = start.start.checked_sub(depth)?;
    let is_line_start = first == 0 || text.as_bytes().get(first - 1) == Some(&b'\n');
    if shift == 0 || !is_line_start || !text.get(first..start.start)?.bytes().all(|b| b == b' ') {
        return None;
    }
    let mut ranges = Vec::new();
    let mut offset = first;
    for line in text.get(first..)?.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indentation = line.len() - content.len();
        let is_blank = content.trim().is_empty();
        if !is_blank && indentation < depth {
            // A comment may stand anywhere, also further out than what it is about.
            if content.starts_with('#') {
                offset += line.len();
                continue;
            }
            break;
        }
        if content.starts_with('\t') {
            return None;
        }
        if !is_blank {
            ranges.push(offset..offset + shift);
        }
        offset += line.len();
    }
    Some(ranges)
}
