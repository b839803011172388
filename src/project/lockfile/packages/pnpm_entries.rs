use std::borrow::Cow;

/// One entry of `packages` or `snapshots`, with the fields that tell where it comes from.
#[derive(Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) line: u64,
    /// Scalars of the entry itself.
    pub(super) fields: Vec<(&'a str, Cow<'a, str>)>,
    /// Scalars of its `resolution`.
    pub(super) resolution: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Entry<'_> {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.field(name) == Some("true")
    }

    pub(super) fn resolution(&self, name: &str) -> Option<&str> {
        self.resolution.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}

/// What is read of pnpm-lock.yaml.
#[derive(Debug, Default)]
pub(super) struct Entries<'a> {
    /// `lockfileVersion`, unquoted.
    pub(super) version: &'a str,
    pub(super) packages: Vec<Entry<'a>>,
    pub(super) snapshots: Vec<Entry<'a>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Section {
    Packages,
    Snapshots,
    Other,
}

/// Reads line by line what pnpm writes, and what formatters make of it; a YAML parser needs ten times as long.
pub(super) fn read(text: &str) -> Entries<'_> {
    let mut entries = Entries::default();
    let mut section = Section::Other;
    // The lines of a `resolution` that is not on one line.
    let mut open: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some(lines) = &mut open {
            if indent > 4 {
                lines.push('\n');
                lines.push_str(content);
                continue;
            }
            let lines = std::mem::take(lines);
            open = None;
            if let Some(entry) = entries.last(section) {
                entry.resolution = table(&lines);
            }
        }
        if indent == 0 {
            if let Some(version) = content.strip_prefix("lockfileVersion:") {
                entries.version = version.trim().trim_matches(['\'', '"']);
            }
            section = match content.trim_end() {
                "packages:" => Section::Packages,
                "snapshots:" => Section::Snapshots,
                _ => Section::Other,
            };
            continue;
        }
        if section == Section::Other {
            continue;
        }
        // A long key stands alone behind a question mark, and its first field behind a colon.
        let (indent, content) = match (indent, content.strip_prefix(": ")) {
            (2, Some(field)) => (4, field),
            _ => (indent, content),
        };
        if indent == 2 {
            let long = content.strip_prefix("? ");
            let key = match long {
                Some(key) => Some(scalar(key)),
                None => pair(content).map(|(key, _)| key),
            };
            if let Some(key) = key {
                let entry = Entry { key, line: index as u64 + 1, ..Entry::default() };
                entries.list(section).push(entry);
            }
        } else if indent == 4
            && let Some((key, value)) = pair(content)
        {
            match (key, value) {
                (Cow::Borrowed("resolution"), "") => open = Some(String::new()),
                (Cow::Borrowed("resolution"), value) => {
                    if let Some(entry) = entries.last(section) {
                        entry.resolution = table(value);
                    }
                }
                (Cow::Borrowed(key), value) if !value.is_empty() => {
                    if let Some(entry) = entries.last(section) {
                        entry.fields.push((key, scalar(value)));
                    }
                }
                _ => {}
            }
        }
    }
    if let (Some(lines), Some(entry)) = (open, entries.last(section)) {
        entry.resolution = table(&lines);
    }
    entries
}

impl<'a> Entries<'a> {
    fn list(&mut self, section: Section) -> &mut Vec<Entry<'a>> {
        match section {
            Section::Snapshots => &mut self.snapshots,
            Section::Packages | Section::Other => &mut self.packages,
        }
    }

    fn last(&mut self, section: Section) -> Option<&mut Entry<'a>> {
        self.list(section).last_mut()
    }
}

/// A key and what stands behind its colon, trimmed.
fn pair(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if let Some(quote) = text.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let end = closing(text, quote)?;
        let value = text[end + 1..].strip_prefix(':')?;
        return Some((scalar(&text[..=end]), value.trim()));
    }
    let end = text.find(": ").or_else(|| text.trim_end().strip_suffix(':').map(str::len))?;
    Some((Cow::Borrowed(&text[..end]), text[end + 1..].trim()))
}

/// The place of the quote that ends a scalar; a doubled one, or one behind a backslash, does not.
fn closing(text: &str, quote: char) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = quote as u8;
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\\' && quote == b'"' {
            at += 1;
        } else if bytes[at] == quote {
            if quote == b'\'' && bytes.get(at + 1) == Some(&quote) {
                at += 1;
            } else {
                return Some(at);
            }
        }
        at += 1;
    }
    None
}

fn scalar(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let inner = |quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(inner) = inner('\'') {
        return if inner.contains("''") { inner.replace("''", "'").into() } else { inner.into() };
    }
    inner('"').unwrap_or(text).into()
}

/// The pairs of a table of scalars, on one line in braces or on several with or without.
fn table<'a>(text: &str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    let text = text.trim();
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    let mut pairs = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = end_of_pair(rest);
        if let Some((key, value)) = pair(rest[..end].trim()) {
            pairs.push((key.into_owned().into(), scalar(value).into_owned().into()));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    pairs
}

/// Where a comma or a line end closes a pair, outside of quotes.
fn end_of_pair(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b',' | b'\n') => return at,
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}
