//! Secrets that are known by their shape: user information in URLs, and tokens with a well-known prefix.

use super::sources::MINIMUM_TOKEN_USER;
use super::spans::Span;

/// The text that announces user information.
const URL_ANCHOR: &str = "://";

/// Longer user information is no credential, and waiting for its end would hold the output back.
const MAXIMUM_USER_INFORMATION: usize = 512;

/// A longer run of token characters is data that happens to hold a prefix.
const MAXIMUM_TOKEN: usize = 255;

/// How a token of one issuer looks after its prefix.
#[derive(Debug)]
struct Token {
    prefix: &'static str,
    allowed: fn(u8) -> bool,
    minimum: usize,
    maximum: usize,
}

const TOKENS: &[Token] = &[
    token("AKIA", is_upper_or_digit, 16, 16),
    token("ASIA", is_upper_or_digit, 16, 16),
    token("npm_", is_alphanumeric, 36, 36),
    token("ghp_", is_alphanumeric, 36, 36),
    token("gho_", is_alphanumeric, 36, 36),
    token("ghs_", is_alphanumeric, 36, 36),
    token("ghu_", is_alphanumeric, 36, 36),
    token("ghr_", is_alphanumeric, 36, 36),
    token("github_pat_", is_word, 22, MAXIMUM_TOKEN),
    token("glpat-", is_word_or_dash, 20, MAXIMUM_TOKEN),
    token("xoxb-", is_alphanumeric_or_dash, 20, MAXIMUM_TOKEN),
    token("xoxp-", is_alphanumeric_or_dash, 20, MAXIMUM_TOKEN),
    token("xapp-", is_alphanumeric_or_dash, 20, MAXIMUM_TOKEN),
    token("sk_live_", is_alphanumeric, 16, MAXIMUM_TOKEN),
    token("rk_live_", is_alphanumeric, 16, MAXIMUM_TOKEN),
];

const fn token(
    prefix: &'static str,
    allowed: fn(u8) -> bool,
    minimum: usize,
    maximum: usize,
) -> Token {
    Token { prefix, allowed, minimum, maximum }
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper_or_digit(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_word_or_dash(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

fn is_alphanumeric_or_dash(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Whether the whole text is an AWS access key id.
pub(super) fn is_access_key_id(text: &str) -> bool {
    TOKENS.iter().filter(|token| matches!(token.prefix, "AKIA" | "ASIA")).any(|token| {
        text.strip_prefix(token.prefix)
            .is_some_and(|rest| rest.len() == token.minimum && rest.bytes().all(token.allowed))
    })
}

/// The texts at which a candidate opens, in the order that [`Candidate::open`] counts them.
pub(super) fn anchors() -> impl Iterator<Item = &'static str> {
    [URL_ANCHOR].into_iter().chain(TOKENS.iter().map(|token| token.prefix))
}

/// A place that turns out to be a secret or not with the bytes that follow.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Nothing from here on may be written before the candidate is decided.
    pub(super) start: usize,
    length: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    UserInformation { colon: Option<usize>, at: Option<usize> },
    Token(&'static Token),
}

impl Candidate {
    /// The candidate that `anchor` opens at `end`; `before` is the byte in front of the anchor.
    pub(super) fn open(anchor: usize, end: usize, before: Option<u8>) -> Option<Self> {
        let Some(index) = anchor.checked_sub(1) else {
            let kind = Kind::UserInformation { colon: None, at: None };
            return Some(Self { start: end, length: 0, kind });
        };
        let token = TOKENS.get(index)?;
        let starts_word = before.is_none_or(|byte| !is_word(byte));
        starts_word.then(|| Self {
            start: end - token.prefix.len(),
            length: 0,
            kind: Kind::Token(token),
        })
    }

    /// Reads on. True once the candidate is decided, false while it needs more than `bytes`.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        match &mut self.kind {
            Kind::UserInformation { colon, at } => {
                for &byte in bytes {
                    if ends_user_information(byte) || self.length == MAXIMUM_USER_INFORMATION {
                        return true;
                    }
                    match byte {
                        b':' if colon.is_none() => *colon = Some(self.length),
                        b'@' => *at = Some(self.length),
                        _ => {}
                    }
                    self.length += 1;
                }
                false
            }
            Kind::Token(token) => {
                for &byte in bytes {
                    if !(token.allowed)(byte) || self.length > token.maximum {
                        return true;
                    }
                    self.length += 1;
                }
                false
            }
        }
    }

    /// What to mask, judged by the bytes read.
    pub(super) fn secret(&self) -> Option<Span> {
        match &self.kind {
            Kind::UserInformation { colon, at } => {
                let at = (*at)?;
                let password = colon.filter(|&colon| colon < at).map(|colon| colon + 1);
                let start = match password {
                    Some(password) => password,
                    None if at >= MINIMUM_TOKEN_USER => 0,
                    None => return None,
                };
                (start < at).then_some(Span { start: self.start + start, end: self.start + at })
            }
            Kind::Token(token) => {
                let end = self.start + token.prefix.len() + self.length;
                (token.minimum..=token.maximum)
                    .contains(&self.length)
                    .then_some(Span { start: self.start, end })
            }
        }
    }
}

fn ends_user_information(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'\'' | b'/' | b'?' | b'#' | b'<' | b'>' | b'`' | 0x7f)
}
