//! Workflow commands of GitHub Actions, which it shows as annotations.

use std::fmt::Write;

use super::sources::{Sources, message};
use crate::report::{Finding, Severity};

/// One command a line; errors first, for GitHub shows ten errors and ten warnings of a step.
pub(super) fn annotations(findings: &[Finding], sources: &Sources<'_>) -> String {
    let mut findings: Vec<_> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut text = String::new();
    for finding in findings {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let _ = write!(text, "::{command} ");
        for (name, value) in place(finding, sources) {
            let _ = write!(text, "{name}={},", property(&value));
        }
        let _ =
            writeln!(text, "title={}::{}", property(finding.id.as_str()), data(&message(finding)));
    }
    text
}

/// GitHub takes columns only for an extent of one line.
fn place(finding: &Finding, sources: &Sources<'_>) -> Vec<(&'static str, String)> {
    let Some(location) = &finding.location else { return Vec::new() };
    let one_line = location.end_line.is_none_or(|line| Some(line) == location.line);
    let numbers = [
        ("line", location.line),
        ("endLine", location.end_line),
        ("col", location.column.filter(|_| one_line)),
        ("endColumn", location.end_column.filter(|_| one_line)),
    ];
    std::iter::once(("file", sources.repository_path(&location.path)))
        .chain(numbers.into_iter().filter_map(|(name, number)| Some((name, number?.to_string()))))
        .collect()
}

/// What stands after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
