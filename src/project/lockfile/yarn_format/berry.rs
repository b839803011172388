use std::{borrow::Cow, fmt::Write as _, sync::LazyLock};

use regex::Regex;

/// Levels of nesting that yarn writes below an entry.
const DEEPEST: usize = 4;
/// Keys longer than this, in UTF-16 units, are written behind a question mark.
const LONGEST_KEY: usize = 1024;

/// Names and values in the order of the file.
pub(crate) type Table = Vec<(String, Value)>;

/// A scalar, all of which yarn reads as text, or a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A scalar.
    Text(String),
    /// A table.
    Table(Table),
}

impl Value {
    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Table(_) => None,
        }
    }

    /// The table.
    pub(crate) fn table(&self) -> Option<&Table> {
        match self {
            Self::Table(table) => Some(table),
            Self::Text(_) => None,
        }
    }
}

/// yarn.lock of yarn 2 and later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BerryLockfile {
    /// `__metadata`.
    pub(crate) metadata: Table,
    /// The entries in the order of the file.
    pub(crate) entries: Vec<BerryEntry>,
}

/// One entry: every descriptor that it stands for, and what it is resolved to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BerryEntry {
    /// The descriptors as written: `a@npm:^1.0.0, a@npm:^1.1.0`.
    pub(crate) key: String,
    /// The line of the key, from 1.
    pub(crate) line: u64,
    /// `version`, `resolution`, `dependencies` and so on.
    pub(crate) fields: Table,
}

impl BerryLockfile {
    /// A scalar of `__metadata`.
    pub(crate) fn metadata(&self, name: &str) -> Option<&str> {
        find(&self.metadata, name)?.text()
    }
}

impl BerryEntry {
    /// A scalar of the entry.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        find(&self.fields, name)?.text()
    }

    /// A table of the entry, empty where there is none.
    pub(crate) fn table(&self, name: &str) -> &[(String, Value)] {
        find(&self.fields, name).and_then(Value::table).map_or(&[], |table| table)
    }
}

fn find<'a>(table: &'a Table, name: &str) -> Option<&'a Value> {
    table.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Reads yarn.lock in the form that yarn writes; nothing where it is of another, be it YAML or not.
pub(crate) fn parse(text: &str) -> Option<BerryLockfile> {
    let mut lines = Lines { rest: text.lines(), number: 0, next: None };
    lines.advance();
    let mut lockfile = BerryLockfile::default();
    while let Some(line) = &lines.next {
        let (indent, number) = (line.indent, line.number);
        let (key, value) = lines.pair(0)?;
        match value {
            Value::Table(fields) if indent == 0 && key == "__metadata" => {
                lockfile.metadata = fields;
            }
            Value::Table(fields) if indent == 0 => {
                lockfile.entries.push(BerryEntry { key, line: number, fields });
            }
            _ => return None,
        }
    }
    Some(lockfile)
}

struct Line<'a> {
    number: u64,
    /// Pairs of blanks before it.
    indent: usize,
    text: &'a str,
}

struct Lines<'a> {
    rest: std::str::Lines<'a>,
    number: u64,
    next: Option<Line<'a>>,
}

impl Lines<'_> {
    /// Goes to the next line that says something.
    fn advance(&mut self) {
        self.next = self.rest.by_ref().find_map(|line| {
            self.number += 1;
            let text = line.trim_start_matches(' ');
            // An odd indentation reads as one that nothing expects.
            let width = line.len() - text.len();
            let indent = if width % 2 == 0 { width / 2 } else { usize::MAX };
            (!text.is_empty() && !text.starts_with('#')).then_some(Line {
                number: self.number,
                indent,
                text,
            })
        });
    }

    /// One key with its value at a level.
    fn pair(&mut self, indent: usize) -> Option<(String, Value)> {
        let line = self.next.as_ref().filter(|line| line.indent == indent)?;
        let (key, mut value) = if let Some(long) = line.text.strip_prefix("? ") {
            let (key, rest) = scalar(long)?;
            if !rest.is_empty() {
                return None;
            }
            self.advance();
            let line = self.next.as_ref().filter(|line| line.indent == indent)?;
            (key, line.text.strip_prefix(':')?)
        } else {
            let (key, rest) = scalar(line.text)?;
            (key, rest.strip_prefix(':')?)
        };
        self.advance();
        if value.is_empty() {
            return Some((key.into_owned(), Value::Table(self.table(indent + 1)?)));
        }
        value = value.strip_prefix(' ')?;
        let (text, rest) = if value.starts_with('"') {
            scalar(value)?
        } else {
            // Colons may stand in what a quoteless value holds, as long as no blank follows.
            (Cow::Borrowed(value), "")
        };
        let plain = !value
            .starts_with(['\'', '[', '{', '&', '*', '|', '>', '!', '%', '@', '`', '-', '?', ' '])
            && !value.contains(": ")
            && !value.contains(" #");
        (rest.is_empty() && (plain || value.starts_with('"')))
            .then(|| (key.into_owned(), Value::Text(text.into_owned())))
    }

    fn table(&mut self, indent: usize) -> Option<Table> {
        if indent > DEEPEST {
            return None;
        }
        let mut table = Table::new();
        while self.next.as_ref().is_some_and(|line| line.indent >= indent) {
            table.push(self.pair(indent)?);
        }
        Some(table)
    }
}

