//! What the way a child ended tells, apart from the words of its tools.

use std::fmt::Write;

use super::{
    Stage,
    commands::failure_of,
    engine::{Examination, UNLOGGED},
};
use crate::report::{
    Confidence, Evidence, Finding, FindingId, OutcomeKind,
    render::{format_bytes, format_duration},
};

impl Examination<'_> {
    /// What the way it ended tells without its words.
    pub(super) fn by_end(&self) -> Option<(Finding, Confidence)> {
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
    pub(super) fn killed(&self) -> Option<(Finding, Confidence)> {
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
    pub(super) fn aborted(&self) -> Option<(Finding, Confidence)> {
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
    pub(super) fn unknown(&self) -> Finding {
        let id = match self.evidence.stage {
            Stage::Install => FindingId::InstallFailed,
            Stage::Build => FindingId::BuildFailed,
            Stage::Shell => failure_of(self.command()).unwrap_or(FindingId::BuildFailed),
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

    pub(super) fn end_evidence(&self) -> Evidence {
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
