use std::{
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    sync::{Arc, Mutex, PoisonError},
};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use super::{
    Sources,
    amplify_log::{AmplifyLog, entry},
    github,
    human::{finding_text, run_text, verdict_text},
    sarif,
};
use crate::report::{
    Finding, PhaseName, PhaseReport, PhaseStatus, Run, Severity,
    store::{Redact, redact_value},
};

/// What goes to stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON document alone; text for people goes to stderr, as in all that follow.
    Json,
    /// One SARIF log of the findings.
    Sarif,
    /// The findings as workflow commands of GitHub Actions.
    Github,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors and verdicts.
    Quiet,
    /// Also headings, warnings and the children's output.
    Normal,
    /// Also what was looked at and decided on the way.
    Verbose,
}

/// How lines for people look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// As they are.
    #[default]
    Plain,
    /// With time and level, as in Amplify's build log.
    Amplify,
}

/// What a line is in Amplify's build log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Text, and what commands write to stdout.
    Info,
    /// Warnings, and what commands write to stderr.
    Warning,
    /// What ends the build.
    Error,
}

impl Level {
    /// As the log writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// The one writer to the terminal; masks everything it is given.
pub struct Printer {
    format: Format,
    verbosity: Verbosity,
    /// Columns that a source line may take.
    width: usize,
    stream: Mutex<Stream>,
    redact: Arc<dyn Redact>,
}

/// Where text for people goes, and what stands on its last line.
struct Stream {
    output: Box<dyn Write + Send>,
    /// A live line is shown and must be wiped before anything else.
    live: bool,
    /// The last byte ended a line.
    line_ended: bool,
    terminal: bool,
    /// Where lines carry time and level: the unfinished ones.
    amplify: Option<AmplifyLog>,
}

impl Printer {
    /// A printer for this process. Text goes to stdout, also errors: Amplify shows stderr as `[WARNING]`.
    #[must_use]
    pub fn new(
        format: Format,
        verbosity: Verbosity,
        colour: ColorChoice,
        redact: Arc<dyn Redact>,
    ) -> Self {
        let (output, terminal): (Box<dyn Write + Send>, bool) = match format {
            Format::Human => (
                Box::new(AutoStream::new(io::stdout(), choose(colour, &io::stdout()))),
                io::stdout().is_terminal(),
            ),
            Format::Json | Format::Sarif | Format::Github => (
                Box::new(AutoStream::new(io::stderr(), choose(colour, &io::stderr()))),
                io::stderr().is_terminal(),
            ),
        };
        let width = match format {
            Format::Human => columns(io::stdout()),
            Format::Json | Format::Sarif | Format::Github => columns(io::stderr()),
        };
        Self {
            format,
            verbosity,
            width,
            stream: Mutex::new(Stream {
                output,
                live: false,
                line_ended: true,
                terminal,
                amplify: None,
            }),
            redact,
        }
    }

    /// Sets how lines look.
    #[must_use]
    pub fn log_format(self, format: LogFormat) -> Self {
        let mut stream = self.lock();
        stream.amplify = (format == LogFormat::Amplify).then(AmplifyLog::default);
        // A line that is wiped again has no place in a log.
        stream.terminal &= format == LogFormat::Plain;
        drop(stream);
        self
    }

    /// What goes to stdout.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Columns that a line of text may take.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// What takes secrets out of everything printed.
    #[must_use]
    pub fn redact(&self) -> Arc<dyn Redact> {
        Arc::clone(&self.redact)
    }

    /// A line of text for people.
    pub fn line(&self, text: &str) {
        if self.verbosity >= Verbosity::Normal {
            self.write_text(Level::Info, text);
        }
    }

    /// A line that is said even when quiet.
    pub fn important(&self, text: &str) {
        self.write_text(Level::Info, text);
    }

    /// A line for those who asked for more.
    pub fn detail(&self, text: &str) {
        if self.verbosity >= Verbosity::Verbose {
            self.write_text(Level::Info, text);
        }
    }

    /// One finding with its place, proof, reason and hints.
    pub fn finding(&self, finding: &Finding) {
        if finding.is_error() || self.verbosity >= Verbosity::Normal {
            let level = match finding.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
                Severity::Info => Level::Info,
            };
            let mut text = finding_text(&self.masked(finding), self.width);
            // What takes several lines is set apart from the next one.
            if finding.severity > Severity::Info {
                text.push('\n');
            }
            self.write_text(level, &text);
        }
    }

    /// A whole run, errors and warnings in full.
    pub fn run(&self, run: &Run) {
        let text = run_text(run, |finding| finding_text(&self.masked(finding), self.width));
        self.write_text(Level::Info, &text);
    }

