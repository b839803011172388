use std::ops::Range;

use crate::buildspec::{
    node::Place,
    source_map::{Lines, SourceMap},
};

/// One command, or several that only parse together.
pub(super) struct Script<'a> {
    pub(super) text: String,
    lines: &'a Lines<'a>,
    parts: Vec<Part>,
    /// The byte of every character, where they differ.
    characters: Option<Vec<usize>>,
}

/// One list item within a script.
struct Part {
    start: usize,
    /// Index of the list item.
    item: usize,
    place: Place,
    map: Option<SourceMap>,
}

impl<'a> Script<'a> {
    pub(super) fn new(lines: &'a Lines<'a>) -> Self {
        Self { text: String::new(), lines, parts: Vec::new(), characters: None }
    }

    /// Adds a list item on a line of its own.
    pub(super) fn push(&mut self, item: usize, value: &str, place: Place, map: Option<SourceMap>) {
        self.parts.push(Part { start: self.text.len(), item, place, map });
        self.text.push_str(value);
        if !value.ends_with('\n') {
            self.text.push('\n');
        }
        self.characters = None;
    }

    /// To be called once, after the last item.
    pub(super) fn seal(mut self) -> Self {
        if !self.text.is_ascii() {
            self.characters = Some(self.text.char_indices().map(|(byte, _)| byte).collect());
        }
        self
    }

    /// The byte of a character, counted from a byte on.
    pub(super) fn byte(&self, base: usize, character: usize) -> usize {
        match &self.characters {
            None => base + character,
            Some(characters) => {
                let first = characters.partition_point(|byte| *byte < base);
                characters.get(first + character).copied().unwrap_or(self.text.len())
            }
        }
    }

    /// The list item that a byte belongs to.
    pub(super) fn item(&self, byte: usize) -> usize {
        self.part(byte).map_or(0, |part| part.item)
    }

    /// Where a range of bytes stands in the file; the whole item where that is not certain.
    pub(super) fn place(&self, range: Range<usize>) -> Place {
        let Some(part) = self.part(range.start) else { return Place::default() };
        let inside = range.start - part.start..range.end.saturating_sub(part.start);
        match part.map.as_ref().and_then(|map| map.source(inside)) {
            Some(source) => self.lines.place(source),
            None => part.place,
        }
    }

    /// Whether the places of what stands at a byte are exact.
    pub(super) fn is_exact(&self, byte: usize) -> bool {
        self.part(byte).is_some_and(|part| part.map.is_some())
    }

    fn part(&self, byte: usize) -> Option<&Part> {
        let index = self.parts.partition_point(|part| part.start <= byte).checked_sub(1)?;
        self.parts.get(index)
    }
}
