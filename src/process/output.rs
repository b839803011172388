use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use crate::{
    mask::{MaskSet, StreamMasker},
    report::render::{Level, Printer},
};

/// Bytes of the newest output kept in memory.
const TAIL_SIZE: usize = 16 * 1024;

/// Where a child's masked output goes: terminal and log.
#[derive(Clone, Copy)]
pub(crate) struct Sink<'a> {
    /// The terminal; absent for a child whose output is only logged.
    pub(crate) printer: Option<&'a Printer>,
    /// What is taken out of the output first.
    pub(crate) mask: &'a MaskSet,
    /// The log file.
    pub(crate) log: Option<&'a Path>,
}

/// The two streams of one child on their way to the sink.
pub(crate) struct Output<'a> {
    printer: Option<&'a Printer>,
    log: Option<BufWriter<File>>,
    stdout: StreamMasker,
    stderr: StreamMasker,
    masked: Vec<u8>,
    tail: VecDeque<u8>,
    bytes: u64,
}

/// A new file in the place of an earlier one; a link that stands there is not followed.
fn replaced(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path)
}

/// Which stream a chunk came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl<'a> Output<'a> {
    pub(crate) fn open(sink: &Sink<'a>) -> Self {
        let log = sink.log.and_then(|path| match replaced(path) {
            Ok(file) => Some(BufWriter::new(file)),
            Err(error) => {
                // The command matters more than its log; the tail in memory is diagnosed.
                if let Some(printer) = sink.printer {
                    printer.important(&format!("no log at `{}`: {error}", path.display()));
                }
                None
            }
        });
        Self {
            printer: sink.printer,
            log,
            stdout: sink.mask.stream(),
            stderr: sink.mask.stream(),
            masked: Vec::new(),
            tail: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Whether there is a log that holds everything so far.
    pub(crate) fn is_logged(&self) -> bool {
        self.log.is_some()
    }

    pub(crate) fn push(&mut self, source: Source, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        let masker = match source {
            Source::Stdout => &mut self.stdout,
            Source::Stderr => &mut self.stderr,
        };
        masker.push(chunk, &mut self.masked);
        self.forward(source);
    }

    pub(crate) fn finish(&mut self) {
        self.stdout.finish(&mut self.masked);
        self.forward(Source::Stdout);
        self.stderr.finish(&mut self.masked);
        self.forward(Source::Stderr);
        if let Some(printer) = self.printer {
            printer.child_ended();
        }
        // A full disk is the child's failure to report, not the log's.
        if self.log.as_mut().is_some_and(|log| log.flush().is_err()) {
            self.log = None;
        }
    }

    /// Bytes received so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The newest masked output.
    pub(crate) fn tail(&self) -> String {
        let (first, second) = self.tail.as_slices();
        String::from_utf8_lossy(&[first, second].concat()).into_owned()
    }

    fn forward(&mut self, source: Source) {
        if let Some(printer) = self.printer {
            let level = match source {
                Source::Stdout => Level::Info,
                Source::Stderr => Level::Warning,
            };
            printer.child(level, &self.masked);
        }
        if self.log.as_mut().is_some_and(|log| log.write_all(&self.masked).is_err()) {
            self.log = None;
        }
        let start = self.masked.len().saturating_sub(TAIL_SIZE);
        self.tail.extend(&self.masked[start..]);
        let excess = self.tail.len().saturating_sub(TAIL_SIZE);
        self.tail.drain(..excess);
        self.masked.clear();
    }
}
