use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    ops::Range,
};

use super::{
    ChildEvidence, Stage,
    scan::{Ending, Hit, Scan, scan},
    table::Table,
    unknown::Quoted,
};
use crate::report::{
    Confidence, Evidence, Finding, FindingId, Location, Outcome, OutcomeKind, Severity,
    render::{format_bytes, format_duration},
};

/// What output without a log file is called.
pub(crate) const UNLOGGED: &str = "output";
/// Signatures of lower rank outweigh the exit status.
const EXIT_RANK: u32 = 15;
/// From this rank on a signature names a consequence more often than a cause.
const CONSEQUENCE_RANK: u32 = 60;
/// Findings that are told beside the primary one.
const CONTRIBUTING: usize = 4;

/// Why a child failed.
#[derive(Debug, Clone)]
pub(crate) struct Diagnosis {
    /// The root cause.
    pub(crate) primary: Finding,
    /// What else the log shows: consequences, or second causes.
    pub(crate) contributing: Vec<Finding>,
    pub(crate) confidence: Confidence,
    /// What the signature of the primary finding captured, by name.
    pub(crate) captures: BTreeMap<String, String>,
}

/// What a log without its process says.
#[derive(Debug)]
pub(crate) enum LogVerdict {
    Failed(Box<Diagnosis>),
    /// It ends in success.
    Succeeded,
    /// It tells neither of a failure nor of success.
    Unclear,
}

/// Names the cause of a failed child.
pub(crate) fn diagnose(table: &Table, evidence: &ChildEvidence<'_>) -> Diagnosis {
    Examination::new(table, scan(table, evidence.log.as_bytes()), evidence).diagnose()
}

/// Names the cause of the failure that a log tells of, if it does.
pub(crate) fn diagnose_log(table: &Table, scan: Scan, log_name: &str) -> LogVerdict {
    let ending = scan.ending.clone();
    let (exit_code, signal) = match &ending {
        Some(Ending::Failed { code, signal }) => (*code, signal.clone()),
        Some(Ending::Succeeded) | None => (None, None),
    };
    let outcome = Outcome {
        kind: OutcomeKind::Failed,
        exit_code,
        signal,
        peak_memory: 0,
        out_of_memory_kills: None,
        output_bytes: 0,
    };
    let command = scan.sections.iter().rev().find_map(|section| section.command.clone());
    let evidence = ChildEvidence {
        stage: Stage::Shell,
        command: command.as_deref().unwrap_or("the build"),
        outcome: &outcome,
        duration: std::time::Duration::ZERO,
        silence: std::time::Duration::ZERO,
        start_error: None,
        log: "",
        log_name,
    };
    let mut examination = Examination::new(table, scan, &evidence);
    let is_failed = matches!(ending, Some(Ending::Failed { .. }));
    if !is_failed && !examination.shows_failure() {
        return match ending {
            Some(Ending::Succeeded) => LogVerdict::Succeeded,
            _ => LogVerdict::Unclear,
        };
    }
    examination.is_told = is_failed;
    LogVerdict::Failed(Box::new(examination.diagnose()))
}

/// Everything that is weighed.
struct Examination<'a> {
    table: &'a Table,
    scan: Scan,
    evidence: &'a ChildEvidence<'a>,
    /// Whether how it ended is known from elsewhere than the words of the tools.
    is_told: bool,
}

impl<'a> Examination<'a> {
    fn new(table: &'a Table, scan: Scan, evidence: &'a ChildEvidence<'a>) -> Self {
        Self { table, scan, evidence, is_told: true }
    }

