use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::{
    ChildEvidence, Stage,
    scan::{Ending, Hit, Scan},
    table::Table,
    unknown::Quoted,
};
use crate::report::{Confidence, Evidence, Finding, Location, Outcome, OutcomeKind, Severity};

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
    /// It tells neither of a failure nor of success; what would have caused a failure, if it was one.
    Unclear(Option<Box<Diagnosis>>),
}

/// Names the cause of a failed child, whose output was read.
pub(crate) fn diagnose(table: &Table, scan: Scan, evidence: &ChildEvidence<'_>) -> Diagnosis {
    let examination = Examination { table, scan, evidence };
    let mut diagnosis = examination.diagnose();
    diagnosis.primary.evidence.push(examination.end_evidence());
    diagnosis
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
        log_name,
    };
    let examination = Examination { table, scan, evidence: &evidence };
    let is_failed = matches!(ending, Some(Ending::Failed { .. }));
    if !is_failed && !examination.shows_failure() {
        if ending == Some(Ending::Succeeded) {
            return LogVerdict::Succeeded;
        }
        return LogVerdict::Unclear(examination.suspected().map(Box::new));
    }
    LogVerdict::Failed(Box::new(examination.diagnose()))
}

/// Everything that is weighed.
pub(super) struct Examination<'a> {
    table: &'a Table,
    pub(super) scan: Scan,
    pub(super) evidence: &'a ChildEvidence<'a>,
}

impl Examination<'_> {
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
        let primary = finding.severity(Severity::Error);
        Diagnosis { primary, contributing, confidence, captures }
    }

    /// What may be no more than a warning, where nothing tells how it ended.
    fn suspected(&self) -> Option<Diagnosis> {
        let (finding, _, captures) = self.by_signature(0..u32::MAX)?;
        let contributing = self.contributing(&finding);
        let primary = finding.severity(Severity::Warning);
        Some(Diagnosis { primary, contributing, confidence: Confidence::Low, captures })
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

    pub(super) fn quoting<'q>(
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
    pub(super) fn last_lines(&self, number: usize) -> &[Quoted] {
        let lines = self.scan.sections.iter().rev().map(|section| &section.last_lines);
        let lines = lines.into_iter().find(|lines| !lines.is_empty());
        lines.map_or(&[], |lines| &lines[lines.len().saturating_sub(number)..])
    }

    /// People know their command, not the shell that runs them all.
    pub(super) fn command(&self) -> &str {
        match self.evidence.stage {
            Stage::Shell => {
                self.scan.sections.last().and_then(|section| section.command.as_deref())
            }
            Stage::Install | Stage::Build => None,
        }
        .unwrap_or(self.evidence.command)
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
    use crate::{diagnose::scan::scan, report::FindingId};

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
        diagnosed(stage, outcome, log).primary.id
    }

    fn diagnosed(stage: Stage, outcome: &Outcome, log: &str) -> Diagnosis {
        let evidence = ChildEvidence {
            stage,
            command: "npm run build",
            outcome,
            duration: std::time::Duration::ZERO,
            silence: std::time::Duration::ZERO,
            start_error: None,
            log_name: "build.log",
        };
        diagnose(Table::known(), scan(Table::known(), log.as_bytes()), &evidence)
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
        let mut wrong = Vec::new();
        for signature in &Table::known().signatures {
            let stage = signature.stages.first().copied().unwrap_or(Stage::Build);
            let outcome = outcome(signature.exit.or(Some(1)), None);
            for example in signature.examples.as_slice() {
                for log in [example.clone(), format!("{NOISE}{example}")] {
                    let found = id(stage, &outcome, &log);
                    if found != signature.id {
                        wrong.push(format!(
                            "{} is taken for {}: {log}",
                            signature.name,
                            found.as_str()
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
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
        let diagnosis = diagnosed(Stage::Build, &outcome(Some(1), None), log);
        assert_eq!(
            diagnosis.primary.location,
            Some(Location::at("../../packages/ui/button.tsx", 3, 7))
        );
    }
}
