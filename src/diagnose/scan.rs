//! One pass over a log of any size, in windows of bounded memory: what it says of itself, and every match of a signature.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Read},
};

use super::{
    markers::{Marker, MarkerKind, markers},
    signature::Side,
    table::{Candidate, Match, Table},
    text::Text,
    unknown::{Quoted, first_error_block, last_lines},
    wrapping::wrapping_width,
};

/// Clean bytes that are looked through at once.
const WINDOW: usize = 1024 * 1024;
/// A match may begin this much before the end of a window and reach into the next.
const AHEAD: usize = 32 * 1024;
/// What stays of the text before, for causes above a match.
const BEHIND: usize = 32 * 1024;
/// Matches of one pattern that are kept of one command; an error said a thousand times is one error.
const KEPT_MATCHES: usize = 2;
/// Commands of a log that are told apart.
const KEPT_SECTIONS: usize = 500;
/// Beyond that number, commands with less output than this are not.
const CROWDED: usize = 16 * 1024;
/// Lines on either side of a consequence in which its cause is looked for.
const CAUSE_LINES: usize = 40;
/// Bytes on either side of the text of a pattern between which its match lies.
const LONGEST_MATCH: usize = 4 * 1024;

/// One command of a log, or what comes before the first.
#[derive(Debug, Default)]
pub(super) struct Section {
    /// Its line, where the log names it.
    pub(super) command: Option<String>,
    /// Nothing in it can have ended the log.
    pub(super) is_overcome: bool,
    /// Its first error, in lines.
    pub(super) first_error: Vec<Quoted>,
    /// Its last lines.
    pub(super) last_lines: Vec<Quoted>,
}

/// A signature found in a log.
#[derive(Debug)]
pub(super) struct Hit {
    /// Index of the signature.
    pub(super) signature: usize,
    pub(super) section: usize,
    /// Where it begins among all clean bytes.
    pub(super) offset: u64,
    /// The line that proves it.
    pub(super) proof: Quoted,
    /// The line of the error that caused it, where the signature says on which side it stands.
    pub(super) cause: Option<Quoted>,
    pub(super) captures: BTreeMap<String, String>,
}

impl Hit {
    /// The text of a named capture.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.captures.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// What a log says of the end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ending {
    Failed { code: Option<i32>, signal: Option<String> },
    Succeeded,
}

/// All that a log tells.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    pub(super) sections: Vec<Section>,
    pub(super) hits: Vec<Hit>,
    /// What it says of its end, the last word.
    pub(super) ending: Option<Ending>,
    /// Versions of tools, by name.
    pub(super) tools: BTreeMap<&'static str, String>,
    /// Lines read.
    pub(crate) lines: u64,
}

/// Takes a log in pieces.
struct Scanner<'t> {
    table: &'t Table,
    /// What stays of before, then what is new.
    text: Text,
    /// Where what was not looked through begins.
    fresh: usize,
    /// How often each pattern was found in each section.
    counts: HashMap<(usize, usize), usize>,
    /// Signatures one of whose texts has come that must stand before them.
    is_after: Vec<bool>,
    /// The platform said that all failed.
    is_final: bool,
    scan: Scan,
}

impl<'t> Scanner<'t> {
    fn new(table: &'t Table, width: Option<usize>) -> Self {
        let scan = Scan { sections: vec![Section::default()], ..Scan::default() };
        let is_after =
            table.signatures.iter().map(|signature| signature.after.is_empty()).collect();
        Self {
            table,
            text: Text::wrapped(width),
            fresh: 0,
            counts: HashMap::new(),
            is_after,
            is_final: false,
            scan,
        }
    }

    /// Takes the next bytes.
    fn feed(&mut self, mut bytes: &[u8]) {
        while let Some(rest) = self.text.take_line(bytes) {
            bytes = rest;
            if self.text.len() - self.fresh >= WINDOW {
                self.look_through(false);
            }
        }
    }

    /// Ends the log.
    fn finish(mut self) -> Scan {
        self.text.finish();
        self.look_through(true);
        self.close_section(self.text.len());
        self.scan.lines = self.text.lines();
        self.scan
    }

    fn look_through(&mut self, is_last: bool) {
        let end = if is_last {
            self.text.len()
        } else {
            self.text.line_start(self.text.len().saturating_sub(AHEAD)).max(self.fresh)
        };
        let mut begin = self.fresh;
        let ahead = self.text.len().min(end + AHEAD);
        let mut candidates = self.table.candidates(&self.text.bytes()[begin..ahead]);
        for candidate in &mut candidates {
            candidate.first += begin;
            candidate.last += begin;
        }
        for marker in markers(self.text.bytes(), self.fresh) {
            if marker.start >= end {
                break;
            }
            let is_crowded = self.scan.sections.len() >= KEPT_SECTIONS;
            if is_crowded && marker.kind == MarkerKind::Command && marker.start - begin < CROWDED {
                continue;
            }
            self.take_matches(&candidates, begin, marker.start);
            begin = begin.max(marker.start);
            self.take_marker(&marker);
        }
        self.take_matches(&candidates, begin, end);
        self.fresh = end.saturating_sub(self.text.drop_before(end.saturating_sub(BEHIND)));
    }

