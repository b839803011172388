use std::fmt::Write;

use regex::Captures;

use super::{
    ChildEvidence, Stage,
    log::{clean, line_at, line_number},
    signature::{Signature, TABLE},
};
use crate::report::{
    Evidence, Finding, FindingId, Location, OutcomeKind,
    render::{format_bytes, format_duration},
};

/// Lines of the log that prove an unknown failure.
const QUOTED_LINES: usize = 6;

/// Names the cause of a failed child.
pub(crate) fn diagnose(evidence: &ChildEvidence<'_>) -> Finding {
    let log = clean(evidence.log);
    let finding = by_end(evidence, &log)
        .or_else(|| by_signature(evidence, &log))
        .or_else(|| killed(evidence, &log))
        .unwrap_or_else(|| unknown(evidence, &log));
    finding.evidence(end_evidence(evidence))
}

/// What the way it ended tells without its words.
fn by_end(evidence: &ChildEvidence<'_>, log: &str) -> Option<Finding> {
    if let Some(reason) = evidence.start_error {
        let id = match evidence.stage {
            Stage::Install => FindingId::PackageManagerMissing,
            Stage::Build | Stage::Shell => FindingId::ToolMissing,
        };
        return Some(Finding::new(
            id,
            format!("`{}` did not start", evidence.command),
            format!("{reason}; it must be installed and on `PATH` before this phase"),
        ));
    }
    let id = match evidence.stage {
        Stage::Install => FindingId::InstallTimeout,
        Stage::Build | Stage::Shell => FindingId::BuildTimeout,
    };
    let ran = format_duration(evidence.duration);
    let (message, resolution) = match evidence.outcome.kind {
        OutcomeKind::TimedOut => (
            format!("`{}` was still running after {ran}, when the time ran out", evidence.command),
            "the deadline comes from `build.timeout` in deployfix.yml or Amplify's `_BUILD_TIMEOUT`",
        ),
        OutcomeKind::Stalled => (
            format!(
                "`{}` wrote nothing and used no processor for {}",
                evidence.command,
                format_duration(evidence.silence)
            ),
            "it waits for something that does not come: a prompt, a lock, a server, an open handle",
        ),
        OutcomeKind::Interrupted => {
            return Some(Finding::new(
                FindingId::Interrupted,
                format!("`{}` was interrupted after {ran}", evidence.command),
                "deployfix was asked to stop and ended it with all its processes",
            ));
        }
        OutcomeKind::Succeeded | OutcomeKind::Failed | OutcomeKind::NotStarted => return None,
    };
    let mut finding = Finding::new(id, message, resolution);
    for (number, line) in last_lines(log, 2) {
        finding = finding.evidence(Evidence::at(evidence.log_name, number, line));
    }
    Some(finding.hint("set `_BUILD_TIMEOUT` (minutes, 5 to 120) in the Amplify console, or `build.stall` in deployfix.yml"))
}

fn by_signature(evidence: &ChildEvidence<'_>, log: &str) -> Option<Finding> {
    let table = &*TABLE;
    table
        .set
        .matches(log)
        .into_iter()
        .filter(|index| {
            let stages = &table.signatures[*index].stages;
            evidence.stage == Stage::Shell || stages.is_empty() || stages.contains(&evidence.stage)
        })
        .filter_map(|index| {
            let captures = table.patterns[index].captures(log)?;
            let start = captures.get(0)?.start();
            Some((table.signatures[index].rank, start, index, captures))
        })
        .min_by_key(|(rank, start, index, _)| (*rank, *start, *index))
        .map(|(_, _, index, captures)| {
            from_signature(&table.signatures[index], &captures, evidence, log)
        })
}

fn from_signature(
    signature: &Signature,
    captures: &Captures<'_>,
    evidence: &ChildEvidence<'_>,
    log: &str,
) -> Finding {
    let fill = |text: &str| fill(text, captures);
    let mut finding =
        Finding::new(signature.id, fill(&signature.message), fill(&signature.resolution));
    finding.hints = signature.hints.iter().map(|hint| fill(hint)).collect();
    if let Some(file) = captures.name("file") {
        let number = |name| captures.name(name).and_then(|part| part.as_str().parse().ok());
        finding.location = Some(Location {
            path: file.as_str().trim_start_matches("./").to_owned(),
            line: number("line"),
            column: number("column"),
        });
    }
    // A capture named `proof` narrows the quoted line in patterns that begin earlier.
    let place = captures.name("proof").or_else(|| captures.get(0));
    if let Some(place) = place {
        let start = place.start() + place.as_str().len() - place.as_str().trim_start().len();
        let start = start.min(place.end());
        finding = finding.evidence(Evidence::at(
            evidence.log_name,
            line_number(log, start),
            line_at(log, start),
        ));
    }
    finding
}

