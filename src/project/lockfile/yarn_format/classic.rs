use std::collections::HashMap;

/// Levels of nesting above which a file is no lockfile; yarn writes two.
const DEEPEST: usize = 16;

/// yarn.lock of yarn 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClassicLockfile {
    /// The entries in the order of the file.
    pub(crate) entries: Vec<ClassicEntry>,
    /// The entry of every pattern; the last one of a pattern counts.
    by_pattern: HashMap<String, usize>,
}

/// One entry: every pattern that it stands for, and what it is resolved to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ClassicEntry {
    /// `zod@^3.25.0`, as written.
    pub(crate) patterns: Vec<String>,
    /// The line of the patterns, from 1.
    pub(crate) line: u64,
    /// The name under which it is published, where it is another than the pattern's.
    pub(crate) name: Option<String>,
    /// `version`.
    pub(crate) version: Option<String>,
    /// `resolved`: an address with a hash, absent for folders.
    pub(crate) resolved: Option<String>,
    /// `integrity`.
    pub(crate) integrity: Option<String>,
    /// `dependencies`: name and range.
    pub(crate) dependencies: Vec<(String, String)>,
    /// `optionalDependencies`: name and range.
    pub(crate) optional_dependencies: Vec<(String, String)>,
}

impl ClassicLockfile {
    /// The entry of a pattern.
    pub(crate) fn get(&self, pattern: &str) -> Option<&ClassicEntry> {
        self.get_key(pattern).map(|(_, entry)| entry)
    }

    /// The same, with the pattern as the lockfile holds it.
    pub(crate) fn get_key(&self, pattern: &str) -> Option<(&str, &ClassicEntry)> {
        let (key, index) = self.by_pattern.get_key_value(pattern)?;
        Some((key, &self.entries[*index]))
    }
}

/// The text is not of the format, with the line, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FormatError {
    /// Where reading stopped.
    pub(crate) line: u64,
}

/// Reads yarn.lock as `lockfile/parse.js` of yarn 1.22.22 does, token by token; its second try, as YAML, is left out.
pub(crate) fn parse(text: &str) -> Result<ClassicLockfile, FormatError> {
    let mut parser = Parser { rest: text, line: 1, after_newline: false, token: Token::End };
    parser.next()?;
    let table = parser.table(0)?;
    let mut lockfile = ClassicLockfile::default();
    for (patterns, line, node) in table {
        let index = lockfile.entries.len();
        for pattern in &patterns {
            lockfile.by_pattern.insert(pattern.clone(), index);
        }
        let mut entry = ClassicEntry { patterns, line, ..ClassicEntry::default() };
        if let Node::Table(fields) = node {
            for (names, _, value) in fields {
                for name in names {
                    set(&mut entry, &name, &value);
                }
            }
        }
        lockfile.entries.push(entry);
    }
    Ok(lockfile)
}

fn set(entry: &mut ClassicEntry, name: &str, value: &Node) {
    match (name, value) {
        ("name", Node::Text(text)) => entry.name = Some(text.clone()),
        ("version", Node::Text(text)) => entry.version = Some(text.clone()),
        ("resolved", Node::Text(text)) => entry.resolved = Some(text.clone()),
        ("integrity", Node::Text(text)) => entry.integrity = Some(text.clone()),
        ("dependencies", Node::Table(table)) => entry.dependencies = ranges(table),
        ("optionalDependencies", Node::Table(table)) => {
            entry.optional_dependencies = ranges(table);
        }
        _ => {}
    }
}

fn ranges(table: &Lines) -> Vec<(String, String)> {
    table
        .iter()
        .flat_map(|(names, _, value)| names.iter().map(move |name| (name, value)))
        .filter_map(|(name, value)| match value {
            Node::Text(range) => Some((name.clone(), range.clone())),
            Node::Table(_) => None,
        })
        .collect()
}

type Lines = Vec<(Vec<String>, u64, Node)>;

enum Node {
    Text(String),
    Table(Lines),
}

#[derive(PartialEq)]
enum Token {
    Text(String),
    /// A number or a truth value: no key, but a value.
    Literal(String),
    Colon,
    Comma,
    Newline,
    Indent(usize),
    End,
}

struct Parser<'a> {
    rest: &'a str,
    line: u64,
    after_newline: bool,
    token: Token,
}

