use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    diagnose::{ChildEvidence, Stage, Table, diagnose, scan},
    mask::MaskSet,
    process::{CommandSpec, Ended, Interrupt, Limits, Sink, run},
    project::Project,
    report::{Finding, PhaseName, render::Printer, store::DIRECTORY},
};

/// Characters of a child's line that a finding shows.
const LONGEST_LINE: usize = 200;

/// What the toolchain is put together with.
pub(crate) struct Workshop<'a> {
    /// The app.
    pub(crate) project: &'a Project,
    /// The environment of deployfix.
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// `.deployfix`; absent where it cannot be written, and then nothing is fetched.
    pub(crate) state: Option<&'a Path>,
    /// Where it says what it does.
    pub(crate) printer: &'a Printer,
    /// What is taken out of logs.
    pub(crate) mask: &'a MaskSet,
    /// That deployfix was asked to stop.
    pub(crate) interrupt: &'a Interrupt,
    /// What bounds the children of the phase.
    pub(crate) limits: Limits,
    /// The phase, for the names of logs.
    pub(crate) phase: PhaseName,
    /// Whether an Amplify build asks, which serves the app under the shell's Node.
    pub(crate) on_amplify: bool,
    /// Whether amplify.yml chooses another Node after this phase.
    pub(crate) node_chosen_later: bool,
}

/// A child of the workshop that failed.
pub(super) struct Failure {
    /// What the diagnosis makes of it.
    pub(super) finding: Finding,
    /// The line of its output that tells most.
    pub(super) line: String,
}

impl Workshop<'_> {
    /// The folder of fetched tools.
    pub(super) fn tools(&self) -> Option<PathBuf> {
        self.state.map(|state| state.join("tools"))
    }

    /// Runs a child whose output is only logged, for at most `limit`.
    pub(super) async fn child(
        &self,
        command: &CommandSpec,
        name: &str,
        limit: Duration,
    ) -> Result<Ended, Failure> {
        let log_name = format!("logs/{}.{name}.log", self.phase);
        let log = self.state.map(|state| state.join(&log_name));
        let sink = Sink { printer: None, mask: self.mask, log: log.as_deref() };
        let deadline = Some(Instant::now() + limit).into_iter().chain(self.limits.deadline).min();
        let limits = Limits { deadline, ..self.limits };
        self.printer.detail(&format!("$ {}", command.display()));
        let ended = run(command, sink, limits, self.interrupt).await;
        if ended.succeeded() {
            return Ok(ended);
        }
        let finding = diagnose(
            Table::known(),
            scan(Table::known(), ended.tail.as_bytes()),
            &ChildEvidence {
                stage: Stage::Install,
                command: &command.display(),
                outcome: &ended.outcome,
                duration: ended.duration,
                silence: ended.silence,
                start_error: ended.start_error.as_deref(),
                log_name: &format!("{DIRECTORY}/{log_name}"),
            },
        )
        .primary;
        let line = telling_line(&ended.tail)
            .or_else(|| ended.start_error.clone())
            .unwrap_or_else(|| "it said nothing".into());
        Err(Failure { finding, line })
    }
}

/// The first line that names an error, else the last one.
fn telling_line(output: &str) -> Option<String> {
    let plain = anstream::adapter::strip_str(output).to_string();
    let lines = || plain.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .find(|line| ["Error: ", "npm error ", "ERR_"].iter().any(|word| line.contains(word)))
        .or_else(|| lines().next_back())
        .map(|line| line.chars().take(LONGEST_LINE).collect())
}
