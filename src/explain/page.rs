use std::fmt::Write;

use serde::Serialize;

use super::markdown::{Line, lines, linked};
use crate::{
    recovery::Remedy,
    report::{Area, ExitStatus, FindingId, Severity},
};

/// The explanation of one id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    /// The id.
    pub(crate) id: FindingId,
    /// Its area.
    area: Area,
    /// The severity, where the finder does not know better.
    severity: Severity,
    /// What a command exits with that stops at it; `null` where the signal decides.
    exit_code: Option<u8>,
    /// One sentence.
    pub(crate) summary: &'static str,
    /// What a phase does by itself before it runs again.
    recovery: Option<String>,
    /// The whole page.
    pub(crate) markdown: String,
}

impl Page {
    /// The page of an id.
    pub(crate) fn of(id: FindingId) -> Self {
        let (head, sections) =
            id.explanation().split_once("\n\n## ").unwrap_or((id.explanation(), ""));
        let summary = head.split_once("\n\n").map_or(head, |(_, summary)| summary).trim();
        let exit_code = exit_code(id);
        let markdown =
            format!("# {id}\n\n{summary}\n\n{}\n\n## {sections}", verdict(id, exit_code));
        Self {
            id,
            area: id.area(),
            severity: id.severity(),
            exit_code,
            summary,
            recovery: recoveries(id),
            markdown,
        }
    }

    /// Every page, in the catalogue's order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        FindingId::ALL.iter().copied().map(Self::of)
    }

    /// The page with its headings this much deeper, and links where it names other ids.
    pub(super) fn linked(&self, deeper: usize, target: &dyn Fn(FindingId) -> String) -> String {
        let mut text = String::new();
        for line in lines(&self.markdown) {
            let _ = match line {
                Line::Heading(level, title) => {
                    writeln!(text, "{} {title}", "#".repeat(level + deeper))
                }
                Line::Prose(line) => writeln!(text, "{}", linked(line, target)),
                Line::Fence(line) | Line::Code(line) => writeln!(text, "{line}"),
            };
        }
        text
    }
}

fn exit_code(id: FindingId) -> Option<u8> {
    (id != FindingId::Interrupted).then(|| id.exit_status().code())
}

/// How much it weighs, from the catalogue.
fn verdict(id: FindingId, exit_code: Option<u8>) -> String {
    let Some(code) = exit_code else {
        return "error · stops with exit code 130 (SIGINT) or 143 (SIGTERM)".to_owned();
    };
    match id.severity() {
        Severity::Error if found_by_validate(id) => {
            format!("error · stops with exit code {code}; `validate` alone with 1")
        }
        Severity::Error => format!("error · stops with exit code {code}"),
        Severity::Warning if found_by_validate(id) => {
            "warning · stops `validate --strict` alone, with exit code 1".to_owned()
        }
        Severity::Warning => "warning · stops nothing".to_owned(),
        Severity::Info => "info · stops nothing".to_owned(),
    }
}

fn found_by_validate(id: FindingId) -> bool {
    let predicted = matches!(id.area(), Area::Environment | Area::Configuration | Area::Dependency);
    predicted && !matches!(id.exit_status(), ExitStatus::Usage | ExitStatus::Transient)
}

/// The names of the remedies in the order in which they are tried.
fn recoveries(id: FindingId) -> Option<String> {
    let names: Vec<_> = Remedy::of(id).iter().map(|remedy| remedy.name()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
