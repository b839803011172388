//! The clean text of a log as far as it is held, with the numbers that an editor shows for its lines.

use super::{
    clean::clean_line,
    split::{may_be_split, rejoin},
    unknown::Quoted,
    wrapping::columns,
};

/// A raw line is kept up to here while its end has not come.
const LONGEST_RAW_LINE: usize = 64 * 1024;

/// A part of a log, cleaned line by line; what is behind it was dropped.
#[derive(Default)]
pub(super) struct Text {
    /// Columns after which lines were wrapped.
    width: Option<usize>,
    /// A line whose end has not come yet.
    raw: Vec<u8>,
    /// Ends of lines in it that only wrap it.
    wraps: usize,
    clean: Vec<u8>,
    /// Where lines begin in the clean text.
    starts: Vec<usize>,
    /// Lines that were dropped.
    dropped_lines: u64,
    /// Clean bytes that were dropped.
    dropped: u64,
}

impl Text {
    pub(super) fn wrapped(width: Option<usize>) -> Self {
        Self { width, ..Self::default() }
    }

    /// Takes bytes up to the end of a line; what follows it, if the end is among them.
    pub(super) fn take_line<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.keep_raw(bytes);
            return None;
        };
        if self.raw.is_empty() && self.width.is_none() {
            self.line(&bytes[..end]);
        } else {
            self.keep_raw(&bytes[..end]);
            self.end_raw_line();
        }
        Some(&bytes[end + 1..])
    }

    /// The end of the log ends its last line.
    pub(super) fn finish(&mut self) {
        if !self.raw.is_empty() {
            let raw = std::mem::take(&mut self.raw);
            self.line(&raw);
        }
    }

    fn keep_raw(&mut self, bytes: &[u8]) {
        let room = LONGEST_RAW_LINE.saturating_sub(self.raw.len());
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// What is kept is a line, unless it goes on in the next one.
    fn end_raw_line(&mut self) {
        if let Some(width) = self.width {
            // A window's line end is no character of the line.
            if self.raw.last() == Some(&b'\r') {
                self.raw.pop();
            }
            if self.raw.len() < LONGEST_RAW_LINE && columns(&self.raw) == width * (self.wraps + 1) {
                self.wraps += 1;
                return;
            }
        }
        let raw = std::mem::take(&mut self.raw);
        self.line(&raw);
        self.raw = raw;
        self.raw.clear();
    }

    fn line(&mut self, raw: &[u8]) {
        self.starts.push(self.clean.len());
        clean_line(raw, &mut self.clean);
        if may_be_split(raw) {
            rejoin(&mut self.clean, &mut self.starts);
        }
        self.clean.push(b'\n');
        for _ in 0..std::mem::take(&mut self.wraps) {
            self.starts.push(self.clean.len());
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.clean
    }

    pub(super) fn len(&self) -> usize {
        self.clean.len()
    }

    /// Lines read so far.
    pub(super) fn lines(&self) -> u64 {
        self.dropped_lines + self.starts.len() as u64
    }

    /// Where a byte is among all clean bytes of the log.
    pub(super) fn offset(&self, byte: usize) -> u64 {
        self.dropped + byte as u64
    }

    fn index(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Number, from 1, of the line that holds a byte.
    pub(super) fn number(&self, byte: usize) -> u64 {
        self.dropped_lines + 1 + self.index(byte) as u64
    }

    /// Where the line of a byte begins.
    pub(super) fn line_start(&self, byte: usize) -> usize {
        self.starts.get(self.index(byte)).copied().unwrap_or(0)
    }

    /// The line of a byte.
    pub(super) fn quote(&self, byte: usize) -> Quoted {
        let start = self.line_start(byte);
        let end =
            memchr::memchr(b'\n', &self.clean[start..]).map_or(self.clean.len(), |at| start + at);
        Quoted::new(self.number(byte), &self.clean[start..end])
    }

    /// So many lines above the line of a byte, the nearest first.
    pub(super) fn above(&self, byte: usize, number: usize) -> impl Iterator<Item = Quoted> {
        let at = self.index(byte);
        self.starts[at.saturating_sub(number)..at].iter().rev().map(|start| self.quote(*start))
    }

    /// So many lines below the line of a byte, the nearest first.
    pub(super) fn below(&self, byte: usize, number: usize) -> impl Iterator<Item = Quoted> {
        let at = (self.index(byte) + 1).min(self.starts.len());
        let end = self.starts.len().min(at + number);
        self.starts[at..end].iter().map(|start| self.quote(*start))
    }

    /// Drops lines that begin before a byte; how many bytes that were.
    pub(super) fn drop_before(&mut self, byte: usize) -> usize {
        let index = self.starts.partition_point(|start| *start < byte);
        let Some(&cut) = self.starts.get(index) else { return 0 };
        self.clean.drain(..cut);
        self.starts.drain(..index);
        for start in &mut self.starts {
            *start -= cut;
        }
        self.dropped_lines += index as u64;
        self.dropped += cut as u64;
        cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut text: Text, mut log: &[u8]) -> Text {
        while let Some(rest) = text.take_line(log) {
            log = rest;
        }
        text.finish();
        text
    }

    #[test]
    fn wrapped_lines_are_one_line_and_keep_the_numbers_of_an_editor() {
        let text = read(Text::wrapped(Some(4)), b"abcd\r\nefgh\r\nij\r\nkl\nmnop\n\nq");
        assert_eq!(text.bytes(), b"abcdefghij\nkl\nmnop\nq\n");
        let numbers: Vec<_> = ["a", "k", "m", "q"]
            .iter()
            .map(|line| {
                let byte = memchr::memmem::find(text.bytes(), line.as_bytes()).unwrap();
                text.number(byte)
            })
            .collect();
        assert_eq!(numbers, [1, 4, 5, 7]);
        assert_eq!(text.lines(), 7);
    }

    #[test]
    fn numbers_stay_when_the_begin_is_dropped() {
        let mut text = read(Text::default(), b"a\nb\nc\nd\n");
        assert_eq!(text.drop_before(3), 4);
        assert_eq!((text.bytes(), text.number(0), text.offset(0)), (&b"c\nd\n"[..], 3, 4));
        assert_eq!(text.quote(2).line, 4);
    }
}
