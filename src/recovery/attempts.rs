use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Policy, Remedy,
    decide::{Budget, Next, decide},
};
use crate::{
    config::OwnSignature,
    diagnose::{
        ChildEvidence, Diagnosis, Scan, Stage, Table, UNLOGGED, diagnose, scan, scan_stream,
    },
    mask::MaskSet,
    process::{CommandSpec, Ended, Interrupt, Limits, Sink, run},
    report::{
        Action, Attempt, Decision, Finding, FindingId, OutcomeKind, PhaseName, PhaseReport,
        Severity,
        render::{Printer, format_duration},
        store::{DIRECTORY, Store},
    },
};

/// Bytes of the end of a log that a review is given.
const REVIEWED_SIZE: u64 = 2 * 1024 * 1024;

/// A command that can be changed and run again.
pub(crate) trait Attemptable {
    /// What the command does.
    const STAGE: Stage;

    /// The command as planned now.
    fn command(&self) -> CommandSpec;

    /// What makes it pointless, or dishonest, to start the command; it is recorded as an attempt that was not started.
    fn obstacle(&self) -> Option<Finding> {
        None
    }

    /// What is made of a command that ended: `finding` is the diagnosis where it failed, `log` the end of its masked output.
    fn review(&mut self, ended: &Ended, finding: Option<Finding>, log: &str) -> Review {
        let _ = (ended, log);
        Review::of(finding)
    }

    /// Changes the plan; says what was changed, or why it cannot be.
    fn apply(&mut self, remedy: Remedy, ended: &Ended) -> Result<String, String>;
}

/// What is made of a command that ended.
#[derive(Debug)]
pub(crate) enum Review {
    /// The phase is done, for this reason.
    Accept(String),
    /// It was one step of several, and this is why the next follows.
    Continue(String),
    /// It failed, whatever its exit code says.
    Reject(Box<Finding>),
    /// It did its work but for something that this remedy adds; where no attempt is left, that is only told.
    Mend(Box<Finding>, Remedy),
}

impl Review {
    /// What the exit code says.
    pub(crate) fn of(finding: Option<Finding>) -> Self {
        match finding {
            Some(finding) => Self::Reject(Box::new(finding)),
            None => Self::Accept("exit code 0".into()),
        }
    }
}

/// The one loop: run, diagnose, decide, change, run again.
pub(crate) struct Loop<'a> {
    pub(crate) printer: &'a Printer,
    pub(crate) mask: &'a MaskSet,
    /// Absent where the state cannot be written; then there are no logs.
    pub(crate) store: Option<&'a Store>,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    /// What an attempt took in earlier runs.
    pub(crate) expected: Option<Duration>,
    /// How the project's own tools say that they failed.
    pub(crate) signatures: &'a [OwnSignature],
    /// Looks at the project where the log cannot decide.
    pub(crate) inspect: &'a dyn Fn(&mut Diagnosis),
}