    /// How a phase ended.
    pub fn verdict(&self, phase: &PhaseReport) {
        let failed = matches!(phase.status, PhaseStatus::Failed | PhaseStatus::Interrupted);
        self.write_text(if failed { Level::Error } else { Level::Info }, &verdict_text(phase));
    }

    /// Output of a child that the stream masker has masked; its level tells the stream.
    pub fn child(&self, level: Level, masked: &[u8]) {
        if masked.is_empty() || self.verbosity < Verbosity::Normal {
            return;
        }
        let mut stream = self.lock();
        if let Some(log) = &mut stream.amplify {
            let lines = log.push(level, masked);
            stream.write(lines.as_bytes());
            return;
        }
        stream.wipe();
        stream.write(masked);
        stream.line_ended = masked.last() == Some(&b'\n');
    }

    /// Says that a child's output has ended, so that its last line need not wait for its end.
    pub fn child_ended(&self) {
        let mut stream = self.lock();
        if let Some(log) = &mut stream.amplify {
            let lines = log.finish();
            stream.write(lines.as_bytes());
        }
    }

    /// Shows a line that the next output replaces; only on a terminal, where no other line is half written.
    pub fn live(&self, text: &str) {
        let mut stream = self.lock();
        if self.verbosity < Verbosity::Normal || !stream.terminal || !stream.line_ended {
            return;
        }
        stream.wipe();
        let text = self.redact.redact(text);
        stream.write(text.as_bytes());
        stream.live = true;
    }

    /// Whether live lines are shown.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.lock().terminal
    }

    /// A run as data on stdout, masked, in a format that is data. SARIF and annotations hold what `phase` found, without one
    /// what all phases found.
    pub fn document(
        &self,
        run: &Run,
        phase: Option<PhaseName>,
        sources: &Sources<'_>,
    ) -> serde_json::Result<()> {
        let findings = || -> Vec<Finding> {
            run.telling_phases()
                .filter(|told| phase.is_none_or(|name| told.name == name))
                .flat_map(|told| &told.findings)
                .map(|finding| self.masked(finding))
                .collect()
        };
        match self.format {
            Format::Human => Ok(()),
            Format::Json => self.json(run),
            Format::Sarif => self.json(&sarif::log(run, phase, &findings(), sources)),
            Format::Github => {
                let text = github::annotations(&findings(), sources);
                self.data(&self.redact.redact(&text));
                Ok(())
            }
        }
    }

    /// The finding without secrets, before anything is drawn around or cut out of its texts.
    pub(super) fn masked(&self, finding: &Finding) -> Finding {
        let masked = serde_json::to_value(finding).and_then(|mut value| {
            redact_value(&mut value, self.redact.as_ref());
            serde_json::from_value(value)
        });
        // Fails where a secret is part of an id; what is written is masked once more anyway.
        masked.unwrap_or_else(|_| finding.clone())
    }

    /// A JSON document on stdout, masked.
    pub fn json(&self, document: &impl Serialize) -> serde_json::Result<()> {
        let mut value = serde_json::to_value(document)?;
        redact_value(&mut value, self.redact.as_ref());
        let text = serde_json::to_string_pretty(&value)?;
        self.data(&format!("{text}\n"));
        Ok(())
    }

    /// Data on stdout in any format: schemas, completions, documents already masked.
    pub fn data(&self, text: &str) {
        self.lock().wipe();
        // A closed pipe (`| head`) is the reader's choice, not a failure.
        let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
    }

    fn write_text(&self, level: Level, text: &str) {
        let text = self.redact.redact(text);
        let mut stream = self.lock();
        if stream.amplify.is_some() {
            stream.write(entry(level, &text).as_bytes());
            return;
        }
        stream.wipe();
        if !stream.line_ended {
            stream.write(b"\n");
        }
        stream.write(text.as_bytes());
        stream.write(b"\n");
        stream.line_ended = true;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    fn wipe(&mut self) {
        if std::mem::take(&mut self.live) {
            self.write(b"\r\x1b[2K");
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        // A closed pipe must not end a build.
        let _ = self.output.write_all(bytes).and_then(|()| self.output.flush());
    }
}

/// Columns of the terminal; enough for most lines where there is none.
fn columns(stream: impl AsFd) -> usize {
    const NARROWEST: usize = 40;
    const WITHOUT_A_TERMINAL: usize = 140;
    match rustix::termios::tcgetwinsize(stream) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col).max(NARROWEST),
        _ => WITHOUT_A_TERMINAL,
    }
}

fn choose(colour: ColorChoice, stream: &impl anstream::stream::RawStream) -> ColorChoice {
    match colour {
        ColorChoice::Auto => AutoStream::choice(stream),
        chosen => chosen,
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.lock().wipe();
    }
}