/// A quoted or plain scalar, and what stands behind it; a plain one ends before a colon.
fn scalar(text: &str) -> Option<(Cow<'_, str>, &str)> {
    if !text.starts_with('"') {
        let end = text.find([':', '#', '"', '\'']).unwrap_or(text.len());
        return (end > 0).then_some((Cow::Borrowed(&text[..end]), &text[end..]));
    }
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    let (quoted, rest) = text.split_at(end + 2);
    if quoted.contains('\\') {
        return Some((Cow::Owned(serde_json::from_str(quoted).ok()?), rest));
    }
    Some((Cow::Borrowed(&quoted[1..=end]), rest))
}

/// Keys that stand first, in this order, wherever they occur.
const FIRST: [&str; 8] = [
    "__metadata",
    "version",
    "resolution",
    "dependencies",
    "peerDependencies",
    "dependenciesMeta",
    "peerDependenciesMeta",
    "binaries",
];

/// What yarn writes for a lockfile, as `stringifySyml` of @yarnpkg/parsers 2 and 3 does.
pub(crate) fn render(lockfile: &BerryLockfile) -> String {
    let mut text = String::from(
        "# This file is generated by running \"yarn install\" inside your project.\n# Manual changes might be lost - proceed with caution!\n\n",
    );
    write_pair(&mut text, 0, "__metadata", &Value::Table(lockfile.metadata.clone()));
    let mut entries: Vec<_> = lockfile.entries.iter().collect();
    entries.sort_by(|one, other| in_order(&one.key, &other.key));
    for entry in entries {
        text.push('\n');
        write_key(&mut text, 0, &entry.key);
        text.push('\n');
        write_table(&mut text, 1, &entry.fields);
    }
    text
}

fn in_order(one: &str, other: &str) -> std::cmp::Ordering {
    let rank = |key| FIRST.iter().position(|first| *first == key).unwrap_or(FIRST.len());
    rank(one)
        .cmp(&rank(other))
        // JavaScript compares UTF-16 units.
        .then_with(|| one.encode_utf16().cmp(other.encode_utf16()))
}

fn write_table(text: &mut String, indent: usize, table: &Table) {
    let mut pairs: Vec<_> = table.iter().filter(|(_, value)| !is_removable(value)).collect();
    pairs.sort_by(|(one, _), (other, _)| in_order(one, other));
    for (key, value) in pairs {
        write_pair(text, indent, key, value);
    }
}

fn is_removable(value: &Value) -> bool {
    match value {
        Value::Text(_) => false,
        Value::Table(table) => table.iter().all(|(_, value)| is_removable(value)),
    }
}

fn write_pair(text: &mut String, indent: usize, key: &str, value: &Value) {
    write_key(text, indent, key);
    match value {
        Value::Text(value) => {
            let _ = writeln!(text, " {}", quoted(value));
        }
        Value::Table(table) => {
            text.push('\n');
            write_table(text, indent + 1, table);
        }
    }
}

fn write_key(text: &mut String, indent: usize, key: &str) {
    let blanks = "  ".repeat(indent);
    let key = quoted(key);
    let _ = if key.len() > LONGEST_KEY && key.encode_utf16().count() > LONGEST_KEY {
        write!(text, "{blanks}? {key}\n{blanks}:")
    } else {
        write!(text, "{blanks}{key}:")
    };
}

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static SIMPLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^[^-?:,\]\[{}#&*!|>'"%@` \t\r\n](?:[ \t]*[^,\]\[{}:# \t\r\n])*$"#).unwrap()
});

fn quoted(value: &str) -> Cow<'_, str> {
    if SIMPLE.is_match(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(serde_json::Value::from(value).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"# This file is generated by running "yarn install" inside your project.
# Manual changes might be lost - proceed with caution!

__metadata:
  version: 8
  cacheKey: 10c0

"@scope/a@npm:^1.0.0, @scope/a@npm:^1.1.0":
  version: 1.1.0
  resolution: "@scope/a@npm:1.1.0"
  dependencies:
    "@scope/b": "npm:^1.0.0 || ^2.0.0"
    c: "npm:*"
  dependenciesMeta:
    c:
      optional: true
  checksum: 10c0/aa
  conditions: os=linux & cpu=x64
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  languageName: unknown
  linkType: soft
"#;

    #[test]
    fn what_yarn_writes_is_read_and_written_again() {
        let lockfile = parse(LOCKFILE).unwrap();
        assert_eq!(lockfile.metadata("version"), Some("8"));
        let entry = &lockfile.entries[0];
        assert_eq!((entry.line, entry.text("version")), (8, Some("1.1.0")));
        assert_eq!(entry.text("conditions"), Some("os=linux & cpu=x64"));
        assert_eq!(entry.table("dependencies")[1], ("c".into(), Value::Text("npm:*".into())));
        assert_eq!(render(&lockfile), LOCKFILE);
        assert_eq!(parse(&LOCKFILE.replace('\n', "\r\n")), Some(lockfile));
    }

    #[test]
    fn long_keys_stand_behind_a_question_mark() {
        let key = vec!["a@npm:^1.0.0"; 120].join(", ");
        let lockfile = BerryLockfile {
            metadata: vec![("version".into(), Value::Text("8".into()))],
            entries: vec![BerryEntry {
                key: key.clone(),
                line: 7,
                fields: vec![("version".into(), Value::Text("1.0.0".into()))],
            }],
        };
        let text = render(&lockfile);
        assert!(text.contains("\n? \"a@npm"), "{text}");
        assert_eq!(parse(&text), Some(lockfile));
    }

    #[test]
    fn another_form_is_not_read() {
        for text in [
            "a: [b]\n",
            "a: b\n",
            "a:\n   b: c\n",
            "a:\n  b: |\n    c\n",
            "a:\n  - b\n",
            "a:\n  b: 'c'\n",
            "<<<<<<< HEAD\n",
            "a:\n      b: c\n",
            "a:\n  b: \"c\n",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