/// Killed from outside, and no words of the tool tell why.
fn killed(evidence: &ChildEvidence<'_>, log: &str) -> Option<Finding> {
    let outcome = evidence.outcome;
    let by_signal = outcome.signal.as_deref() == Some("SIGKILL") || outcome.exit_code == Some(137);
    let by_kernel = outcome.out_of_memory_kills.unwrap_or(0) > 0;
    if !by_signal && !by_kernel {
        return None;
    }
    let message = if by_kernel {
        format!("the kernel killed `{}` for want of memory", evidence.command)
    } else {
        format!(
            "`{}` was killed (SIGKILL), as the container does when memory runs out",
            evidence.command
        )
    };
    let mut finding = Finding::new(
        FindingId::OutOfMemoryKilled,
        message,
        "the processes of the build together needed more than the container has; a larger heap makes it worse",
    )
    .hint("choose a larger build instance in the Amplify console (Large 16 GiB)")
    .hint("set `memory: 4GiB` under `build:` in deployfix.yml to give the build a smaller heap");
    for (number, line) in last_lines(log, 1) {
        finding = finding.evidence(Evidence::at(evidence.log_name, number, line));
    }
    Some(finding)
}

fn unknown(evidence: &ChildEvidence<'_>, log: &str) -> Finding {
    let id = match evidence.stage {
        Stage::Install => FindingId::InstallFailed,
        Stage::Build | Stage::Shell => FindingId::BuildFailed,
    };
    let mut finding = Finding::new(
        id,
        format!("`{}` failed", evidence.command),
        "deployfix does not know this failure; the lines above are its first error, the whole output is in the log",
    )
    .hint(format!("read `{}`", evidence.log_name));
    let lines = first_error_block(log).unwrap_or_else(|| last_lines(log, QUOTED_LINES));
    for (number, line) in lines {
        finding = finding.evidence(Evidence::at(evidence.log_name, number, line));
    }
    finding
}

fn end_evidence(evidence: &ChildEvidence<'_>) -> Evidence {
    let outcome = evidence.outcome;
    let end = match (outcome.exit_code, &outcome.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("ended by {signal}"),
        (None, None) => "not started".to_owned(),
    };
    let mut text = format!("{end} after {}", format_duration(evidence.duration));
    if outcome.peak_memory > 0 {
        let _ = write!(text, ", peak memory {}", format_bytes(outcome.peak_memory));
    }
    if let Some(kills @ 1..) = outcome.out_of_memory_kills {
        let _ = write!(text, ", kernel out-of-memory kills {kills}");
    }
    Evidence::new("exit status", text)
}

fn first_error_block(log: &str) -> Option<Vec<(u64, &str)>> {
    let is_error = |line: &str| {
        let line = line.trim_start();
        ["error", "Error", "ERROR", "ERR!", "fatal", "FATAL", "Failed", "⨯", "✗", "Traceback"]
            .iter()
            .any(|mark| line.starts_with(mark))
            || line.contains("Error: ")
            || line.contains("error: ")
    };
    let lines: Vec<_> = numbered(log).collect();
    let first = lines.iter().position(|(_, line)| is_error(line))?;
    Some(
        lines[first..]
            .iter()
            .take(QUOTED_LINES)
            .take_while(|(_, line)| !line.trim().is_empty())
            .copied()
            .collect(),
    )
}

fn last_lines(log: &str, number: usize) -> Vec<(u64, &str)> {
    let mut lines: Vec<_> = numbered(log).filter(|(_, line)| !line.trim().is_empty()).collect();
    lines.drain(..lines.len().saturating_sub(number));
    lines
}

fn numbered(log: &str) -> impl Iterator<Item = (u64, &str)> {
    (1..).zip(log.lines())
}

/// Replaces `{name}` by the capture of that name.
fn fill(text: &str, captures: &Captures<'_>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            rest = after;
            break;
        };
        filled.push_str(captures.name(name).map_or("?", |part| part.as_str().trim()));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}
