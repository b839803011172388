use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::{
    snippet::snippet,
    units::{count, format_bytes, format_duration},
};
use crate::report::{
    Action, Area, Finding, PhaseName, PhaseReport, PhaseStatus, Run, RunResult, Severity,
};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Differences from the lockfile that a verdict lists; the report has them all.
const LISTED_VERSIONS: usize = 20;

/// What applies the fixes that findings carry.
const FIX_COMMAND: &str = "deployfix validate --fix";

fn severity_style(severity: Severity) -> (Style, &'static str) {
    match severity {
        Severity::Error => (AnsiColor::Red.on_default().bold(), "error"),
        Severity::Warning => (AnsiColor::Yellow.on_default().bold(), "warning"),
        Severity::Info => (AnsiColor::Blue.on_default().bold(), "info"),
    }
}

fn status_style(status: PhaseStatus) -> (Style, &'static str) {
    match status {
        PhaseStatus::Passed => (AnsiColor::Green.on_default().bold(), "passed"),
        PhaseStatus::Recovered => (AnsiColor::Yellow.on_default().bold(), "recovered"),
        PhaseStatus::Failed => (AnsiColor::Red.on_default().bold(), "failed"),
        PhaseStatus::Skipped => (DIM, "skipped"),
        PhaseStatus::Interrupted => (AnsiColor::Red.on_default().bold(), "interrupted"),
    }
}

/// A finding: what, where, proof, why, then the change and the hints. A source line takes at most `width` columns.
#[must_use]
pub(super) fn finding_text(finding: &Finding, width: usize) -> String {
    if finding.severity == Severity::Info {
        return info_text(finding);
    }
    let (style, word) = severity_style(finding.severity);
    let mut text =
        format!("{style}{word}[{}]{style:#}{BOLD}: {}{BOLD:#}", finding.id, finding.message);
    match snippet(finding, style, DIM, width) {
        Some(snippet) => {
            let _ = write!(text, "\n{snippet}");
        }
        None => write_proof(&mut text, finding),
    }
    if !finding.resolution.is_empty() {
        let _ = write!(text, "\n  {}", finding.resolution.replace('\n', "\n  "));
    }
    if let Some(recovery) = &finding.recovery {
        let _ = write!(text, "\n  deployfix: {recovery}");
    }
    if let Some(fix) = &finding.fix {
        let _ = write!(text, "\n{HINT}fix:{HINT:#} {} (`{FIX_COMMAND}`)", fix.description);
    }
    for hint in &finding.hints {
        let _ = write!(text, "\n{HINT}hint:{HINT:#} {hint}");
    }
    text
}

/// Place and evidence, where the line of the place is not known.
fn write_proof(text: &mut String, finding: &Finding) {
    if let Some(location) = &finding.location {
        let _ = write!(text, "\n  {DIM}-->{DIM:#} {location}");
    }
    for evidence in &finding.evidence {
        let place = match evidence.line {
            Some(line) => format!("{}:{line}", evidence.source),
            None => evidence.source.clone(),
        };
        for line in evidence.text.lines() {
            let _ = write!(text, "\n   {DIM}|{DIM:#} {line}");
        }
        let _ = write!(text, "  {DIM}({place}){DIM:#}");
    }
}

/// What is only worth knowing, in one line.
fn info_text(finding: &Finding) -> String {
    let (style, word) = severity_style(finding.severity);
    let recovery =
        finding.recovery.as_ref().map(|text| format!("; deployfix {text}")).unwrap_or_default();
    let place = finding.location.as_ref().map(ToString::to_string);
    let notes: Vec<_> =
        place.into_iter().chain(finding.fix.as_ref().map(|_| "fixable".to_owned())).collect();
    let notes = match notes.join(", ") {
        notes if notes.is_empty() => notes,
        notes => format!(" {DIM}({notes}){DIM:#}"),
    };
    format!("{style}{word}[{}]{style:#}: {}{recovery}{notes}", finding.id, finding.message)
}

