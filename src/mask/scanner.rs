//! Reads a text piece by piece and says what of it is secret.

use aho_corasick::automaton::StateID;

use super::matcher::{Ending, Matcher};
use super::shapes::Candidate;
use super::spans::{Span, Spans};

/// Where the reading of one text stands. What it finds depends on the text alone, never on how the text was cut.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    state: StateID,
    position: usize,
    candidates: Vec<Candidate>,
    pub(super) spans: Spans,
}

impl Scanner {
    pub(super) fn new(matcher: &Matcher) -> Self {
        Self {
            state: matcher.start(),
            position: 0,
            candidates: Vec::new(),
            spans: Spans::default(),
        }
    }

    /// Reads the next piece; `held` is the end of what was read before, with all that is not settled and one byte more.
    pub(super) fn read(&mut self, matcher: &Matcher, held: &[u8], chunk: &[u8]) {
        let Self { state, position, candidates, spans } = self;
        candidates.retain_mut(|candidate| {
            let decided = candidate.feed(chunk);
            if decided {
                candidate.secret().into_iter().for_each(|span| spans.add(span));
            }
            !decided
        });
        *state = matcher.scan(*state, chunk, |end, ending| {
            let absolute = *position + end;
            let (anchor, length) = match ending {
                Ending::Secret(length) => {
                    spans.add(Span { start: absolute - length, end: absolute });
                    return;
                }
                Ending::Anchor(anchor, length) => (anchor, length),
            };
            let before = byte_before(held, chunk, end, length);
            let Some(mut candidate) = Candidate::open(anchor, absolute, before) else {
                return;
            };
            if !candidate.feed(&chunk[end..]) {
                candidates.push(candidate);
            } else if let Some(span) = candidate.secret() {
                spans.add(span);
            }
        });
        *position += chunk.len();
    }

    /// Judges what the end of the text cut short. The start of a secret is masked like the whole if it is long enough
    /// to be telling: a killed process leaves half of what it was writing.
    pub(super) fn finish(&mut self, matcher: &Matcher) {
        for candidate in self.candidates.drain(..) {
            candidate.secret().into_iter().for_each(|span| self.spans.add(span));
        }
        let begun = matcher.reach(self.state).secret;
        if begun > 0 {
            self.spans.add(Span { start: self.position - begun, end: self.position });
        }
        self.state = matcher.start();
    }

    /// Nothing that is yet to be found starts before this position.
    pub(super) fn settled(&self, matcher: &Matcher) -> usize {
        let matching = self.position - matcher.reach(self.state).any;
        let candidates = self.candidates.iter().map(|candidate| candidate.start);
        candidates.min().map_or(matching, |start| start.min(matching))
    }
}

/// The byte in front of the anchor that ends in `chunk` at `end`.
fn byte_before(held: &[u8], chunk: &[u8], end: usize, length: usize) -> Option<u8> {
    match end.checked_sub(length + 1) {
        Some(index) => chunk.get(index).copied(),
        None => held.len().checked_sub(length + 1 - end).and_then(|index| held.get(index).copied()),
    }
}
