use std::{
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::process::Signal;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStderr, ChildStdout, Command},
};

use super::{
    CommandSpec, Ended, Interrupt, Sink, container,
    memory_group::kills_in,
    output::{Output, Source},
    signal::signal_name,
    tree::{Snapshot, end_descendants},
};
use crate::report::{
    Outcome, OutcomeKind, Timestamp,
    render::{format_bytes, format_duration},
};

/// How often memory, deadline and silence are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// The same for a child that has just begun and may be gone soon.
const FIRST_LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// How long a child has just begun.
const BEGINNING: Duration = Duration::from_secs(2);
/// After the child ended, what others still write into its pipes is waited for this long.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);
/// Share of one processor above which a silent tree counts as working.
const WORKING_SHARE: f64 = 0.1;
/// Silence after which a live line is shown.
const LIVE_AFTER: Duration = Duration::from_secs(2);
/// Silence after which a log that is no terminal gets a sign of life.
const HEARTBEAT: Duration = Duration::from_mins(1);

/// What bounds a child.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// When it is ended at the latest.
    pub(crate) deadline: Option<Instant>,
    /// How long it may neither write nor work.
    pub(crate) stall: Option<Duration>,
    /// How long it may take to end when asked.
    pub(crate) grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: None, stall: None, grace: Duration::from_secs(5) }
    }
}

/// A child under supervision. One at a time: every descendant of this process is taken for its.
pub(crate) struct Supervised<'a> {
    child: Child,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    output: Output<'a>,
    sink: Sink<'a>,
    limits: Limits,
    interrupt: Interrupt,
    start_time: Timestamp,
    started: Instant,
    last_output: Instant,
    last_sign_of_life: Instant,
    last_heartbeat: Instant,
    last_look: Instant,
    processor_ticks: u64,
    peak_memory: u64,
    kills_before: Option<u64>,
    memory_group: Option<PathBuf>,
    status: Option<ExitStatus>,
    /// Until when others may still write into the pipes of the ended child.
    drain_until: Option<Instant>,
    ending: Option<Ending>,
}

/// That the child was asked to end, why, and when asking is over.
struct Ending {
    kind: OutcomeKind,
    kill_at: Instant,
}

/// Starts a child and waits for its end.
pub(crate) async fn run(
    spec: &CommandSpec,
    sink: Sink<'_>,
    limits: Limits,
    interrupt: &Interrupt,
) -> Ended {
    match Supervised::start(spec, sink, limits, interrupt) {
        Ok(mut supervised) => {
            supervised.wait().await;
            supervised.finish().await
        }
        Err(reason) => Ended::not_started(reason),
    }
}

