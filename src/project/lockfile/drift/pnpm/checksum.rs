use std::{fmt::Write as _, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use md5::Md5;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::project::text::read_text;

/// Bytes above which a file is neither a patch nor a pnpmfile that somebody wrote.
const MAXIMUM_SIZE: u64 = 32 * 1024 * 1024;

/// A file's text as pnpm hashes it: with line feeds alone, so that a checkout on Windows gives the same.
pub(super) fn normalized(path: &Path) -> Option<String> {
    let text = read_text(path, MAXIMUM_SIZE).ok()?;
    // Node keeps the byte order mark.
    let mark = if text.byte_order_mark { "\u{feff}" } else { "" };
    Some(format!("{mark}{}", text.content).replace("\r\n", "\n"))
}

/// `createBase32Hash` of pnpm 7 to 9: MD5 in base 32, lower case, without padding.
pub(super) fn base32_md5(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut encoded = String::new();
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in Md5::digest(text) {
        buffer = (buffer << 8 | u32::from(byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            encoded.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        encoded.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    encoded
}

/// `createHexHash` of pnpm 10 and later.
pub(super) fn hex_sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// `createHash` of pnpm 10 and later.
pub(super) fn prefixed_sha256(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// `createObjectChecksum` until pnpm 9; 8 began to sort the keys within its major.
pub(super) fn md5_of_json(value: &Value, sort: bool) -> String {
    let text = if sort { sorted(value).to_string() } else { value.to_string() };
    hex(&Md5::digest(text))
}

/// `hashObjectNullableWithPrefix` of pnpm 10: the package object-hash 3.0.0 without types, its arrays unordered.
pub(super) fn object_hash(value: &Value) -> String {
    prefixed_sha256(&canonical(value))
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Null => "Null".to_owned(),
        Value::Bool(value) => format!("bool:{value}"),
        Value::Number(value) => format!("number:{value}"),
        Value::String(value) => string(value),
        Value::Array(values) => {
            let mut entries: Vec<_> = values.iter().map(canonical).collect();
            if entries.len() <= 1 {
                return format!("array:{}:{}", entries.len(), entries.concat());
            }
            entries.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
            let entries: String = entries.iter().map(|entry| string(entry)).collect();
            format!("array:{}:{entries}", values.len())
        }
        Value::Object(table) => {
            let mut text = format!("object:{}:", table.len());
            for (key, value) in by_key(table) {
                let _ = write!(text, "{}:{},", string(key), canonical(value));
            }
            text
        }
    }
}

fn string(value: &str) -> String {
    format!("string:{}:{value}", value.encode_utf16().count())
}

fn by_key(table: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    entries
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        Value::Object(table) => Value::Object(
            by_key(table).into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
        ),
        other => other.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
