/// Bytes between two known places of a long line.
const STEP: usize = 4096;

/// Where the lines of a text begin, so that no question about a place reads the text from its start.
#[derive(Debug, Clone)]
pub(crate) struct Positions {
    /// Places known beforehand, in order: every beginning of a line, and points within long lines.
    known: Vec<Known>,
    /// The index in `known` of every line.
    lines: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    byte: usize,
    /// From 1.
    line: u64,
    /// In characters, from 1.
    column: u64,
}

impl Positions {
    /// Reads the text once.
    pub(crate) fn new(content: &str) -> Self {
        let (mut known, mut lines) = (Vec::new(), Vec::new());
        let mut start = 0;
        for line in content.split_inclusive('\n') {
            lines.push(known.len());
            let number = lines.len() as u64;
            known.push(Known { byte: start, line: number, column: 1 });
            let (mut from, mut column) = (0, 1);
            while line.len() - from > STEP {
                let to = line.floor_char_boundary(from + STEP);
                column += line[from..to].chars().count() as u64;
                known.push(Known { byte: start + to, line: number, column });
                from = to;
            }
            start += line.len();
        }
        if content.is_empty() || content.ends_with('\n') {
            lines.push(known.len());
            known.push(Known { byte: start, line: lines.len() as u64, column: 1 });
        }
        Self { known, lines }
    }

    /// Line and column in characters, both from 1, of a byte of that text.
    pub(crate) fn position(&self, content: &str, byte: usize) -> (u64, u64) {
        let byte = byte.min(content.len());
        let next = self.known.partition_point(|known| known.byte <= byte);
        let known = self.known[next.saturating_sub(1)];
        let between = content.get(known.byte..byte).map_or(0, |text| text.chars().count());
        (known.line, known.column + between as u64)
    }

    /// A line, from 1, without its end; nothing where there is none.
    pub(crate) fn line<'a>(&self, content: &'a str, line: u64) -> &'a str {
        let start = |index: usize| self.lines.get(index).map(|known| self.known[*known].byte);
        let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
        let line = index.and_then(|index| {
            content.get(start(index)?..start(index + 1).unwrap_or(content.len()))
        });
        let line = line.unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project;

    #[test]
    fn places_are_those_of_a_reader_from_the_start() {
        let long = "é".repeat(3 * STEP);
        for content in ["", "a", "a\n", "a\r\nb\n\nc", "é\n中b", &format!("a\n{long}\nb\n{long}")]
        {
            let positions = Positions::new(content);
            for byte in
                (0..=content.len()).filter(|byte| content.is_char_boundary(*byte)).step_by(7)
            {
                assert_eq!(positions.position(content, byte), project::position(content, byte));
            }
            for (index, line) in content.lines().enumerate() {
                assert_eq!(positions.line(content, index as u64 + 1), line);
            }
            assert_eq!(positions.line(content, 0), "");
            assert_eq!(positions.line(content, 99), "");
        }
    }
}