impl<'a> Supervised<'a> {
    /// Starts a child in a process group of its own, with nothing to read.
    pub(crate) fn start(
        spec: &CommandSpec,
        sink: Sink<'a>,
        limits: Limits,
        interrupt: &Interrupt,
    ) -> Result<Self, String> {
        let output = Output::open(&sink);
        tracing::debug!(command = %spec.display(), directory = %spec.directory.display(), "starts");
        let kills_before = container::out_of_memory_kills();
        let mut command = entering_its_group(spec);
        for name in &spec.removed {
            command.env_remove(name);
        }
        let mut child = command
            .current_dir(&spec.directory)
            .envs(&spec.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C at the terminal must reach deployfix alone, which then ends the tree in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start `{}`: {error}", spec.program.display()))?;
        let now = Instant::now();
        Ok(Self {
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            child,
            output,
            sink,
            limits,
            interrupt: interrupt.clone(),
            start_time: Timestamp::now(),
            started: now,
            last_output: now,
            last_sign_of_life: now,
            last_heartbeat: now,
            last_look: now,
            processor_ticks: 0,
            peak_memory: 0,
            kills_before,
            memory_group: spec.memory_group.clone(),
            status: None,
            drain_until: None,
            ending: None,
        })
    }

    /// Streams and watches until the child has ended. May be dropped and called again.
    pub(crate) async fn wait(&mut self) {
        let mut buffers = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let mut next_look = tokio::time::Instant::now();
        let mut signals = 0;
        let interrupt = self.interrupt.clone();
        while self.drain_until.is_none() || self.stdout.is_some() || self.stderr.is_some() {
            let drained = self.drain_until.unwrap_or_else(Instant::now);
            tokio::select! {
                // What is there to read is read before any clock is looked at.
                biased;
                read = read_some(&mut self.stdout, &mut buffers.0) => {
                    self.received(Source::Stdout, &buffers.0[..read]);
                }
                read = read_some(&mut self.stderr, &mut buffers.1) => {
                    self.received(Source::Stderr, &buffers.1[..read]);
                }
                status = self.child.wait(), if self.drain_until.is_none() => {
                    self.status = status.ok();
                    // Who was asked to end may say so until it is killed.
                    let last_words = self.ending.as_ref().map(|ending| ending.kill_at);
                    self.drain_until = Some((Instant::now() + DRAIN_LIMIT).max(
                        last_words.unwrap_or_else(Instant::now),
                    ));
                }
                times = interrupt.more_than(signals) => {
                    signals = times;
                    let grace = if times > 1 { Duration::ZERO } else { self.limits.grace };
                    if let Some(printer) = self.sink.printer.filter(|_| times == 1) {
                        printer.important("stopping; a second signal ends it at once");
                    }
                    self.end(OutcomeKind::Interrupted, grace);
                }
                () = tokio::time::sleep_until(next_look) => {
                    self.look();
                    let young = self.started.elapsed() < BEGINNING;
                    next_look = tokio::time::Instant::now()
                        + if young { FIRST_LOOK_INTERVAL } else { LOOK_INTERVAL };
                }
                () = tokio::time::sleep_until(drained.into()), if self.drain_until.is_some() => {
                    return;
                }
            }
        }
    }

    /// Ends what is left of the tree and returns the evidence.
    pub(crate) async fn finish(mut self) -> Ended {
        self.measure(&Snapshot::take());
        let running = self.drain_until.is_none();
        if running {
            self.end(OutcomeKind::Succeeded, self.limits.grace);
        }
        let kill_at = self.ending.as_ref().map(|ending| ending.kill_at);
        end_descendants(kill_at, self.limits.grace, self.child.id()).await;
        if running {
            self.status = self.child.wait().await.ok();
        }
        self.output.finish();
        let killed = self
            .kills_before
            .zip(container::out_of_memory_kills())
            .map(|(before, after)| after.saturating_sub(before));
        // A group of its own began with none, and the one around it need not count them.
        let killed = self.memory_group.as_deref().and_then(kills_in).or(killed);
        let kind = match (&self.ending, self.status) {
            (Some(ending), _) => ending.kind,
            (None, Some(status)) if status.success() => OutcomeKind::Succeeded,
            // Whoever stopped deployfix may have stopped the child in the same breath.
            (None, _) if self.interrupt.signal().is_some() => OutcomeKind::Interrupted,
            (None, _) => OutcomeKind::Failed,
        };
        Ended {
            start_time: self.start_time,
            duration: self.started.elapsed(),
            outcome: Outcome {
                kind,
                exit_code: self.status.and_then(|status| status.code()),
                signal: self.status.and_then(|status| status.signal()).map(signal_name),
                peak_memory: self.peak_memory,
                out_of_memory_kills: killed,
                output_bytes: self.output.bytes(),
            },
            tail: self.output.tail(),
            silence: self.last_output.elapsed(),
            start_error: None,
            logged: self.output.is_logged(),
        }
    }

    /// Highest memory of the tree so far, bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.peak_memory
    }

