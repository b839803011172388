use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::Style;

use super::sources::{MASKED, source_line};
use crate::report::{Finding, Location, Severity};

/// Longest extent underlined, characters; a longer one is clear from its beginning.
const LONGEST_EXTENT: usize = 80;

/// The place of a finding with its line, carets below the extent, and the other evidence as notes. Absent where the line
/// of the place is not among the evidence.
pub(super) fn snippet(finding: &Finding, style: Style, dim: Style, width: usize) -> Option<String> {
    let line = source_line(finding)?;
    let location = finding.location.as_ref()?;
    let number = usize::try_from(line.line?).ok()?;
    let span = extent(&line.text, location)?;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let source = Snippet::source(line.text.as_str())
        .line_start(number)
        .annotation(AnnotationKind::Primary.span(span));
    let notes =
        finding.evidence.iter().filter(|evidence| !std::ptr::eq(*evidence, line)).map(|evidence| {
            let place = match evidence.line {
                Some(line) => format!("{}:{line}", evidence.source),
                None => evidence.source.clone(),
            };
            Level::NOTE.message(format!("{}  ({place})", evidence.text))
        });
    let renderer = Renderer::styled()
        .term_width(width)
        .error(style)
        .warning(style)
        .info(style)
        .note(Style::new())
        .line_num(dim);
    let excerpt = renderer.render(&[Group::with_level(level).element(source).elements(notes)]);
    let indent = " ".repeat(number.to_string().len());
    Some(format!("{indent}{dim}-->{dim:#} {location}\n{excerpt}"))
}

/// The bytes of the line that the place covers, always within it and between characters.
fn extent(text: &str, location: &Location) -> Option<Range<usize>> {
    let byte = |column: u64| {
        let characters = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
        text.char_indices().nth(characters).map_or(text.len(), |(index, _)| index)
    };
    let line_end = text.trim_end().len();
    let start = byte(location.column?);
    let end = match (location.end_line, location.end_column) {
        (Some(line), Some(column)) if Some(line) == location.line => byte(column),
        (Some(_), Some(_)) => line_end,
        _ => start,
    };
    let (start, end) = match text.find(MASKED) {
        // Columns count the characters of the file; behind a masked value they are no longer those of this text.
        Some(masked) if masked < end.max(start + 1) => (start.min(masked), line_end),
        _ => (start, end),
    };
    let longest = text[start..]
        .char_indices()
        .nth(LONGEST_EXTENT)
        .map_or(text.len(), |(index, _)| start + index);
    Some(start..end.clamp(start, longest))
}
