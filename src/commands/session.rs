//! What every phase has at hand, and the way its record takes.

mod refusals;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    document, identity,
    options::{absolute, printer, variables},
    secrets::mask,
};
use crate::{
    amplify,
    buildspec::Specification,
    cli::GlobalOptions,
    config::{self, Config},
    install::Workshop,
    mask::MaskSet,
    preflight::chooses_node_later,
    process::{Interrupt, Limits},
    project::Project,
    recovery::{Loop, Policy},
    report::{
        ExitStatus, FindingId, Identity, Milliseconds, PhaseName, PhaseReport, PhaseStatus, Run,
        render::{self, Format, LogFormat, Printer},
        store::{HistoryEntry, Join, Redact, Settings, Store, read_history},
    },
};

pub(super) use refusals::not_a_folder;
use refusals::{set_aside, unwritable};

/// Pause before the first retry that waits, unless the variable below says otherwise.
const FIRST_RETRY_DELAY: Duration = Duration::from_secs(3);
/// Milliseconds; for tests of retries and for impatient people.
const RETRY_DELAY_VARIABLE: &str = "DEPLOYFIX_RETRY_DELAY";
/// Kept back from the deadline to end the children and write the report.
const REPORT_RESERVE: Duration = Duration::from_secs(20);

/// One phase of one run on one app.
pub(super) struct Session {
    pub(super) app_root: PathBuf,
    pub(super) printer: Printer,
    pub(super) mask: MaskSet,
    pub(super) config: Config,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) platform: Option<amplify::Platform>,
    pub(super) interrupt: Interrupt,
    pub(super) dry_run: bool,
    pub(super) identity: Identity,
    /// `--config`, where it was given.
    pub(super) explicit_config: Option<PathBuf>,
    /// Whether a `deployfix run` called this phase.
    pub(super) is_nested: bool,
    /// What a build succeeded with, for the next one.
    pub(super) settings: Option<Settings>,
    store: Option<Store>,
    join: Join,
    deadline: Option<Instant>,
}

impl Session {
    /// Resolves options, configuration and run; records that the phase began.
    pub(super) fn begin(
        options: &GlobalOptions,
        phase: PhaseName,
        interrupt: Interrupt,
    ) -> Result<Self, ExitStatus> {
        Self::begin_in(options, phase, interrupt, variables(), LogFormat::Plain)
    }

    /// As `begin`, in an environment other than the process's own.
    pub(super) fn begin_in(
        options: &GlobalOptions,
        phase: PhaseName,
        interrupt: Interrupt,
        variables: BTreeMap<String, String>,
        log_format: LogFormat,
    ) -> Result<Self, ExitStatus> {
        let app_root = absolute(&options.project);
        let join = identity::resolve(&variables, &app_root, phase);
        let identity = identity_of(&join).clone();
        let config = config::load(&app_root, options.config.as_deref(), identity.branch.as_deref());
        let mask = mask(&variables, &app_root, config.as_ref().ok());
        let redact: Arc<dyn Redact> = Arc::new(mask.clone());
        let printer = printer(options, Arc::clone(&redact)).log_format(log_format);
        render::trace(options.verbose, &redact);
        if !app_root.is_dir() {
            printer.finding(&not_a_folder(&options.project));
            return Err(ExitStatus::Usage);
        }
        let store = if options.dry_run { None } else { open_store(&app_root, redact, &printer) };
        let platform = amplify::detect(&variables);
        let is_nested = variables.contains_key(identity::RUN_ID);
        let mut session = Self {
            app_root,
            printer,
            mask,
            config: Config::default(),
            variables,
            platform,
            interrupt,
            dry_run: options.dry_run,
            identity,
            explicit_config: options.config.as_deref().map(absolute),
            is_nested,
            settings: None,
            store,
            join,
            deadline: None,
        };
        match config {
            Ok(config) => session.config = config,
            Err(finding) => {
                let mut report = PhaseReport::begin(phase);
                report.findings.push(*finding);
                return Err(session.finish_as(report, Some(ExitStatus::Usage), |_| {}));
            }
        }
        let report = PhaseReport::begin(phase);
        let started = session.update(|run| {
            run.record_phase(report);
            run.settle(None);
        });
        // The platform counts from the start of the job, not of this phase.
        let since = started
            .filter(|_| session.platform.is_some() || session.is_nested)
            .map(|run| run.start_time.elapsed())
            .unwrap_or_default();
        session.deadline = session.deadline_after(since);
        // Later updates join what this one began.
        session.join = Join::Identified(session.identity.clone());
        Ok(session)
    }

