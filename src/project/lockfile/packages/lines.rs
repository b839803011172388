/// Tells the lines of parts of a text that come in its order.
pub(super) struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1 }
    }

    /// The line, from 1, of a part that borrows from the text; nothing of another, or of one before the last.
    pub(super) fn line_of(&mut self, part: &str) -> Option<u64> {
        let offset = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        let between = self.text.as_bytes().get(self.offset..offset)?;
        self.line += memchr::memchr_iter(b'\n', between).count() as u64;
        self.offset = offset;
        Some(self.line)
    }
}

/// A key and its value in one line of generated YAML: `version: 1.0.0`, quotes removed.
pub(super) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = split_key(line.trim())?;
    Some((key, unquoted(value.trim())))
}

/// Splits at the colon that ends a key, which may be quoted and hold colons itself.
pub(super) fn split_key(line: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(rest) = line.strip_prefix(quote) {
            let (key, value) = rest.split_once(quote)?;
            return Some((key, value.strip_prefix(':')?));
        }
    }
    if let Some(key) = line.strip_suffix(':') {
        return Some((key, ""));
    }
    line.split_once(": ")
}

/// A scalar without its quotes.
pub(super) fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text)
}

/// The name before the range, version or protocol: `@scope/name@npm:1.0.0`.
pub(super) fn split_name(text: &str) -> Option<(&str, &str)> {
    let at = text.get(1..)?.find('@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_their_order() {
        let text = String::from("a\nb\n\nc");
        let mut lines = Lines::new(&text);
        assert_eq!(lines.line_of(&text[2..3]), Some(2));
        assert_eq!(lines.line_of(&text[5..]), Some(4));
        assert_eq!(lines.line_of(&text[0..1]), None);
        assert_eq!(lines.line_of("elsewhere"), None);
    }
}