impl Loop<'_> {
    /// Runs until success or a decision to stop; attempts and the final finding go into the phase.
    /// `record` is called after every attempt, so that a kill leaves what was done.
    pub(crate) async fn run<A: Attemptable>(
        &self,
        subject: &mut A,
        phase: &mut PhaseReport,
        mut record: impl FnMut(&PhaseReport),
    ) -> Option<Ended> {
        loop {
            let number = u32::try_from(phase.attempts.len()).unwrap_or(u32::MAX).saturating_add(1);
            let command = subject.command();
            let (mut attempt, ended, review) = match subject.obstacle() {
                Some(finding) => {
                    let ended = Ended::not_started(finding.message.clone());
                    let attempt = attempt(number, &command, &ended, None);
                    (attempt, ended, Review::Reject(Box::new(finding)))
                }
                None => self.run_once(subject, phase.name, number, &command).await,
            };
            let finding = match review {
                Review::Accept(reason) => {
                    attempt.decision.reason = reason;
                    phase.attempts.push(attempt);
                    record(phase);
                    return Some(ended);
                }
                Review::Continue(reason) => {
                    self.printer.important(&format!("attempt {number}: {reason}"));
                    attempt.decision.action = Action::Continue;
                    attempt.decision.reason = reason;
                    phase.attempts.push(attempt);
                    record(phase);
                    continue;
                }
                Review::Reject(finding) => (*finding, None),
                Review::Mend(finding, remedy) => (*finding, Some(remedy)),
            };
            let (finding, mend) = finding;
            let next = match mend {
                Some(remedy) if self.policy.attempts > 1 => Next::Retry(remedy, Duration::ZERO),
                Some(_) => Next::Stop("`recovery.attempts` allows no other attempt".into()),
                None => self.next(&finding, phase, &ended),
            };
            tracing::debug!(attempt = number, finding = %finding.id, ?next, "decided");
            let (decision, delay) = apply(subject, next, &ended);
            attempt.finding = Some(finding.clone());
            attempt.decision = decision;
            let stop = attempt.decision.action == Action::Stop;
            let reason = attempt.decision.reason.clone();
            phase.attempts.push(attempt);
            if stop && mend.is_some() {
                // The command itself did what it is for.
                phase.findings.push(finding.severity(Severity::Warning).recovery(reason));
                record(phase);
                return Some(ended);
            }
            if stop {
                phase.findings.push(if finding.id == FindingId::Interrupted {
                    finding
                } else {
                    finding.recovery(reason)
                });
                record(phase);
                return None;
            }
            record(phase);
            self.printer.important(&format!("attempt {number} failed: {}: {reason}", finding.id));
            if !delay.is_zero() {
                self.printer.line(&format!(
                    "waiting {} before attempt {}",
                    format_duration(delay),
                    number + 1
                ));
            }
            if !self.interrupt.sleep(delay).await {
                phase.findings.push(interrupted(phase));
                record(phase);
                return None;
            }
        }
    }

    /// One run of the command, diagnosed and reviewed.
    async fn run_once<A: Attemptable>(
        &self,
        subject: &mut A,
        phase: PhaseName,
        number: u32,
        command: &CommandSpec,
    ) -> (Attempt, Ended, Review) {
        self.printer.line(&format!("$ {}", command.display()));
        let log_name = format!("logs/{phase}.{number}.log");
        let log_path = self.store.map(|store| store.directory().join(&log_name));
        let sink = Sink { printer: Some(self.printer), mask: self.mask, log: log_path.as_deref() };
        let ended = run(command, sink, self.limits, self.interrupt).await;
        let log = ended.logged.then(|| format!("{DIRECTORY}/{log_name}"));
        let log_path = log_path.filter(|_| ended.logged);
        let attempt = attempt(number, command, &ended, log);
        let finding = (!ended.succeeded())
            .then(|| self.diagnose(A::STAGE, &attempt, &ended, log_path.as_deref()));
        let text =
            log_path.and_then(|path| end_of_file(&path).ok()).unwrap_or_else(|| ended.tail.clone());
        let review = if ended.outcome.kind == OutcomeKind::Interrupted {
            Review::of(finding)
        } else {
            subject.review(&ended, finding, &text)
        };
        (attempt, ended, review)
    }

    fn diagnose(
        &self,
        stage: Stage,
        attempt: &Attempt,
        ended: &Ended,
        log: Option<&Path>,
    ) -> Finding {
        let table = Table::with(self.signatures);
        let scan: Scan = log
            .and_then(|path| scan_stream(&table, File::open(path).ok()?).ok())
            .unwrap_or_else(|| scan(&table, ended.tail.as_bytes()));
        let mut diagnosis = diagnose(
            &table,
            scan,
            &ChildEvidence {
                stage,
                command: &attempt.command,
                outcome: &ended.outcome,
                duration: ended.duration,
                silence: ended.silence,
                start_error: ended.start_error.as_deref(),
                log_name: attempt.log.as_deref().unwrap_or(UNLOGGED),
            },
        );
        (self.inspect)(&mut diagnosis);
        diagnosis.primary
    }

    fn next(&self, finding: &Finding, phase: &PhaseReport, ended: &Ended) -> Next {
        if ended.outcome.kind == OutcomeKind::Interrupted {
            return Next::Stop("deployfix was asked to stop".into());
        }
        let earlier = phase.attempts.iter().map(|attempt| Duration::from(attempt.duration));
        let estimate =
            earlier.chain([ended.duration]).chain(self.expected).max().unwrap_or_default();
        let left =
            self.limits.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        decide(finding, &phase.attempts, self.policy, Budget { left, estimate })
    }
}

fn apply(subject: &mut impl Attemptable, next: Next, ended: &Ended) -> (Decision, Duration) {
    let stop = |recovery: Option<Remedy>, reason| Decision {
        action: Action::Stop,
        recovery: recovery.map(|remedy| remedy.name().to_owned()),
        reason,
        delay: None,
    };
    match next {
        Next::Stop(reason) => (stop(None, reason), Duration::ZERO),
        Next::Refuse(remedy, reason) => (stop(Some(remedy), reason), Duration::ZERO),
        Next::Retry(remedy, delay) => match subject.apply(remedy, ended) {
            Err(reason) => (stop(Some(remedy), reason), Duration::ZERO),
            Ok(reason) => {
                let decision = Decision {
                    action: Action::Retry,
                    recovery: Some(remedy.name().to_owned()),
                    reason,
                    delay: (!delay.is_zero()).then(|| delay.into()),
                };
                (decision, delay)
            }
        },
    }
}

/// The record of a run, as of one that is accepted.
fn attempt(number: u32, command: &CommandSpec, ended: &Ended, log: Option<String>) -> Attempt {
    Attempt {
        number,
        command: command.display(),
        variables: command.reported_variables(),
        start_time: ended.start_time,
        duration: ended.duration.into(),
        outcome: ended.outcome.clone(),
        finding: None,
        decision: Decision {
            action: Action::Accept,
            recovery: None,
            reason: String::new(),
            delay: None,
        },
        log,
    }
}

fn interrupted(phase: &PhaseReport) -> Finding {
    Finding::new(
        FindingId::Interrupted,
        format!("`{}` was interrupted while it waited for the next attempt", phase.name),
        "deployfix was asked to stop",
    )
}

/// The end of a file as text; cut at a line.
fn end_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let start = size.saturating_sub(REVIEWED_SIZE);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(REVIEWED_SIZE).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match text.split_once('\n') {
        Some((_, rest)) if start > 0 => rest.to_owned(),
        _ => text,
    })
}
