use std::{fmt::Write, ops::Range};

use super::{
    ChildEvidence, Stage,
    log::{clean, line_at, line_number},
    signature::{Side, Signature},
    table::{Match, TABLE},
};
use crate::report::{
    Evidence, Finding, FindingId, Location, OutcomeKind,
    render::{format_bytes, format_duration},
};

/// What output without a log file is called.
pub(crate) const UNLOGGED: &str = "output";
/// Lines of the log that prove an unknown failure.
const QUOTED_LINES: usize = 6;

/// Signatures of lower rank outweigh the exit status.
const EXIT_RANK: u32 = 15;
/// What `deployfix run` and Amplify echo before every command.
const COMMAND_ECHO: &str = "# Executing command: ";

/// Names the cause of a failed child.
pub(crate) fn diagnose(evidence: &ChildEvidence<'_>) -> Finding {
    let log = clean(evidence.log);
    let relevant = match evidence.stage {
        Stage::Shell => last_command(&log),
        Stage::Install | Stage::Build => 0,
    };
    // People know their command, not the shell that runs them all.
    let echoed = log[relevant..].lines().next().and_then(|line| line.strip_prefix(COMMAND_ECHO));
    let evidence = &ChildEvidence { command: echoed.unwrap_or(evidence.command), ..*evidence };
    // How the kernel ended it says more than what it wrote before, but for the words of V8 and of a full disk.
    let finding = by_end(evidence, &log)
        .or_else(|| by_signature(evidence, &log, relevant, 0..EXIT_RANK))
        .or_else(|| killed(evidence, &log))
        .or_else(|| aborted(evidence))
        .or_else(|| by_signature(evidence, &log, relevant, EXIT_RANK..u32::MAX))
        .unwrap_or_else(|| unknown(evidence, &log, relevant));
    finding.evidence(end_evidence(evidence))
}

