//! Specifications that people could have written by mistake.

/// What is put into a text.
const INSERTED: &[&str] = &[
    ":", ": ", " :", "#", " #", "-", "- ", "*", "&", "!", "%", "@", "`", "\"", "'", "{", "}", "[",
    "]", "|", ">", ",", "?", "\t", " ", "  ", "\n", "\r\n", "\\", "~", "<<: ", "é", "---\n",
    "...\n",
];

/// An endless, repeatable row of mutations of one text.
pub struct Mutations<'a> {
    text: &'a str,
    state: u64,
}

impl<'a> Mutations<'a> {
    pub fn new(text: &'a str, seed: &str) -> Self {
        let state = seed
            .bytes()
            .fold(0, |state: u64, byte| state.wrapping_mul(31).wrapping_add(byte.into()));
        Self { text, state }
    }

    /// A number below a bound (`SplitMix64`).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }

    fn mutate(&mut self, text: &str) -> String {
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let mut characters: Vec<char> = text.chars().collect();
        if characters.is_empty() {
            return INSERTED[self.below(INSERTED.len())].to_owned();
        }
        let (line, other) = (self.below(lines.len()), self.below(lines.len()));
        let place = self.below(characters.len());
        let inserted = INSERTED[self.below(INSERTED.len())];
        match self.below(12) {
            0 => drop(lines.remove(line)),
            1 => lines.insert(line, lines[line].clone()),
            2 => lines.swap(line, other),
            3 => lines[line].insert_str(0, ["  ", " ", "\t"][other % 3]),
            4 if lines[line].starts_with("  ") => drop(lines[line].drain(..2)),
            4 | 5 => {
                let end = lines[line].trim_end().len();
                lines[line].truncate(end);
            }
            6 => return text.replace('\n', "\r\n"),
            7 => lines.truncate(line + 1),
            8 => {
                characters.remove(place);
                return characters.into_iter().collect();
            }
            9 => {
                characters.insert(place, characters[place]);
                return characters.into_iter().collect();
            }
            _ => {
                let byte: usize =
                    characters[..place].iter().map(|character| character.len_utf8()).sum();
                let mut text = text.to_owned();
                text.insert_str(byte, inserted);
                return text;
            }
        }
        lines.concat()
    }
}

impl Iterator for Mutations<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let mut text = self.text.to_owned();
        for _ in 0..=self.below(3) {
            text = self.mutate(&text);
        }
        Some(text)
    }
}
