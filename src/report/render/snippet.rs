use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::Style;

use super::sources::{MASKED, source_line};
use crate::report::{Finding, Location, Severity};

/// Columns beside the source line: its number, and the marks of a cut.
const BESIDE: usize = 20;

/// The place of a finding with its line, carets below the extent, and the other evidence as notes. Absent where the line
/// of the place is not among the evidence.
pub(super) fn snippet(finding: &Finding, style: Style, dim: Style, width: usize) -> Option<String> {
    let line = source_line(finding)?;
    let location = finding.location.as_ref()?;
    let number = usize::try_from(line.line?).ok()?;
    let span = extent(&line.text, location, width.saturating_sub(BESIDE))?;
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

/// The bytes of the line that the place covers, always within it and between characters. Absent where the text cannot be
/// the whole line. Of more than `longest` characters the beginning tells enough.
fn extent(text: &str, location: &Location, longest: usize) -> Option<Range<usize>> {
    let byte = |column: u64| {
        let characters = usize::try_from(column.checked_sub(1)?).ok()?;
        let ends = text.char_indices().map(|(index, _)| index).chain([text.len()]);
        ends.into_iter().nth(characters)
    };
    let line_end = text.trim_end().len();
    let column = location.column?;
    let end_of = |start: usize| match (location.end_line, location.end_column) {
        (Some(line), Some(column)) if Some(line) == location.line => {
            byte(column).unwrap_or(line_end)
        }
        (Some(_), Some(_)) => line_end,
        _ => start,
    };
    let (start, end) = match (text.find(MASKED), byte(column)) {
        (None, start) => (start?, end_of(start?)),
        (Some(masked), Some(start)) if end_of(start).max(start + 1) <= masked => {
            (start, end_of(start))
        }
        // Columns count the characters of the file; behind a masked value they are not those of this text.
        (Some(masked), start) => (start.unwrap_or(masked).min(masked), line_end),
    };
    let mut rest = text[start..].char_indices().map(|(index, _)| start + index);
    Some(start..end.clamp(start, rest.nth(longest).unwrap_or(text.len())))
}
