use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::model::{
    ArtifactChange, ArtifactLocation, AutomationDetails, BaseLocation, Configuration, Driver, Fix,
    Invocation, Location, Log, PhysicalLocation, Properties, Region, Replacement, Result, Rule,
    Run, Text, Tool,
};
use crate::report::{
    self, ExitStatus, Finding, FindingId, PhaseName, Severity,
    render::sources::{MASKED, Sources, message, source_line},
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// GitHub's name for the root of the repository.
const BASE: &str = "%SRCROOT%";
/// Changes with what the fingerprint is made of.
const FINGERPRINT: &str = "deployfixFinding/v1";
/// Code scanning refuses a log with a result that has no place; this file every app has.
const PLACE_OF_THE_REST: &str = "package.json";

/// The findings, already masked, as a log. `phase` is the one that found them; all of the run without one.
pub(in crate::report::render) fn log(
    run: &report::Run,
    phase: Option<PhaseName>,
    findings: &[Finding],
    sources: &Sources<'_>,
) -> Log {
    let ids: BTreeSet<_> = findings.iter().map(|finding| finding.id).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let mut fingerprints = Fingerprints::default();
    let results = findings
        .iter()
        .map(|finding| Result {
            rule_id: finding.id.as_str(),
            rule_index: ids.binary_search(&finding.id).unwrap_or_default(),
            level: level(finding.severity),
            message: text(message(finding)),
            locations: [location(finding, sources)],
            partial_fingerprints: BTreeMap::from([(
                FINGERPRINT,
                fingerprints.of(finding, sources),
            )]),
            fixes: fix(finding, sources).into_iter().collect(),
        })
        .collect();
    let description = text("the root of the repository");
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: run.tool.name.clone(),
                    version: run.tool.version.clone(),
                    semantic_version: run.tool.version.clone(),
                    rules: ids.iter().map(|id| rule(*id, findings)).collect(),
                },
            },
            automation_details: AutomationDetails { id: automation(run, phase, sources) },
            invocations: [invocation(run, phase)],
            original_uri_base_ids: BTreeMap::from([(BASE, BaseLocation { description })]),
            column_kind: "unicodeCodePoints",
            redaction_tokens: [MASKED],
            results,
        }],
    }
}