impl Parser<'_> {
    fn error(&self) -> FormatError {
        FormatError { line: self.line }
    }

    /// Reads the next token; comments are none.
    fn next(&mut self) -> Result<(), FormatError> {
        loop {
            let Some(first) = self.rest.bytes().next() else {
                self.token = Token::End;
                return Ok(());
            };
            let (token, length) = match first {
                b'\n' | b'\r' => {
                    // yarn takes two newlines for one token, as it does with a carriage return before one.
                    let pair = self.rest.as_bytes().get(1) == Some(&b'\n');
                    self.line += 1 + u64::from(pair && first == b'\n');
                    (Some(Token::Newline), 1 + usize::from(pair))
                }
                b'#' => (None, self.rest.find('\n').unwrap_or(self.rest.len())),
                b' ' if self.after_newline => {
                    let width = self.rest.len() - self.rest.trim_start_matches(' ').len();
                    if width % 2 == 1 {
                        return Err(self.error());
                    }
                    (Some(Token::Indent(width / 2)), width)
                }
                b' ' => (None, 1),
                b'"' => {
                    let length = quoted_length(self.rest.as_bytes());
                    let text = serde_json::from_str(&self.rest[..length]);
                    (Some(Token::Text(text.map_err(|_| self.error())?)), length)
                }
                b'0'..=b'9' => {
                    let end = self.rest.find(|character: char| !character.is_ascii_digit());
                    let length = end.unwrap_or(self.rest.len());
                    (Some(Token::Literal(self.rest[..length].to_owned())), length)
                }
                _ if self.rest.starts_with("true") => (Some(Token::Literal("true".into())), 4),
                _ if self.rest.starts_with("false") => (Some(Token::Literal("false".into())), 5),
                b':' => (Some(Token::Colon), 1),
                b',' => (Some(Token::Comma), 1),
                b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'.' | b'-' => {
                    let end = self.rest.find([':', ' ', '\n', '\r', ',']);
                    let length = end.unwrap_or(self.rest.len());
                    (Some(Token::Text(self.rest[..length].to_owned())), length)
                }
                _ => return Err(self.error()),
            };
            self.after_newline = first == b'\n' || self.rest.starts_with("\r\n");
            self.rest = &self.rest[length..];
            if let Some(token) = token {
                self.token = token;
                return Ok(());
            }
        }
    }

    fn table(&mut self, indent: usize) -> Result<Lines, FormatError> {
        if indent > DEEPEST {
            return Err(self.error());
        }
        let mut lines = Lines::new();
        loop {
            match &mut self.token {
                Token::Newline => {
                    self.next()?;
                    if indent == 0 {
                        continue;
                    }
                    if self.token != Token::Indent(indent) {
                        break;
                    }
                    self.next()?;
                }
                Token::Indent(found) => {
                    if *found != indent {
                        break;
                    }
                    self.next()?;
                }
                Token::End => break,
                Token::Text(_) => {
                    let line = self.line;
                    let keys = self.keys()?;
                    let colon = self.token == Token::Colon;
                    if colon {
                        self.next()?;
                    }
                    match &mut self.token {
                        Token::Text(text) | Token::Literal(text) => {
                            let text = std::mem::take(text);
                            self.next()?;
                            lines.push((keys, line, Node::Text(text)));
                        }
                        _ if colon => {
                            let table = self.table(indent + 1)?;
                            lines.push((keys, line, Node::Table(table)));
                            if indent > 0 && !matches!(self.token, Token::Indent(_)) {
                                break;
                            }
                        }
                        _ => return Err(self.error()),
                    }
                }
                Token::Literal(_) | Token::Colon | Token::Comma => return Err(self.error()),
            }
        }
        Ok(lines)
    }

    fn keys(&mut self) -> Result<Vec<String>, FormatError> {
        let mut keys = Vec::new();
        loop {
            match &mut self.token {
                Token::Text(text) if !text.is_empty() => keys.push(std::mem::take(text)),
                _ => return Err(self.error()),
            }
            self.next()?;
            if self.token != Token::Comma {
                return Ok(keys);
            }
            self.next()?;
        }
    }
}

/// Bytes of a quoted text; a backslash before the closing quote keeps it open, unless another stands before it.
fn quoted_length(text: &[u8]) -> usize {
    for (index, byte) in text.iter().enumerate().skip(1) {
        let before = |distance| index >= distance && text[index - distance] == b'\\';
        if *byte == b'"' && (!before(1) || before(2)) {
            return index + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@scope/a@^1.0.0", "@scope/a@^1.1.0":
  version "1.1.0"
  resolved "https://registry.example.com/@scope/a/-/a-1.1.0.tgz#aa"
  integrity sha512-aa==
  dependencies:
    b "^1.0.0 || ^2.0.0"
    "true-case-path" "1"
  optionalDependencies:
    c "*"

b@^1.0.0, "b@^1.0.0 || ^2.0.0":
  version "1.0.0"

"odd\"name@file:./x":
  version "0.0.0"
"#;

    #[test]
    fn what_yarn_writes_is_read() {
        let crlf = LOCKFILE.replace('\n', "\r\n");
        for text in [LOCKFILE, &crlf] {
            let lockfile = parse(text).unwrap();
            assert_eq!(lockfile.entries.len(), 3);
            let entry = lockfile.get("@scope/a@^1.1.0").unwrap();
            assert_eq!(entry.version.as_deref(), Some("1.1.0"));
            assert_eq!(entry.integrity.as_deref(), Some("sha512-aa=="));
            assert_eq!(entry.dependencies[1], ("true-case-path".into(), "1".into()));
            assert_eq!(entry.optional_dependencies, [("c".into(), "*".into())]);
            assert_eq!(lockfile.get("b@^1.0.0 || ^2.0.0").unwrap().patterns.len(), 2);
            assert!(lockfile.get("odd\"name@file:./x").is_some());
        }
        assert_eq!(parse(LOCKFILE).unwrap().entries[0].line, 5);
    }

    #[test]
    fn what_yarn_refuses_is_refused() {
        for (text, line) in [
            ("a:\n   version \"1\"\n", 2),
            ("@a/b@1:\n  version \"1\"\n", 1),
            ("\"a:\n  version \"1\"\n", 1),
            ("a@1:\n  version\n", 3),
            ("<<<<<<< HEAD\n", 1),
            ("1:\n", 1),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text}");
        }
        assert!(parse("").unwrap().entries.is_empty());
        let deep: String = (0..1000).map(|level| "  ".repeat(level) + "a:\n").collect();
        assert!(parse(&deep).is_err());
    }
}