    fn diagnose(&self) -> Diagnosis {
        // How the kernel ended it says more than what it wrote before, but for the words of V8 and of a full disk.
        let plain = |(finding, confidence)| (finding, confidence, BTreeMap::new());
        let (finding, confidence, captures) = self
            .by_end()
            .map(plain)
            .or_else(|| self.by_signature(0..EXIT_RANK))
            .or_else(|| self.killed().map(plain))
            .or_else(|| self.aborted().map(plain))
            .or_else(|| self.by_signature(EXIT_RANK..u32::MAX))
            .unwrap_or_else(|| plain((self.unknown(), Confidence::Low)));
        let contributing = self.contributing(&finding);
        // What may pass as a warning before a build is an error where it ended one.
        let finding = finding.severity(Severity::Error);
        let primary = if self.is_told && !self.is_of_a_log() {
            finding.evidence(self.end_evidence())
        } else {
            finding
        };
        Diagnosis { primary, contributing, confidence, captures }
    }

    /// Whether only a log is there, and no process.
    fn is_of_a_log(&self) -> bool {
        self.evidence.duration.is_zero() && self.evidence.log.is_empty()
    }

    /// Whether the words of a tool prove that something failed.
    fn shows_failure(&self) -> bool {
        self.eligible().any(|hit| self.table.signatures[hit.signature].terminal)
    }

    /// What may have ended the log.
    fn eligible(&self) -> impl Iterator<Item = &Hit> {
        let last = self.scan.sections.len() - 1;
        self.scan.hits.iter().filter(move |hit| {
            let signature = &self.table.signatures[hit.signature];
            let section = &self.scan.sections[hit.section];
            let in_stage = self.evidence.stage == Stage::Shell
                || signature.stages.is_empty()
                || signature.stages.contains(&self.evidence.stage);
            let exit_code = self.evidence.outcome.exit_code;
            // What only the commands of a script overcame, a package manager's own log keeps.
            let is_open = !section.is_overcome || signature.crosses || hit.section == last;
            in_stage
                && is_open
                && signature.exit.is_none_or(|code| exit_code.is_none_or(|known| known == code))
                && self.table.is_of_tool(hit.signature, &self.scan.tools)
        })
    }

    /// The match nearest to the cause within the ranks.
    fn by_signature(
        &self,
        ranks: Range<u32>,
    ) -> Option<(Finding, Confidence, BTreeMap<String, String>)> {
        let signatures = &self.table.signatures;
        let all: Vec<_> =
            self.eligible().filter(|hit| ranks.contains(&signatures[hit.signature].rank)).collect();
        let mut best = *all
            .iter()
            .min_by_key(|hit| (signatures[hit.signature].rank, hit.offset, hit.signature))?;
        // Each step leads nearer to the cause; the number of steps is bounded against circles.
        for _ in 0..all.len() {
            let name = &signatures[best.signature].name;
            let Some(nearer) =
                all.iter().find(|hit| signatures[hit.signature].outranks.contains(name))
            else {
                break;
            };
            best = nearer;
        }
        let confidence = if signatures[best.signature].rank < CONSEQUENCE_RANK {
            Confidence::High
        } else {
            Confidence::Medium
        };
        Some((self.finding(best), confidence, best.captures.clone()))
    }

    /// What else was found, one of each kind, in the order of the log.
    fn contributing(&self, primary: &Finding) -> Vec<Finding> {
        let mut seen = BTreeSet::from([primary.id.as_str()]);
        let mut hits: Vec<_> = self.eligible().collect();
        hits.sort_by_key(|hit| (self.table.signatures[hit.signature].rank, hit.offset));
        hits.into_iter()
            .filter(|hit| seen.insert(self.table.signatures[hit.signature].id.as_str()))
            .take(CONTRIBUTING)
            .map(|hit| self.finding(hit))
            .collect()
    }

    fn finding(&self, hit: &Hit) -> Finding {
        let signature = &self.table.signatures[hit.signature];
        let fill = |text: &str| fill(text, hit);
        let mut finding =
            Finding::new(signature.id, fill(&signature.message), fill(&signature.resolution));
        finding.hints = signature.hints.iter().map(|hint| fill(hint)).collect();
        if let Some(file) = hit.get("file") {
            let number = |name| hit.get(name).and_then(|text| text.parse().ok());
            finding.location =
                Some(Location { column: number("column"), ..Location::line(file, number("line")) });
        }
        let quotes = hit.cause.iter().chain([&hit.proof]);
        self.quoting(finding, quotes)
    }

