use std::ops::Range;

use crate::buildspec::node::Place;

/// One word of a command, or the value of an assignment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    /// As it stands in the command.
    pub(crate) raw: String,
    /// Without its quotes; expansions stay as they are written.
    pub(crate) text: String,
    /// Whether `text` is what the program sees, but for the names that `*` matches.
    pub(crate) is_static: bool,
    /// The variables that it expands, those inside of other expansions too, but none of a command substitution.
    pub(crate) expansions: Vec<Expansion>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// One use of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expansion {
    /// Its name; a digit or a sign for the shell's own parameters.
    pub(crate) name: String,
    /// What is made of it.
    pub(crate) form: Form,
    /// Where it stands, from the `$` on.
    pub(crate) place: Place,
}

/// What an expansion makes of its variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The value, or another where it is not set.
    Value,
    /// `${#NAME}`: how long it is.
    Length,
    /// `${NAME:+word}` and `${NAME+word}`: something else where it is set.
    Alternative,
    /// `${NAME:0:4}`: a part of it.
    Part,
}

impl Word {
    /// The text, where no expansion changes it.
    pub(crate) fn fixed(&self) -> Option<&str> {
        self.is_static.then_some(self.text.as_str())
    }

    /// Whether it is exactly that text.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.is_static && self.text == text
    }
}

/// A word taken apart; ranges are bytes of its raw text.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) text: String,
    pub(super) is_dynamic: bool,
    pub(super) expansions: Vec<(String, Form, Range<usize>)>,
    /// The commands of `$(...)`, `<(...)` and backquotes.
    pub(super) substitutions: Vec<Range<usize>>,
}

/// Takes the raw text of a word apart.
pub(super) fn take_apart(raw: &str) -> Parts {
    let mut parts = Parts::default();
    Scanner { raw, bytes: raw.as_bytes(), parts: &mut parts }.scan(0..raw.len(), false);
    parts
}

/// Takes the body of a here-document apart, in which quotation marks mean nothing.
pub(super) fn take_body_apart(raw: &str) -> Parts {
    let mut parts = Parts::default();
    Scanner { raw, bytes: raw.as_bytes(), parts: &mut parts }.scan_body(0..raw.len());
    parts
}

struct Scanner<'a> {
    raw: &'a str,
    bytes: &'a [u8],
    parts: &'a mut Parts,
}

