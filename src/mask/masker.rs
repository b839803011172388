//! Masks a stream that arrives in pieces.

use std::fmt;

use super::matcher::Matcher;
use super::scanner::Scanner;
use super::set::{MaskSet, REPLACEMENT};

/// Masks one stream of bytes, for instance the standard output of a child.
///
/// What comes out depends on the stream alone, not on the pieces in which it arrives, so bytes that may be the start of a
/// secret are held until the next ones decide; a pause never releases them. All other bytes pass unchanged, UTF-8 or not.
/// Secrets are whole UTF-8 texts, so replacing them never splits a character.
#[derive(Clone)]
pub struct StreamMasker {
    set: MaskSet,
    reading: Reading,
}

#[derive(Clone)]
enum Reading {
    Open {
        scanner: Scanner,
        output: Output,
    },
    /// Without an automaton nothing can be told apart; only line ends pass.
    Blind {
        in_line: bool,
    },
}

impl StreamMasker {
    pub(super) fn new(set: MaskSet) -> Self {
        let reading = match set.matcher() {
            Some(matcher) => {
                Reading::Open { scanner: Scanner::new(matcher), output: Output::default() }
            }
            None => Reading::Blind { in_line: false },
        };
        Self { set, reading }
    }

    /// Takes the next piece of the stream and appends to `out` what is ready to be shown.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match (&mut self.reading, self.set.matcher()) {
            (Reading::Open { scanner, output }, Some(matcher)) => {
                scanner.read(matcher, &output.held, chunk);
                output.write(scanner, matcher, chunk, out);
            }
            (Reading::Blind { in_line }, _) => push_blind(in_line, chunk, out),
            (Reading::Open { .. }, None) => {}
        }
    }

    /// Ends the stream: appends what was held and makes ready for another stream.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match (&mut self.reading, self.set.matcher()) {
            (Reading::Open { scanner, output }, Some(matcher)) => {
                scanner.finish(matcher);
                output.write(scanner, matcher, &[], out);
            }
            (Reading::Blind { in_line: true }, _) => out.extend_from_slice(REPLACEMENT.as_bytes()),
            _ => {}
        }
        *self = Self::new(self.set.clone());
    }
}

/// The held bytes may be half a secret.
impl fmt::Debug for StreamMasker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StreamMasker(***)")
    }
}

fn push_blind(in_line: &mut bool, chunk: &[u8], out: &mut Vec<u8>) {
    for &byte in chunk {
        if byte != b'\n' {
            *in_line = true;
            continue;
        }
        if std::mem::take(in_line) {
            out.extend_from_slice(REPLACEMENT.as_bytes());
        }
        out.push(b'\n');
    }
}

/// How far the stream has been written.
#[derive(Clone, Default)]
pub(super) struct Output {
    /// The last bytes read: what is not written yet, and the one before, which may end a word.
    held: Vec<u8>,
    held_start: usize,
    /// Everything before is written; if it is the end of a masked span, the span may still grow.
    written: usize,
}

impl Output {
    /// Writes what the scanner has settled. `chunk` follows the held bytes.
    pub(super) fn write(
        &mut self,
        scanner: &mut Scanner,
        matcher: &Matcher,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) {
        let settled = scanner.settled(matcher);
        for span in scanner.spans.take_until(settled) {
            // A span that starts inside what is already masked only makes it longer.
            if span.start >= self.written {
                self.copy(self.written, span.start, chunk, out);
                out.extend_from_slice(REPLACEMENT.as_bytes());
            }
            self.written = self.written.max(span.end);
        }
        if settled > self.written {
            self.copy(self.written, settled, chunk, out);
            self.written = settled;
        }
        self.hold(self.written.min(settled).saturating_sub(1), chunk);
    }

    fn copy(&self, from: usize, to: usize, chunk: &[u8], out: &mut Vec<u8>) {
        let (held, fresh) = self.parts(from, to, chunk);
        out.extend_from_slice(held);
        out.extend_from_slice(fresh);
    }

    fn hold(&mut self, from: usize, chunk: &[u8]) {
        let end = self.held_start + self.held.len() + chunk.len();
        let fresh_length = self.parts(from, end, chunk).1.len();
        self.held.drain(..(from - self.held_start).min(self.held.len()));
        self.held.extend_from_slice(&chunk[chunk.len() - fresh_length..]);
        self.held_start = from;
    }

    /// The bytes of a range, from what is held and from the chunk.
    fn parts<'a>(&'a self, from: usize, to: usize, chunk: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let boundary = self.held.len();
        let (from, to) = (from - self.held_start, to - self.held_start);
        (
            &self.held[from.min(boundary)..to.min(boundary)],
            &chunk[from.saturating_sub(boundary)..to.saturating_sub(boundary)],
        )
    }
}