/// What the way it ended tells without its words.
fn by_end(evidence: &ChildEvidence<'_>, log: &str) -> Option<Finding> {
    if let Some(reason) = evidence.start_error {
        if !reason.contains("No such file") {
            return Some(Finding::new(
                FindingId::ToolMissing,
                format!("`{}` did not start", evidence.command),
                reason,
            ));
        }
        let id = match evidence.stage {
            Stage::Install => FindingId::PackageManagerMissing,
            Stage::Build | Stage::Shell => FindingId::ToolMissing,
        };
        return Some(Finding::new(
            id,
            format!("`{}` did not start", evidence.command),
            format!(
                "{reason}; the program must be on `PATH`, and the folder it runs in must exist"
            ),
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

/// The first match of the lowest rank within the ranks, from a byte of the log on.
fn by_signature(
    evidence: &ChildEvidence<'_>,
    log: &str,
    from: usize,
    ranks: Range<u32>,
) -> Option<Finding> {
    let table = &*TABLE;
    table
        .matching(&log.as_bytes()[from..])
        .filter(|(_, owner)| {
            let Signature { stages, rank, exit, .. } = &table.signatures[*owner];
            let in_stage = evidence.stage == Stage::Shell
                || stages.is_empty()
                || stages.contains(&evidence.stage);
            in_stage
                && ranks.contains(rank)
                && exit.is_none_or(|code| evidence.outcome.exit_code == Some(code))
        })
        .filter_map(|(pattern, owner)| Some((owner, table.find(pattern, log.as_bytes(), from)?)))
        .min_by_key(|(owner, found)| (table.signatures[*owner].rank, found.start, *owner))
        .map(|(owner, found)| from_signature(&table.signatures[owner], &found, evidence, log))
}

fn from_signature(
    signature: &Signature,
    found: &Match,
    evidence: &ChildEvidence<'_>,
    log: &str,
) -> Finding {
    let fill = |text: &str| fill(text, found);
    let mut finding =
        Finding::new(signature.id, fill(&signature.message), fill(&signature.resolution));
    finding.hints = signature.hints.iter().map(|hint| fill(hint)).collect();
    if let Some(file) = found.get("file") {
        let number = |name| found.get(name).and_then(|text| text.parse().ok());
        finding.location =
            Some(Location { column: number("column"), ..Location::line(file, number("line")) });
    }
    if let Some((number, line)) = signature.cause.and_then(|side| cause(log, found.start, side)) {
        finding = finding.evidence(Evidence::at(evidence.log_name, number, line));
    }
    let line = line_at(log, found.proof);
    finding.evidence(Evidence::at(evidence.log_name, line_number(log, found.proof), line))
}

/// Lines on either side of a consequence in which its cause is looked for.
const CAUSE_LINES: usize = 40;

/// The nearest error on one side of a byte.
fn cause(log: &str, byte: usize, side: Side) -> Option<(u64, &str)> {
    let at = usize::try_from(line_number(log, byte)).unwrap_or(usize::MAX);
    let names_error = |(_, line): &(u64, &str)| {
        line.contains("Error: ") && !line.contains("Error: Failed to collect")
    };
    match side {
        Side::Above => {
            let lines: Vec<_> = numbered(log).take(at.saturating_sub(1)).collect();
            lines.into_iter().rev().take(CAUSE_LINES).find(names_error)
        }
        Side::Below => numbered(log).skip(at).take(CAUSE_LINES).find(names_error),
    }
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

/// V8 aborts when its heap is full, and its words may have been cut off.
fn aborted(evidence: &ChildEvidence<'_>) -> Option<Finding> {
    let outcome = evidence.outcome;
    let by_abort = outcome.signal.as_deref() == Some("SIGABRT") || outcome.exit_code == Some(134);
    (by_abort && evidence.stage == Stage::Build).then(|| {
        Finding::new(
            FindingId::OutOfMemoryHeap,
            format!("`{}` aborted (SIGABRT, 134), as Node does when its V8 heap is full", evidence.command),
            "Node's heap limit was most likely reached; the container has more memory than the heap may use",
        )
        .hint("set `NODE_OPTIONS=--max-old-space-size=<MiB>` in the Amplify console, below the memory of the build instance")
    })
}

/// Where the output of the last command begins: what earlier ones overcame is not the cause.
fn last_command(log: &str) -> usize {
    log.rfind(COMMAND_ECHO).unwrap_or(0)
}

fn unknown(evidence: &ChildEvidence<'_>, log: &str, from: usize) -> Finding {
    let id = match evidence.stage {
        Stage::Install => FindingId::InstallFailed,
        Stage::Build | Stage::Shell => FindingId::BuildFailed,
    };
    let mut finding = Finding::new(
        id,
        format!("`{}` failed", evidence.command),
        "deployfix does not know this failure; the quoted lines are its first error, the whole output is in the log",
    );
    if evidence.log_name != UNLOGGED {
        finding = finding.hint(format!("read `{}`", evidence.log_name));
    }
    let begin = if from == 0 { 0 } else { line_number(log, from) };
    // Neither the echo of the command nor the runner's words about its end tell why.
    let told: Vec<_> = numbered(log)
        .filter(|(number, line)| *number > begin && !line.starts_with("!!! "))
        .collect();
    let lines = first_error_block(&told).unwrap_or_else(|| {
        let lines = told.iter().rev().filter(|(_, line)| !line.trim().is_empty());
        let mut lines: Vec<_> = lines.take(QUOTED_LINES).copied().collect();
        lines.reverse();
        lines
    });
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

fn first_error_block<'a>(lines: &[(u64, &'a str)]) -> Option<Vec<(u64, &'a str)>> {
    let is_error = |line: &str| {
        let line = line.trim_start();
        ["error", "Error", "ERROR", "ERR!", "fatal", "FATAL", "Failed", "⨯", "✗", "Traceback"]
            .iter()
            .any(|mark| line.starts_with(mark))
            || line.contains("Error: ")
            || line.contains("error: ")
    };
    let first = lines.iter().position(|(_, line)| is_error(line))?;
    Some(
        lines[first..]
            .iter()
            .take(QUOTED_LINES)
            .take_while(|(_, line)| !line.trim().is_empty() && !line.trim().starts_with("at "))
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
fn fill(text: &str, found: &Match) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            rest = after;
            break;
        };
        filled.push_str(&found.get(name).map_or_else(|| format!("<{name}>"), str::to_owned));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Outcome;

    fn outcome(exit_code: Option<i32>, signal: Option<&str>) -> Outcome {
        Outcome {
            kind: OutcomeKind::Failed,
            exit_code,
            signal: signal.map(str::to_owned),
            peak_memory: 0,
            out_of_memory_kills: None,
            output_bytes: 0,
        }
    }

    fn id(stage: Stage, outcome: &Outcome, log: &str) -> FindingId {
        let finding = diagnose(&ChildEvidence {
            stage,
            command: "npm run build",
            outcome,
            duration: std::time::Duration::ZERO,
            silence: std::time::Duration::ZERO,
            start_error: None,
            log,
            log_name: "build.log",
        });
        finding.id
    }

    /// Warnings and retries of builds that fail for another reason, or not at all.
    const NOISE: &str = "npm warn deprecated glob@7.2.3: no longer supported
npm warn fetch GET 503 attempt 1 failed with ECONNRESET
 WARN  GET http://127.0.0.1/zod error (ETIMEDOUT). Will retry in 10 seconds. 2 retries left.
info There appears to be trouble with your network connection. Retrying...
 \u{26a0} Compiled with warnings
Module not found: Can't resolve 'pino-pretty' in '/app/node_modules/pino/lib'
./src/app/page.tsx
3:7  Warning: 'a' is assigned a value but never used.
[cms] entry: /about: not found
Watchpack Error (watcher): Error: ENOSPC: System limit for number of file watchers reached
";

    #[test]
    fn every_example_is_named_also_behind_noise() {
        for signature in &TABLE.signatures {
            let stage = signature.stages.first().copied().unwrap_or(Stage::Build);
            let outcome = outcome(signature.exit.or(Some(1)), None);
            for example in signature.examples.as_slice() {
                for log in [example.clone(), format!("{NOISE}{example}")] {
                    assert_eq!(
                        id(stage, &outcome, &log),
                        signature.id,
                        "{}: {log}",
                        signature.name
                    );
                }
            }
        }
    }

    #[test]
    fn noise_alone_names_nothing() {
        let failed = outcome(Some(1), None);
        assert_eq!(id(Stage::Build, &failed, NOISE), FindingId::BuildFailed);
        assert_eq!(id(Stage::Install, &failed, NOISE), FindingId::InstallFailed);
        assert_eq!(id(Stage::Shell, &failed, NOISE), FindingId::BuildFailed);
    }

    #[test]
    fn how_it_was_ended_outweighs_what_it_wrote_before() {
        let log = "sh: 1: git: not found\nTypeError: fetch failed\n  [cause]: Error: connect ECONNREFUSED 127.0.0.1:1\n";
        let killed = FindingId::OutOfMemoryKilled;
        assert_eq!(id(Stage::Build, &outcome(Some(137), None), log), killed);
        assert_eq!(id(Stage::Build, &outcome(None, Some("SIGKILL")), log), killed);
        assert_eq!(id(Stage::Build, &outcome(Some(134), None), log), FindingId::OutOfMemoryHeap);
        let words = format!(
            "{log}FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n"
        );
        assert_eq!(id(Stage::Build, &outcome(Some(137), None), &words), FindingId::OutOfMemoryHeap);
    }

    #[test]
    fn in_a_shell_only_the_last_command_counts() {
        let log = "# Executing command: deployfix install\nnpm error code ECONNRESET\n# Executing command: npm run lint\nbroken\n";
        assert_eq!(id(Stage::Shell, &outcome(Some(1), None), log), FindingId::BuildFailed);
    }

    #[test]
    fn a_place_above_the_app_keeps_its_path() {
        let log = "Failed to compile.\n\n../../packages/ui/button.tsx:3:7\nType error: No.\n";
        let evidence = outcome(Some(1), None);
        let finding = diagnose(&ChildEvidence {
            stage: Stage::Build,
            command: "npm run build",
            outcome: &evidence,
            duration: std::time::Duration::ZERO,
            silence: std::time::Duration::ZERO,
            start_error: None,
            log,
            log_name: "build.log",
        });
        assert_eq!(finding.location, Some(Location::at("../../packages/ui/button.tsx", 3, 7)));
    }
}
