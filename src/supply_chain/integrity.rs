use base64::{Engine, prelude::BASE64_STANDARD};

/// What a checksum of a lockfile is worth; the order is that of worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// No checksum at all, or of a length that its kind cannot have: npm passes over it.
    Malformed,
    /// MD5: two contents with one sum can be made by anyone.
    Broken,
    /// SHA-1: two contents with one sum have been made.
    Weak,
    /// SHA-256 and longer.
    Strong,
}

/// The worth of the best checksum of a text such as `sha512-… sha1-…`.
pub(crate) fn strength(text: &str) -> Strength {
    text.split_ascii_whitespace().map(of_one).max().unwrap_or(Strength::Malformed)
}

fn of_one(text: &str) -> Strength {
    if let Some(digits) = text.strip_prefix("sha1-hex-") {
        return if is_hex(digits) { Strength::Weak } else { Strength::Malformed };
    }
    // yarn 2 and later: the digest in hexadecimal, its cache's key before it.
    let digits = text.rsplit_once('/').map_or(text, |(_, digits)| digits);
    if digits.len() == 128 && is_hex(digits) {
        return Strength::Strong;
    }
    let Some((kind, digest)) = text.split_once('-') else { return Strength::Malformed };
    let digest = digest.split('?').next().unwrap_or(digest);
    let length = BASE64_STANDARD.decode(digest).map_or(0, |bytes| bytes.len());
    match (kind, length) {
        ("sha512", 64) | ("sha384", 48) | ("sha256", 32) => Strength::Strong,
        ("sha1", 20) => Strength::Weak,
        ("md5", 16) => Strength::Broken,
        _ => Strength::Malformed,
    }
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