fn text(text: impl Into<String>) -> Text {
    Text { text: text.into() }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn rule(id: FindingId, findings: &[Finding]) -> Rule {
    let (area, name) = id.as_str().split_once('/').unwrap_or(("", id.as_str()));
    let title = name.replace('-', " ");
    let help = findings
        .iter()
        .find(|finding| finding.id == id && !finding.resolution.is_empty())
        .map_or_else(|| title.clone(), |finding| finding.resolution.clone());
    Rule {
        id: id.as_str(),
        short_description: text(title),
        help: text(help),
        default_configuration: Configuration { level: level(id.severity()) },
        properties: Properties { tags: vec![area] },
    }
}

/// `<what>/<app>/<run>`: up to the last slash it tells apart the logs that code scanning keeps beside each other.
fn automation(run: &report::Run, phase: Option<PhaseName>, sources: &Sources<'_>) -> String {
    let phase = phase.unwrap_or(PhaseName::Run).as_str();
    let id = run.run.id.replace('/', "-");
    let parts = ["deployfix", phase, &sources.app, &id];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// Execution succeeded where deployfix did its work, whatever it found.
fn invocation(run: &report::Run, phase: Option<PhaseName>) -> Invocation {
    let broken = [ExitStatus::Usage, ExitStatus::Internal].map(ExitStatus::code);
    let ended = |code: u8| !broken.contains(&code) && code < ExitStatus::Signal(1).code();
    Invocation {
        start_time_utc: phase
            .and_then(|name| run.phase(name))
            .map_or(run.start_time, |phase| phase.start_time),
        exit_code: run.exit_code,
        execution_successful: run.exit_code.is_some_and(ended),
    }
}

fn location(finding: &Finding, sources: &Sources<'_>) -> Location {
    let path = finding.location.as_ref().map_or(PLACE_OF_THE_REST, |location| &location.path);
    let region = finding.location.as_ref().and_then(|location| {
        let start_column = location.column.filter(|column| *column > 0);
        Some(Region {
            start_line: location.line.filter(|line| *line > 0)?,
            start_column,
            end_line: location.end_line.filter(|line| Some(*line) >= location.line),
            end_column: location.end_column.filter(|column| *column > 0 && start_column.is_some()),
            ..Region::default()
        })
    });
    Location {
        physical_location: PhysicalLocation { artifact_location: artifact(path, sources), region },
    }
}

fn artifact(path: &str, sources: &Sources<'_>) -> ArtifactLocation {
    let path = sources.repository_path(path);
    if path.starts_with('/') {
        return ArtifactLocation { uri: format!("file://{}", encode(&path)), uri_base_id: None };
    }
    ArtifactLocation { uri: encode(&path), uri_base_id: Some(BASE) }
}

/// The path of a URI reference (RFC 3986); a colon would end a scheme.
fn encode(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=@/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// The same finding before and after edits of other lines.
#[derive(Default)]
struct Fingerprints {
    seen: BTreeMap<String, u32>,
}

impl Fingerprints {
    fn of(&mut self, finding: &Finding, sources: &Sources<'_>) -> String {
        let path = finding.location.as_ref().map(|location| &*location.path).unwrap_or_default();
        let what = source_line(finding).map_or(&*finding.message, |line| line.text.trim());
        let parts = [finding.id.as_str(), &sources.repository_path(path), what].join("\0");
        let hash = blake3::hash(parts.as_bytes()).to_hex()[..32].to_owned();
        let number = self.seen.entry(hash.clone()).or_default();
        *number += 1;
        format!("{hash}:{number}")
    }
}

/// The change, unless the file is another by now or a secret was masked in it.
fn fix(finding: &Finding, sources: &Sources<'_>) -> Option<Fix> {
    let fix = finding.fix.as_ref()?;
    let line = source_line(finding);
    let mut changes: Vec<ArtifactChange> = Vec::new();
    for edits in fix.edits.chunk_by(|one, other| one.path == other.path) {
        let path = &edits.first()?.path;
        let file = (sources.read)(path)?;
        let at_line = |number: u64| file.content.lines().nth(usize::try_from(number - 1).ok()?);
        if let Some(line) = line.filter(|line| line.source == *path)
            && line.line.and_then(at_line).map(str::trim) != Some(line.text.trim())
        {
            return None;
        }
        let mark = if file.byte_order_mark { '\u{feff}'.len_utf8() } else { 0 };
        let mut replacements = Vec::new();
        for edit in edits {
            let (start, end) = (usize::try_from(edit.start).ok()?, usize::try_from(edit.end).ok()?);
            let (before, deleted) = (file.content.get(..start)?, file.content.get(start..end)?);
            if edit.replacement.contains(MASKED) {
                return None;
            }
            let (start_line, start_column) = after(before, (1, 1));
            let (end_line, end_column) = after(deleted, (start_line, start_column));
            replacements.push(Replacement {
                deleted_region: Region {
                    start_line,
                    start_column: Some(start_column),
                    end_line: Some(end_line),
                    end_column: Some(end_column),
                    byte_offset: Some(start + mark),
                    byte_length: Some(deleted.len()),
                },
                inserted_content: text(&edit.replacement),
            });
        }
        changes.push(ArtifactChange { artifact_location: artifact(path, sources), replacements });
    }
    Some(Fix { description: text(&fix.description), artifact_changes: changes })
}

/// Line and column behind a text that begins at a line and column.
fn after(text: &str, (line, column): (u64, u64)) -> (u64, u64) {
    let characters = |text: &str| text.chars().count() as u64;
    match text.rsplit_once('\n') {
        None => (line, column + characters(text)),
        Some((lines, last)) => {
            let newlines = memchr::memchr_iter(b'\n', lines.as_bytes()).count() as u64 + 1;
            (line + newlines, 1 + characters(last))
        }
    }
}