    /// How the child ended, as `exit code 1`.
    pub(crate) fn end_text(&self) -> String {
        match self.status.map(|status| (status.code(), status.signal())) {
            Some((Some(code), _)) => format!("exit code {code}"),
            Some((None, Some(signal))) => format!("ended by {}", signal_name(signal)),
            Some((None, None)) | None => "still running".to_owned(),
        }
    }

    /// The newest masked output.
    pub(crate) fn tail(&self) -> String {
        self.output.tail()
    }

    fn received(&mut self, source: Source, chunk: &[u8]) {
        if !chunk.is_empty() {
            self.last_output = Instant::now();
            self.last_sign_of_life = self.last_output;
            self.last_heartbeat = self.last_output;
            self.output.push(source, chunk);
        }
    }

    fn look(&mut self) {
        let snapshot = Snapshot::take();
        snapshot.reap_orphans(self.child.id());
        let memory = self.measure(&snapshot);
        let now = Instant::now();
        if let Some(ending) = &self.ending {
            if now >= ending.kill_at {
                snapshot.signal(Signal::KILL);
            }
        } else if self.limits.deadline.is_some_and(|deadline| now >= deadline) {
            self.end(OutcomeKind::TimedOut, self.limits.grace);
        } else if self.limits.stall.is_some_and(|stall| now - self.last_sign_of_life >= stall) {
            self.end(OutcomeKind::Stalled, self.limits.grace);
        }
        self.show_life(now, memory);
    }

    fn measure(&mut self, snapshot: &Snapshot) -> u64 {
        let memory = snapshot.memory();
        self.peak_memory = self.peak_memory.max(memory);
        let ticks = snapshot.processor_ticks();
        #[expect(clippy::cast_precision_loss, reason = "a share is compared, not counted")]
        let used = ticks.saturating_sub(self.processor_ticks) as f64
            / rustix::param::clock_ticks_per_second() as f64;
        let now = Instant::now();
        if used > (now - self.last_look).as_secs_f64() * WORKING_SHARE {
            self.last_sign_of_life = now;
        }
        self.last_look = now;
        self.processor_ticks = ticks;
        memory
    }

    fn show_life(&mut self, now: Instant, memory: u64) {
        let Some(printer) = self.sink.printer else { return };
        let text = || {
            let elapsed = format_duration(self.started.elapsed());
            format!("still running: {elapsed}, {}", format_bytes(memory))
        };
        if printer.is_terminal() {
            if now - self.last_output >= LIVE_AFTER {
                printer.live(&text());
            }
        } else if now - self.last_heartbeat >= HEARTBEAT {
            printer.line(&text());
            self.last_heartbeat = now;
        }
    }

    /// Asks the whole tree to end; a second call may only hasten it.
    fn end(&mut self, kind: OutcomeKind, grace: Duration) {
        let kill_at = Instant::now() + grace;
        if let Some(ending) = &mut self.ending {
            ending.kill_at = ending.kill_at.min(kill_at);
        } else {
            Snapshot::take().signal(Signal::TERM);
            self.ending = Some(Ending { kind, kill_at });
        }
    }
}

/// Enters the memory control group before the program begins; nothing of it may run outside.
const ENTER_GROUP: &str = r#"echo 0 > "$0/cgroup.procs" || echo "deployfix: the memory limit does not apply" >&2; exec "$@""#;

fn entering_its_group(spec: &CommandSpec) -> Command {
    let mut command = match &spec.memory_group {
        Some(folder) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", ENTER_GROUP]).arg(folder).arg(&spec.program);
            shell
        }
        None => Command::new(&spec.program),
    };
    command.args(&spec.arguments);
    command
}

/// Reads once; an ended stream is dropped, an absent one never answers.
async fn read_some(stream: &mut Option<impl AsyncRead + Unpin>, buffer: &mut [u8]) -> usize {
    let Some(reader) = stream else { return std::future::pending().await };
    match reader.read(buffer).await {
        Ok(0) | Err(_) => {
            *stream = None;
            0
        }
        Ok(read) => read,
    }
}