    /// The loop of this phase. `bounded` lets the whole run's deadline apply.
    pub(super) fn attempt_loop(&self, phase: PhaseName) -> Loop<'_> {
        let first_delay = self
            .variables
            .get(RETRY_DELAY_VARIABLE)
            .and_then(|text| text.parse().ok())
            .map_or(FIRST_RETRY_DELAY, Duration::from_millis);
        Loop {
            printer: &self.printer,
            mask: &self.mask,
            store: self.store.as_ref(),
            interrupt: &self.interrupt,
            policy: Policy {
                attempts: self.config.recovery.attempts,
                first_delay,
                mode: self.config.recovery.mode,
                has_fallback: phase == PhaseName::Install
                    && self.config.install.fallback_registry.is_some(),
            },
            limits: self.limits(),
            expected: self.expected_duration(phase),
            signatures: &self.config.signatures,
            inspect: &|_| {},
        }
    }

    /// What the toolchain of this phase is put together with.
    pub(super) fn workshop<'a>(&'a self, project: &'a Project, phase: PhaseName) -> Workshop<'a> {
        let on_amplify = self.platform.is_some();
        Workshop {
            project,
            variables: &self.variables,
            state: self.state_folder(),
            printer: &self.printer,
            mask: &self.mask,
            interrupt: &self.interrupt,
            limits: self.limits(),
            phase,
            on_amplify,
            node_chosen_later: on_amplify && chooses_node_later(&self.specification(project)),
        }
    }

    /// What bounds the children of this phase.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            deadline: self.deadline,
            stall: Some(self.config.build.stall),
            ..Limits::default()
        }
    }

    /// Where logs go; absent where the state cannot be written.
    pub(super) fn state_folder(&self) -> Option<&Path> {
        self.store.as_ref().map(Store::directory)
    }

    /// Tightens the deadline to a duration from now.
    pub(super) fn bound(&mut self, duration: Option<Duration>) {
        let bound = duration.map(|duration| Instant::now() + duration);
        self.deadline = self.deadline.into_iter().chain(bound).min();
    }

    /// Changes the recorded run; without a writable state nothing happens.
    pub(super) fn update(&mut self, change: impl FnOnce(&mut Run)) -> Option<Run> {
        let store = self.store.as_ref()?;
        match store.update(&self.join, change) {
            Ok(updated) => {
                if let Some(path) = updated.set_aside {
                    self.printer.finding(&set_aside(&path));
                }
                self.identity = updated.run.run.clone();
                Some(updated.run)
            }
            Err(error) => {
                self.printer.finding(&unwritable(&error.to_string()));
                self.store = None;
                None
            }
        }
    }

    /// Writes the phase as it is now; a reader or a kill then finds the truth so far.
    pub(super) fn record(&self, phase: &PhaseReport) {
        if let Some(store) = &self.store {
            let phase = phase.clone();
            // An error was told when the phase began, and is told again when it ends.
            let _ = store.update(&self.join, |run| {
                run.record_phase(phase);
                run.settle(None);
            });
        }
    }

    /// Ends the phase: records, prints findings and verdict, and gives the exit status.
    pub(super) fn finish(
        mut self,
        phase: PhaseReport,
        change: impl FnOnce(&mut Run),
    ) -> ExitStatus {
        self.finish_as(phase, None, change)
    }

    /// As `finish`, with an exit status that the findings do not tell.
    pub(super) fn finish_as(
        &mut self,
        mut phase: PhaseReport,
        status: Option<ExitStatus>,
        change: impl FnOnce(&mut Run),
    ) -> ExitStatus {
        phase.finish();
        let status = match self.interrupt.signal() {
            Some(signal) => {
                phase.status = PhaseStatus::Interrupted;
                ExitStatus::Signal(signal)
            }
            None => status.unwrap_or_else(|| exit_status(&phase)),
        };
        let apply = |run: &mut Run| {
            change(run);
            run.record_phase(phase.clone());
            run.settle(Some(status));
        };
        let run = if self.store.is_some() {
            self.update(apply)
        } else {
            let mut run = Run::begin(self.identity.clone());
            apply(&mut run);
            Some(run)
        };
        self.remember(&phase);
        for finding in &phase.findings {
            self.printer.finding(finding);
        }
        self.printer.verdict(&phase);
        if let Some(run) = run {
            document::print(&self.printer, &self.app_root, &run, Some(phase.name));
        }
        status
    }

    /// amplify.yml as it concerns this app.
    pub(super) fn specification(&self, project: &Project) -> Specification {
        Specification::read(&project.root, project.repository_root.as_deref(), &self.variables)
    }

    /// Says what the phase would do; with `--format json` as a document.
    pub(super) fn say_dry_run(&self, phase: PhaseName, steps: &[String]) {
        let document = serde_json::json!({ "dryRun": true, "phase": phase, "steps": steps });
        if self.printer.format() == Format::Json {
            if let Err(error) = self.printer.json(&document) {
                self.printer.important(&format!("cannot print the steps: {error}"));
            }
            return;
        }
        self.printer.important(&format!("`{phase}` would:"));
        for step in steps {
            self.printer.important(&format!("  {}", step.replace('\n', "\n  ")));
        }
    }

    fn remember(&self, phase: &PhaseReport) {
        let Some(store) = self.store.as_ref().filter(|_| phase.status != PhaseStatus::Interrupted)
        else {
            return;
        };
        let last = phase.attempts.last();
        let entry = HistoryEntry {
            time: crate::report::Timestamp::now(),
            run: self.identity.id.clone(),
            phase: phase.name,
            status: phase.status,
            duration: phase.duration,
            last_attempt: last.map(|attempt| attempt.duration),
            peak_memory: last.map(|attempt| attempt.outcome.peak_memory),
            settings: self.settings,
        };
        if let Err(error) = store.append_history(&entry) {
            tracing::debug!(%error, "the history was not written");
        }
    }

    /// The longest successful attempt of this phase in the last runs.
    fn expected_duration(&self, phase: PhaseName) -> Option<Duration> {
        read_history(&self.app_root)
            .into_iter()
            .rev()
            .filter(|entry| {
                entry.phase == phase
                    && matches!(entry.status, PhaseStatus::Passed | PhaseStatus::Recovered)
            })
            .take(5)
            .filter_map(|entry| entry.last_attempt)
            .max()
            .map(|milliseconds: Milliseconds| milliseconds.into())
    }

    fn deadline_after(&self, since: Duration) -> Option<Instant> {
        // Nobody stops a developer's own machine, unless asked to.
        if self.platform.is_none() && !self.variables.contains_key("_BUILD_TIMEOUT") {
            return None;
        }
        let whole = amplify::build_timeout(&self.variables);
        Some(Instant::now() + whole.saturating_sub(since).saturating_sub(REPORT_RESERVE))
    }
}

/// `validate` exits with 1 for findings; the other phases with the area of the first error.
pub(super) fn exit_status(phase: &PhaseReport) -> ExitStatus {
    match phase.primary_error() {
        None => ExitStatus::Success,
        Some(_) if has_usage_error(phase) => ExitStatus::Usage,
        Some(_) if matches!(phase.name, PhaseName::Validate | PhaseName::Diagnose) => {
            ExitStatus::Findings
        }
        Some(finding) => finding.id.exit_status(),
    }
}

/// Whether what was asked for could not be done at all.
fn has_usage_error(phase: &PhaseReport) -> bool {
    let ids = [FindingId::DeployfixInvalid, FindingId::Usage];
    phase.findings.iter().any(|finding| finding.is_error() && ids.contains(&finding.id))
}

pub(super) fn identity_of(join: &Join) -> &Identity {
    match join {
        Join::Identified(identity) | Join::Begin(identity) | Join::Newest(identity) => identity,
    }
}

fn open_store(app_root: &Path, redact: Arc<dyn Redact>, printer: &Printer) -> Option<Store> {
    match Store::open(app_root, redact) {
        Ok(store) => Some(store),
        Err(error) => {
            printer.finding(&unwritable(&error.to_string()));
            None
        }
    }
}