/// How a phase ended, in one line, and one more for each retry.
#[must_use]
pub(super) fn verdict_text(phase: &PhaseReport) -> String {
    let (style, word) = status_style(phase.status);
    let mut figures = vec![format_duration(phase.duration.into())];
    if phase.attempts.len() > 1 {
        figures.push(count(phase.attempts.len(), "attempt"));
    }
    if let Some(peak) = phase.attempts.iter().map(|attempt| attempt.outcome.peak_memory).max()
        && peak > 0
    {
        figures.push(format!("peak memory {}", format_bytes(peak)));
    }
    let found = |severity| phase.findings.iter().filter(|found| found.severity == severity).count();
    for (severity, noun) in
        [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "note")]
    {
        if found(severity) > 0 {
            figures.push(count(found(severity), noun));
        }
    }
    let warned = match phase.status {
        PhaseStatus::Passed | PhaseStatus::Recovered if found(Severity::Warning) > 0 => {
            " with warnings"
        }
        _ => "",
    };
    let mut text = format!(
        "{style}{word}{style:#} {BOLD}{}{BOLD:#}{warned} in {}",
        phase.name,
        figures.join(", ")
    );
    if phase.primary_error().is_some_and(|finding| !finding.is_error()) {
        text.push_str("; `--strict` counts warnings as failures");
    }
    let fixable = phase.findings.iter().filter(|finding| finding.fix.is_some()).count();
    if phase.name == PhaseName::Validate && fixable > 0 {
        let _ = write!(text, "; {fixable} can be fixed with `{FIX_COMMAND}`");
    }
    for attempt in &phase.attempts {
        let reason = &attempt.decision.reason;
        let _ = match (attempt.decision.action, &attempt.finding) {
            (Action::Accept | Action::Stop, _) => Ok(()),
            (_, Some(finding)) => {
                write!(text, "\n  attempt {}: {}; {reason}", attempt.number, finding.id)
            }
            (Action::Retry, None) => {
                write!(text, "\n  attempt {}: failed; {reason}", attempt.number)
            }
            (Action::Continue, None) => write!(text, "\n  attempt {}: {reason}", attempt.number),
        };
    }
    if let Some(versions) = phase.versions.as_ref().filter(|versions| !versions.changes.is_empty())
    {
        let _ = write!(text, "\n  not the versions of `{}`:", versions.lockfile);
        for line in versions.lines(LISTED_VERSIONS) {
            let _ = write!(text, "\n    {line}");
        }
    }
    if let Some(finding) =
        phase.primary_error().filter(|finding| finding.id.area() != Area::Internal)
    {
        let _ = write!(text, "\nfor more: `deployfix explain {}`", finding.id);
    }
    text
}

/// The whole report: the summary, then every error and warning as `finding_text` gives it.
#[must_use]
pub(super) fn run_text(run: &Run, finding_text: impl Fn(&Finding) -> String) -> String {
    let mut text = summary_text(run);
    for phase in run.telling_phases() {
        for finding in phase.findings.iter().filter(|finding| finding.severity > Severity::Info) {
            let _ = write!(text, "\n\n{}", finding_text(finding));
        }
    }
    text
}

/// What every phase came to, and the result.
#[must_use]
pub fn summary_text(run: &Run) -> String {
    let (style, word) = match run.result {
        RunResult::Passed => status_style(PhaseStatus::Passed),
        RunResult::Recovered => status_style(PhaseStatus::Recovered),
        RunResult::Failed => status_style(PhaseStatus::Failed),
        RunResult::Interrupted => status_style(PhaseStatus::Interrupted),
    };
    let mut text = format!("{BOLD}deployfix report{BOLD:#} {DIM}{}{DIM:#}", run.run.id);
    let mut phases: Vec<_> = run.phases.iter().collect();
    phases.sort_by_key(|phase| phase.name);
    for phase in phases {
        let (style, word) = status_style(phase.status);
        let peak = phase.attempts.iter().map(|attempt| attempt.outcome.peak_memory).max();
        let mut figures = Vec::new();
        if phase.attempts.len() > 1 {
            figures.push(count(phase.attempts.len(), "attempt"));
        }
        if let Some(peak) = peak.filter(|peak| *peak > 0) {
            figures.push(format!("peak {}", format_bytes(peak)));
        }
        if let Some(finding) = phase.primary_error() {
            figures.push(finding.id.to_string());
        }
        let duration = format_duration(phase.duration.into());
        let _ = write!(text, "\n  {:<17} {style}{word:<11}{style:#} {duration:>9}", phase.name);
        if !figures.is_empty() {
            let _ = write!(text, "  {}", figures.join(", "));
        }
    }
    if let Some(artifact) = &run.artifact {
        let _ = write!(
            text,
            "\n  artifact: {} in `{}`, {} of {} counted ({:.1} %), {}",
            artifact.mode,
            artifact.base_directory,
            format_bytes(artifact.compute_size),
            format_bytes(artifact.size_limit),
            percentage(artifact.compute_size, artifact.size_limit),
            count(usize::try_from(artifact.files).unwrap_or(usize::MAX), "file"),
        );
    }
    if let Some(health) = &run.health {
        let healthy = health.routes.iter().filter(|route| route.healthy).count();
        let _ = write!(
            text,
            "\n  health: {healthy} of {} answered as they should, {}, p50 {}, p95 {}{}",
            count(health.routes.len(), "route"),
            count(usize::try_from(health.assets).unwrap_or(usize::MAX), "asset"),
            format_duration(health.p50.into()),
            format_duration(health.p95.into()),
            health
                .peak_memory
                .map(|peak| format!(", server peak {}", format_bytes(peak)))
                .unwrap_or_default(),
        );
    }
    for recommendation in &run.recommendations {
        let _ = write!(text, "\n{HINT}recommended:{HINT:#} {recommendation}");
    }
    let _ = write!(
        text,
        "\n{style}{word}{style:#} in {}{}",
        format_duration(run.duration.into()),
        run.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default(),
    );
    text
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn percentage(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
