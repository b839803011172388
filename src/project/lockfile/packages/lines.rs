use memchr::memmem;

/// Line numbers of texts that are asked for in the order in which they stand.
pub(super) struct Lines<'a> {
    content: &'a str,
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Begins at the first line.
    pub(super) fn new(content: &'a str) -> Self {
        Self { content, offset: 0, line: 1 }
    }

    /// The line of the next occurrence, from 1; later questions look behind it.
    pub(super) fn next(&mut self, text: &str) -> Option<u64> {
        let rest = &self.content.as_bytes()[self.offset..];
        let found = memmem::find(rest, text.as_bytes())?;
        self.line += memchr::memchr_iter(b'\n', &rest[..found]).count() as u64;
        self.offset += found + text.len();
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