    fn quoting<'q>(
        &self,
        finding: Finding,
        quotes: impl IntoIterator<Item = &'q Quoted>,
    ) -> Finding {
        let name = self.evidence.log_name;
        quotes.into_iter().fold(finding, |finding, quote| {
            finding.evidence(Evidence::at(name, quote.line, quote.text.clone()))
        })
    }

    /// The last lines of what ran last.
    fn last_lines(&self, number: usize) -> &[Quoted] {
        let lines = self.scan.sections.iter().rev().map(|section| &section.last_lines);
        let lines = lines.into_iter().find(|lines| !lines.is_empty());
        lines.map_or(&[], |lines| &lines[lines.len().saturating_sub(number)..])
    }

    /// People know their command, not the shell that runs them all.
    fn command(&self) -> &str {
        match self.evidence.stage {
            Stage::Shell => {
                self.scan.sections.last().and_then(|section| section.command.as_deref())
            }
            Stage::Install | Stage::Build => None,
        }
        .unwrap_or(self.evidence.command)
    }

    /// What the way it ended tells without its words.
    fn by_end(&self) -> Option<(Finding, Confidence)> {
        let (evidence, command) = (self.evidence, self.command());
        if let Some(reason) = evidence.start_error {
            if !reason.contains("No such file") {
                let finding = Finding::new(
                    FindingId::ToolMissing,
                    format!("`{command}` did not start"),
                    reason,
                );
                return Some((finding, Confidence::High));
            }
            let id = match evidence.stage {
                Stage::Install => FindingId::PackageManagerMissing,
                Stage::Build | Stage::Shell => FindingId::ToolMissing,
            };
            let finding = Finding::new(
                id,
                format!("`{command}` did not start"),
                format!(
                    "{reason}; the program must be on `PATH`, and the folder it runs in must exist"
                ),
            );
            return Some((finding, Confidence::High));
        }
        let id = match evidence.stage {
            Stage::Install => FindingId::InstallTimeout,
            Stage::Build | Stage::Shell => FindingId::BuildTimeout,
        };
        let ran = format_duration(evidence.duration);
        let (message, resolution) = match evidence.outcome.kind {
            OutcomeKind::TimedOut => (
                format!("`{command}` was still running after {ran}, when the time ran out"),
                "the deadline comes from `build.timeout` in deployfix.yml or Amplify's `_BUILD_TIMEOUT`",
            ),
            OutcomeKind::Stalled => (
                format!(
                    "`{}` wrote nothing and used no processor for {}",
                    command,
                    format_duration(evidence.silence)
                ),
                "it waits for something that does not come: a prompt, a lock, a server, an open handle",
            ),
            OutcomeKind::Interrupted => {
                let finding = Finding::new(
                    FindingId::Interrupted,
                    format!("`{command}` was interrupted after {ran}"),
                    "deployfix was asked to stop and ended it with all its processes",
                );
                return Some((finding, Confidence::High));
            }
            OutcomeKind::Succeeded | OutcomeKind::Failed | OutcomeKind::NotStarted => return None,
        };
        let finding = Finding::new(id, message, resolution);
        let finding = self.quoting(finding, self.last_lines(2));
        let finding = finding.hint("set `_BUILD_TIMEOUT` (minutes, 5 to 120) in the Amplify console, or `build.stall` in deployfix.yml");
        Some((finding, Confidence::High))
    }

    /// Killed from outside, and no words of the tool tell why.
    fn killed(&self) -> Option<(Finding, Confidence)> {
        let outcome = self.evidence.outcome;
        let by_signal =
            outcome.signal.as_deref() == Some("SIGKILL") || outcome.exit_code == Some(137);
        let by_kernel = outcome.out_of_memory_kills.unwrap_or(0) > 0;
        if !by_signal && !by_kernel {
            return None;
        }
        let message = if by_kernel {
            format!("the kernel killed `{}` for want of memory", self.command())
        } else {
            format!(
                "`{}` was killed (SIGKILL), as the container does when memory runs out",
                self.command()
            )
        };
        let finding = Finding::new(
            FindingId::OutOfMemoryKilled,
            message,
            "the processes of the build together needed more than the container has; a larger heap makes it worse",
        )
        .hint("choose a larger build instance in the Amplify console (Large 16 GiB)")
        .hint("set `memory: 4GiB` under `build:` in deployfix.yml to give the build a smaller heap");
        Some((self.quoting(finding, self.last_lines(1)), Confidence::High))
    }

    /// V8 aborts when its heap is full, and its words may have been cut off.
    fn aborted(&self) -> Option<(Finding, Confidence)> {
        let outcome = self.evidence.outcome;
        let by_abort =
            outcome.signal.as_deref() == Some("SIGABRT") || outcome.exit_code == Some(134);
        (by_abort && self.evidence.stage != Stage::Install).then(|| {
            let finding = Finding::new(
                FindingId::OutOfMemoryHeap,
                format!("`{}` aborted (SIGABRT, 134), as Node does when its V8 heap is full", self.command()),
                "Node's heap limit was most likely reached; the container has more memory than the heap may use",
            )
            .hint("set `NODE_OPTIONS=--max-old-space-size=<MiB>` in the Amplify console, below the memory of the build instance");
            (finding, Confidence::High)
        })
    }

    /// A failure that no signature names.
    fn unknown(&self) -> Finding {
        let id = match self.evidence.stage {
            Stage::Install => FindingId::InstallFailed,
            Stage::Build | Stage::Shell => FindingId::BuildFailed,
        };
        let name = self.evidence.log_name;
        let mut finding = Finding::new(
            id,
            format!("`{}` failed", self.command()),
            "deployfix does not know this failure; the quoted lines are its first error, the whole output is in the log",
        );
        if name != UNLOGGED {
            finding = finding.hint(format!("read `{name}`"));
        }
        let open = self.scan.sections.iter().filter(|section| !section.is_overcome);
        let block = open.map(|section| &section.first_error).find(|block| !block.is_empty());
        match block {
            Some(block) => self.quoting(finding, block),
            None => self.quoting(finding, self.last_lines(usize::MAX)),
        }
    }

    fn end_evidence(&self) -> Evidence {
        let outcome = self.evidence.outcome;
        let end = match (outcome.exit_code, &outcome.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("ended by {signal}"),
            (None, None) => "not started".to_owned(),
        };
        let mut text = format!("{end} after {}", format_duration(self.evidence.duration));
        if outcome.peak_memory > 0 {
            let _ = write!(text, ", peak memory {}", format_bytes(outcome.peak_memory));
        }
        if let Some(kills @ 1..) = outcome.out_of_memory_kills {
            let _ = write!(text, ", kernel out-of-memory kills {kills}");
        }
        Evidence::new("exit status", text)
    }
}

/// Replaces `{name}` by the capture of that name.
fn fill(text: &str, found: &Hit) -> String {
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
        let diagnosis = diagnose(
            Table::known(),
            &ChildEvidence {
                stage,
                command: "npm run build",
                outcome,
                duration: std::time::Duration::ZERO,
                silence: std::time::Duration::ZERO,
                start_error: None,
                log,
                log_name: "build.log",
            },
        );
        diagnosis.primary.id
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
        for signature in &Table::known().signatures {
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
        let diagnosis = diagnose(
            Table::known(),
            &ChildEvidence {
                stage: Stage::Build,
                command: "npm run build",
                outcome: &evidence,
                duration: std::time::Duration::ZERO,
                silence: std::time::Duration::ZERO,
                start_error: None,
                log,
                log_name: "build.log",
            },
        );
        assert_eq!(
            diagnosis.primary.location,
            Some(Location::at("../../packages/ui/button.tsx", 3, 7))
        );
    }
}