    fn take_marker(&mut self, marker: &Marker) {
        match marker.kind {
            MarkerKind::Tool => {
                if let Some(version) = marker.get("version") {
                    self.scan.tools.entry(marker.name).or_insert_with(|| version.to_owned());
                }
            }
            MarkerKind::Command => {
                self.overcome(marker.start);
                self.begin_section(marker.get("command").map(ToOwned::to_owned));
            }
            MarkerKind::Succeeded => {
                self.overcome(marker.start);
                if !self.is_final {
                    self.scan.ending = Some(Ending::Succeeded);
                }
                self.begin_section(None);
            }
            MarkerKind::Failed | MarkerKind::CommandFailed => {
                self.is_final |= marker.kind == MarkerKind::Failed;
                let code = marker.get("code").and_then(|code| code.parse().ok());
                let signal = marker.get("signal").map(ToOwned::to_owned);
                if let (Some(command), Some(section)) =
                    (marker.get("command"), self.scan.sections.last_mut())
                {
                    section.command.get_or_insert_with(|| command.to_owned());
                }
                // The innermost knows most: those around it only repeat that it failed.
                if let Some(Ending::Failed { code: known, signal: by }) = &mut self.scan.ending {
                    *known = known.or(code);
                    *by = by.take().or(signal);
                } else {
                    self.scan.ending = Some(Ending::Failed { code, signal });
                }
            }
        }
    }

    /// The section ends here, and it did its work, or its failure stopped nothing.
    fn overcome(&mut self, end: usize) {
        self.close_section(end);
        // What follows the end of all is what is done after a failure.
        if self.is_final {
            return;
        }
        self.scan.ending = None;
        if let Some(section) = self.scan.sections.last_mut() {
            section.is_overcome = true;
        }
    }

    fn begin_section(&mut self, command: Option<String>) {
        if self.scan.sections.len() < KEPT_SECTIONS {
            self.scan.sections.push(Section { command, ..Section::default() });
        } else if let Some(section) = self.scan.sections.last_mut() {
            *section = Section { command, ..Section::default() };
            let last = self.scan.sections.len() - 1;
            self.scan.hits.retain(|hit| hit.section != last);
            self.counts.retain(|(_, section), _| *section != last);
        }
    }

    fn close_section(&mut self, end: usize) {
        let lines = last_lines(&self.text.bytes()[..end.min(self.text.len())], |byte| {
            self.text.number(byte)
        });
        if let Some(section) = self.scan.sections.last_mut() {
            section.last_lines = lines;
        }
    }

    /// Keeps the matches that begin between two bytes.
    fn take_matches(&mut self, candidates: &[Candidate], begin: usize, end: usize) {
        if begin >= end {
            return;
        }
        let table = self.table;
        let section = self.scan.sections.len() - 1;
        if self.scan.sections[section].first_error.is_empty() {
            let block =
                first_error_block(self.text.bytes(), begin, end, |byte| self.text.number(byte));
            self.scan.sections[section].first_error = block;
        }
        for &Candidate { pattern, signature, first, last } in candidates {
            // A match holds its text, and is no longer than this.
            let mut at = self.text.line_start(first.saturating_sub(LONGEST_MATCH)).max(begin);
            let stop = (last + LONGEST_MATCH).min(end + LONGEST_MATCH).min(self.text.len());
            let stop = memchr::memchr(b'\n', &self.text.bytes()[stop..])
                .map_or(self.text.len(), |at| stop + at + 1);
            if at >= stop || first >= stop {
                continue;
            }
            if !self.is_after[signature] {
                let texts = table.signatures[signature].after.iter().map(String::as_bytes);
                let first = texts
                    .filter_map(|text| memchr::memmem::find(&self.text.bytes()[..end], text))
                    .min();
                let Some(first) = first else { continue };
                self.is_after[signature] = true;
                at = at.max(first);
            }
            while at < stop && *self.counts.get(&(pattern, section)).unwrap_or(&0) < KEPT_MATCHES {
                let Some(found) = table.find(pattern, self.text.bytes(), at..stop) else { break };
                if found.start >= end {
                    break;
                }
                at = found.end.max(found.start + 1);
                *self.counts.entry((pattern, section)).or_default() += 1;
                let hit = self.hit(signature, section, found);
                self.scan.hits.push(hit);
            }
        }
    }

    fn hit(&self, signature: usize, section: usize, found: Match) -> Hit {
        let side = self.table.signatures[signature].cause;
        Hit {
            signature,
            section,
            offset: self.text.offset(found.start),
            proof: self.text.quote(found.proof),
            cause: side.and_then(|side| self.cause(found.start, side)),
            captures: found.captures,
        }
    }

    /// The nearest error on one side of a byte.
    fn cause(&self, byte: usize, side: Side) -> Option<Quoted> {
        let names_error = |quoted: &Quoted| {
            quoted.text.contains("Error: ") && !quoted.text.contains("Error: Failed to collect")
        };
        match side {
            Side::Above => self.text.above(byte, CAUSE_LINES).find(names_error),
            Side::Below => self.text.below(byte, CAUSE_LINES).find(names_error),
        }
    }
}

/// Reads a whole text, in which lines may have been wrapped.
pub(crate) fn scan(table: &Table, log: &[u8]) -> Scan {
    let mut scanner = Scanner::new(table, wrapping_width(log));
    scanner.feed(log);
    scanner.finish()
}

/// Reads a log of any size, up to its end.
pub(crate) fn scan_stream(table: &Table, mut log: impl Read) -> io::Result<Scan> {
    let mut piece = Vec::with_capacity(WINDOW);
    log.by_ref().take(WINDOW as u64).read_to_end(&mut piece)?;
    if piece.len() < WINDOW {
        return Ok(scan(table, &piece));
    }
    let mut scanner = Scanner::new(table, None);
    while !piece.is_empty() {
        scanner.feed(&piece);
        piece.clear();
        log.by_ref().take(WINDOW as u64).read_to_end(&mut piece)?;
    }
    Ok(scanner.finish())
}
