use super::context::platform_message;
use crate::{
    buildspec::{
        find::SpecFile,
        list_item::{quote_until_parsed, quoted},
        parse::SyntaxError,
    },
    project::conflict_marker,
    report::{Evidence, Finding, FindingId, Fix, Location, Severity},
};

/// The finding of a specification that does not parse.
pub(crate) fn syntax_finding(file: &SpecFile, error: &SyntaxError) -> Finding {
    let path = &file.relative_path;
    if let Some(line) = conflict_marker(&file.text.content) {
        return Finding::new(
            FindingId::BuildspecSyntax,
            format!("`{path}` holds conflict markers of an unfinished merge"),
            "Amplify stops right after the clone, before any command runs; choose one side and delete the marker lines",
        )
        .location(Location::at(path, line, 1))
        .evidence(platform_message("CustomerError: Unable to parse build spec"));
    }
    let index = usize::try_from(error.line.saturating_sub(1)).unwrap_or(usize::MAX);
    let whole_line = file.text.content.lines().nth(index).unwrap_or_default().trim_end();
    let line = whole_line.trim_start();
    let advice = advice(line, error);
    let mut finding = Finding::new(
        FindingId::BuildspecSyntax,
        format!("`{path}` is not valid YAML: {}", error.reason),
        format!("Amplify stops right after the clone, before any command runs; {}", advice.0),
    )
    .location(Location::at(path, error.line, error.column));
    if !line.is_empty() {
        finding = finding.evidence(Evidence::at(path, error.line, whole_line));
    }
    if error.certain {
        finding = finding.evidence(platform_message(match error.platform_reason {
            Some(reason) => format!("CustomerError: Unable to parse build spec: {reason}"),
            None => "CustomerError: Unable to parse build spec".to_owned(),
        }));
    } else {
        finding = finding.severity(Severity::Warning);
    }
    if let Some(edits) = quote_until_parsed(&file.text.content, path) {
        let hint = edits.first().map(|edit| format!("- {}", edit.replacement));
        let description = match edits.len() {
            1 => "put the item in quotes".to_owned(),
            number => format!("put {number} items in quotes"),
        };
        let finding = finding.fix(Fix { description, edits });
        return hint.into_iter().fold(finding, Finding::hint);
    }
    advice.1.into_iter().fold(finding, Finding::hint)
}

/// What to change, and the line as it should be where that is plain.
fn advice(line: &str, error: &SyntaxError) -> (&'static str, Option<String>) {
    if error.platform_reason == Some("duplicated mapping key") {
        return ("put both entries under one key", None);
    }
    if line.contains('\t') {
        return ("YAML allows no tab in the indentation; indent with spaces", None);
    }
    let command = line.strip_prefix("- ").map(str::trim).filter(|command| !command.is_empty());
    match command {
        Some(command) => (
            "the line has characters that YAML takes for its own; put the whole command in quotes",
            Some(format!("- {}", quoted(command))),
        ),
        None => ("correct the line, or the end of the one before it", None),
    }
}
