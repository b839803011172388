//! One automaton over every form of every secret and every anchor of a shape.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous;
use aho_corasick::{Anchored, MatchKind, dfa};

use super::filter::{Filter, GRAM};
use super::forms::MINIMUM_ENCODED_LENGTH;

/// Bytes of patterns up to which the faster automaton, half a KiB a byte, is worth its memory.
const DENSE_LIMIT: usize = 64 * 1024;

/// What the automaton says about the end of the bytes read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// Length of the longest ending that starts some pattern.
    pub(super) any: usize,
    /// Length of the longest ending that starts a secret and says enough of it to be masked without the rest.
    pub(super) secret: usize,
}

/// What ends at a position.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// A secret of this length.
    Secret(usize),
    /// The anchor with this number and length.
    Anchor(usize, usize),
}

#[derive(Debug)]
enum Engine {
    Dense(dfa::DFA),
    Compact(contiguous::NFA),
}

/// The patterns, ready to be searched.
#[derive(Debug)]
pub(super) struct Matcher {
    engine: Engine,
    start: StateID,
    filter: Filter,
    /// By state id, which is a multiple of a power of two.
    reaches: Vec<Reach>,
    shift: u32,
    secret_count: usize,
}

impl Matcher {
    /// None if the patterns are too many for any automaton.
    pub(super) fn new(secrets: &[&[u8]], anchors: &[&[u8]]) -> Option<Self> {
        let patterns: Vec<&[u8]> = secrets.iter().chain(anchors).copied().collect();
        let total: usize = patterns.iter().map(|pattern| pattern.len()).sum();
        let dense = total <= DENSE_LIMIT;
        let engine = if dense {
            let mut builder = dfa::Builder::new();
            builder.match_kind(MatchKind::Standard).prefilter(false);
            Engine::Dense(builder.build(&patterns).ok()?)
        } else {
            let mut builder = contiguous::Builder::new();
            builder.match_kind(MatchKind::Standard).prefilter(false);
            Engine::Compact(builder.build(&patterns).ok()?)
        };
        let start = match &engine {
            Engine::Dense(automaton) => automaton.start_state(Anchored::No),
            Engine::Compact(automaton) => automaton.start_state(Anchored::No),
        };
        let start = start.ok()?;
        let filter = Filter::new(patterns.iter().copied());
        let mut matcher = Self {
            engine,
            start,
            filter,
            reaches: Vec::new(),
            shift: 0,
            secret_count: secrets.len(),
        };
        matcher.measure(secrets, anchors);
        Some(matcher)
    }

    /// Notes for every state how much of a pattern it stands for: that much text must wait.
    fn measure(&mut self, secrets: &[&[u8]], anchors: &[&[u8]]) {
        let path = |pattern: &[u8]| {
            pattern
                .iter()
                .scan(self.start, |state, &byte| {
                    *state = self.step(*state, byte);
                    Some(state.as_usize())
                })
                .collect::<Vec<_>>()
        };
        let all = || secrets.iter().chain(anchors).flat_map(|pattern| path(pattern));
        let (bits, highest) =
            all().fold((0, 0), |(bits, highest), state| (bits | state, highest.max(state)));
        let shift = if bits == 0 { 0 } else { bits.trailing_zeros() };
        let mut reaches = vec![Reach::default(); (highest >> shift) + 1];
        for secret in secrets {
            let shown = scheme_length(secret);
            for (index, state) in path(secret).into_iter().enumerate() {
                let length = index + 1;
                let telling = length >= shown + MINIMUM_ENCODED_LENGTH;
                reaches[state >> shift] =
                    Reach { any: length, secret: if telling { length } else { 0 } };
            }
        }
        for anchor in anchors {
            for (index, state) in path(anchor).into_iter().enumerate() {
                let length = index + 1;
                let secret = (0..length).find_map(|skipped| {
                    let ending = path(&anchor[skipped..length]);
                    let reach = reaches[ending.last()? >> shift];
                    (reach.secret == length - skipped).then_some(reach.secret)
                });
                reaches[state >> shift] = Reach { any: length, secret: secret.unwrap_or(0) };
            }
        }
        self.reaches = reaches;
        self.shift = shift;
    }

    fn step(&self, state: StateID, byte: u8) -> StateID {
        match &self.engine {
            Engine::Dense(automaton) => automaton.next_state(Anchored::No, state, byte),
            Engine::Compact(automaton) => automaton.next_state(Anchored::No, state, byte),
        }
    }

    /// The state before any byte.
    pub(super) fn start(&self) -> StateID {
        self.start
    }

    /// How much of the text before `state` may still become part of a match.
    #[inline]
    pub(super) fn reach(&self, state: StateID) -> Reach {
        self.reaches.get(state.as_usize() >> self.shift).copied().unwrap_or_default()
    }

    /// Reads `bytes` and calls `on_ending` with the position after each match.
    pub(super) fn scan(
        &self,
        state: StateID,
        bytes: &[u8],
        on_ending: impl FnMut(usize, Ending),
    ) -> StateID {
        match &self.engine {
            Engine::Dense(automaton) => self.run(automaton, state, bytes, on_ending),
            Engine::Compact(automaton) => self.run(automaton, state, bytes, on_ending),
        }
    }

    fn run<A: Automaton>(
        &self,
        automaton: &A,
        mut state: StateID,
        bytes: &[u8],
        mut on_ending: impl FnMut(usize, Ending),
    ) -> StateID {
        let mut position = 0;
        // Up to here the filter has said "maybe": returning to it earlier would ask the same again.
        let mut walk_until = 0;
        while let Some(&byte) = bytes.get(position) {
            state = automaton.next_state(Anchored::No, state, byte);
            position += 1;
            if automaton.is_special(state) && automaton.is_match(state) {
                self.endings(automaton, state, |ending| on_ending(position, ending));
            }
            let reach = self.reach(state).any;
            if reach < GRAM && position >= walk_until && reach <= position {
                position -= reach;
                position += self.filter.passable(&bytes[position..]);
                walk_until = position + GRAM;
                state = self.start;
            }
        }
        state
    }

    fn endings<A: Automaton>(
        &self,
        automaton: &A,
        state: StateID,
        mut on_ending: impl FnMut(Ending),
    ) {
        let mut longest = 0;
        for index in 0..automaton.match_len(state) {
            let pattern = automaton.match_pattern(state, index);
            let length = automaton.pattern_len(pattern);
            match pattern.as_usize().checked_sub(self.secret_count) {
                None => longest = longest.max(length),
                Some(anchor) => on_ending(Ending::Anchor(anchor, length)),
            }
        }
        if longest > 0 {
            on_ending(Ending::Secret(longest));
        }
    }
}

/// Length of the `https://` or `postgres://` with which a secret URL starts: a text that ends in it gives nothing away.
fn scheme_length(pattern: &[u8]) -> usize {
    let scheme =
        pattern.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'+').count();
    if pattern[scheme..].starts_with(b"://") { scheme + 3 } else { 0 }
}