impl Scanner<'_> {
    fn scan(&mut self, range: Range<usize>, mut quoted: bool) {
        let mut at = range.start;
        while at < range.end {
            let next = self.bytes.get(at + 1).copied();
            match self.bytes[at] {
                b'\\' => at = self.escape(at, quoted),
                b'"' => {
                    quoted = !quoted;
                    at += 1;
                }
                b'\'' if !quoted => at = self.single(at, range.end),
                b'$' if !quoted && matches!(next, Some(b'"')) => at += 1,
                b'$' if !quoted && matches!(next, Some(b'\'')) => at = self.ansi(at, range.end),
                b'$' => at = self.dollar(at, range.end),
                b'`' => at = self.backquote(at, range.end),
                b'<' | b'>' if !quoted && next == Some(b'(') => {
                    at = self.substitution(at, range.end);
                }
                _ => at = self.literal(at),
            }
        }
    }

    fn scan_body(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            match self.bytes[at] {
                b'\\' => at = self.escape(at, true),
                b'$' => at = self.dollar(at, range.end),
                b'`' => at = self.backquote(at, range.end),
                _ => at = self.literal(at),
            }
        }
    }

    /// Everything up to the next byte that may mean something.
    fn literal(&mut self, at: usize) -> usize {
        let special = |byte: &u8| b"\\\"'$`<>".contains(byte);
        let rest = &self.bytes[at + 1..];
        let end = rest.iter().position(special).map_or(self.bytes.len(), |length| at + 1 + length);
        self.parts.text.push_str(&self.raw[at..end]);
        end
    }

    fn escape(&mut self, at: usize, quoted: bool) -> usize {
        let Some(character) = self.raw[at + 1..].chars().next() else {
            self.parts.text.push('\\');
            return at + 1;
        };
        if quoted && !matches!(character, '$' | '`' | '"' | '\\' | '\n') {
            self.parts.text.push('\\');
        }
        if character != '\n' {
            self.parts.text.push(character);
        }
        at + 1 + character.len_utf8()
    }

    fn single(&mut self, at: usize, end: usize) -> usize {
        let close = memchr::memchr(b'\'', &self.bytes[at + 1..end]).map_or(end, |i| at + 1 + i);
        self.parts.text.push_str(&self.raw[at + 1..close]);
        (close + 1).min(end)
    }

    fn ansi(&mut self, at: usize, end: usize) -> usize {
        let close = close(&self.bytes[..end], at + 2, b'\'');
        // The few escapes that matter stay as they are written.
        self.parts.is_dynamic |= self.raw[at..close].contains('\\');
        self.parts.text.push_str(self.raw.get(at + 2..close).unwrap_or_default());
        (close + 1).min(end)
    }

    fn dollar(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.bytes[at + 1..end];
        match rest.first() {
            Some(b'(') if rest.get(1) == Some(&b'(') => {
                let close = (close(&self.bytes[..end], at + 2, b')') + 1).min(end);
                self.keep(at..close);
                close
            }
            Some(b'(') => self.substitution(at, end),
            Some(b'{') => self.braced(at, end),
            Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let length = name_length(rest);
                self.expansion(at + 1..at + 1 + length, Form::Value, at..at + 1 + length);
                self.keep(at..at + 1 + length);
                at + 1 + length
            }
            Some(byte) if byte.is_ascii_digit() || b"@*#?-$!".contains(byte) => {
                self.keep(at..at + 2);
                at + 2
            }
            _ => self.literal(at),
        }
    }

    fn braced(&mut self, at: usize, end: usize) -> usize {
        let close = close(&self.bytes[..end], at + 2, b'}');
        let whole = at..(close + 1).min(end);
        let mut name = at + 2;
        let sign = self.bytes.get(name).filter(|byte| matches!(byte, b'#' | b'!')).copied();
        name += usize::from(sign.is_some());
        let length = name_length(&self.bytes[name.min(close)..close]);
        let mut operator = &self.bytes[(name + length).min(close)..close];
        let colon = operator.first() == Some(&b':');
        operator = operator.strip_prefix(b":").unwrap_or(operator);
        let form = match (sign, operator.first()) {
            (Some(b'#'), _) => Form::Length,
            (_, Some(b'+')) => Form::Alternative,
            (_, Some(b'-' | b'=' | b'?') | None) => Form::Value,
            _ if colon => Form::Part,
            _ => Form::Value,
        };
        if length > 0 {
            self.expansion(name..name + length, form, whole.clone());
        }
        // What it falls back to may expand more.
        let text = self.parts.text.len();
        self.scan_body((name + length).min(close)..close);
        self.parts.text.truncate(text);
        self.keep(whole.clone());
        whole.end
    }

    /// `$(...)`, `<(...)` or `>(...)`.
    fn substitution(&mut self, at: usize, end: usize) -> usize {
        let close = close(&self.bytes[..end], at + 2, b')');
        self.parts.substitutions.push(at + 2..close);
        self.keep(at..(close + 1).min(end));
        (close + 1).min(end)
    }

    fn backquote(&mut self, at: usize, end: usize) -> usize {
        let close = close(&self.bytes[..end], at + 1, b'`');
        // With escapes inside, the commands are not what stands here.
        if !self.bytes[at..close].contains(&b'\\') {
            self.parts.substitutions.push(at + 1..close);
        }
        self.keep(at..(close + 1).min(end));
        (close + 1).min(end)
    }

    fn expansion(&mut self, name: Range<usize>, form: Form, range: Range<usize>) {
        self.parts.expansions.push((self.raw[name].to_owned(), form, range));
    }

    /// Keeps an expansion as it is written.
    fn keep(&mut self, range: Range<usize>) {
        self.parts.is_dynamic = true;
        self.parts.text.push_str(self.raw.get(range).unwrap_or_default());
    }
}

/// Bytes of the name at the beginning.
fn name_length(bytes: &[u8]) -> usize {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    bytes.iter().take_while(is_name).count()
}

/// The index of the byte that closes what was opened before `at`; the end where nothing does.
fn close(bytes: &[u8], at: usize, closing: u8) -> usize {
    let mut open = vec![closing];
    let mut at = at;
    while let Some(&byte) = bytes.get(at) {
        let innermost = open.last().copied().unwrap_or_default();
        let quoted = innermost == b'"';
        match byte {
            b'\\' => at += 1,
            _ if byte == innermost => {
                open.pop();
                if open.is_empty() {
                    return at;
                }
            }
            _ if innermost == b'\'' || innermost == b'`' => {}
            b'\'' if !quoted => open.push(b'\''),
            b'"' => open.push(b'"'),
            b'`' => open.push(b'`'),
            b'(' if !quoted || at > 0 && bytes[at - 1] == b'$' => open.push(b')'),
            b'{' if at > 0 && bytes[at - 1] == b'$' => open.push(b'}'),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
