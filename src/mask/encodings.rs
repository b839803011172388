//! The ways in which tools write a value: base64, percent, JSON, shell, HTML and hexadecimal.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The punctuation that each way of percent encoding leaves alone: RFC 3986, `encodeURIComponent`, `encodeURI` and forms.
const KEPT_PUNCTUATION: [&str; 4] = ["-._~", "-._~!*'()", "-._~!*'();/?:@&=+$,#", "*-._ "];

/// Every encoding of `value`, those that change nothing included.
pub(super) fn encodings(value: &str) -> Vec<String> {
    let mut all = base64_fragments(value.as_bytes());
    all.extend(percent(value));
    all.extend(json(value));
    all.extend(shell(value));
    all.extend(html(value));
    all.extend(hexadecimal(value.as_bytes()));
    all
}

/// The characters of a base64 text that depend on `bytes` alone, wherever in the encoded stream they stand.
fn base64_fragments(bytes: &[u8]) -> Vec<String> {
    let mut fragments = Vec::new();
    for (offset, foreign_characters) in [(0, 0), (1, 2), (2, 3)] {
        let mut shifted = vec![0; offset];
        shifted.extend_from_slice(bytes);
        let own_end = shifted.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&shifted);
            fragments.extend(text.get(foreign_characters..own_end).map(str::to_owned));
        }
    }
    fragments
}

fn percent(value: &str) -> Vec<String> {
    let mut all = Vec::new();
    for kept in KEPT_PUNCTUATION {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let text = percent_encode(value, kept, digits);
            // Only the form encoding keeps a space, to write it like this.
            all.push(text.replace(' ', "+"));
        }
    }
    all
}

fn percent_encode(value: &str, kept: &str, digits: &[u8; 16]) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            text.push(char::from(byte));
        } else {
            let [high, low] = [byte >> 4, byte & 15].map(|half| digits[usize::from(half)]);
            text.extend(['%', char::from(high), char::from(low)]);
        }
    }
    text
}

/// The text that `value` percent-encodes, if it is text; a stray `%` stands for itself.
pub(super) fn percent_decode(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.first_chunk().filter(|_| first == b'%').and_then(|&[high, low]| {
            let [high, low] = [high, low].map(|digit| char::from(digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        });
        bytes.push(digits.unwrap_or(first));
        rest = if digits.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

fn json(value: &str) -> Vec<String> {
    let plain = json_escape(value);
    let slashes = plain.replace('/', "\\/");
    let lower = json_ascii(&plain, false);
    let upper = json_ascii(&plain, true);
    let twice = [json_escape(&plain), json_escape(&lower)];
    [plain, slashes, lower, upper].into_iter().chain(twice).collect()
}

fn json_escape(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn json_ascii(escaped: &str, upper: bool) -> String {
    let mut text = String::new();
    for character in escaped.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let written =
                if upper { write!(text, "\\u{unit:04X}") } else { write!(text, "\\u{unit:04x}") };
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
    }
    text
}

fn shell(value: &str) -> Vec<String> {
    vec![
        value.replace('\'', r"'\''"),
        value.replace('\'', r#"'"'"'"#),
        escape(value, |character| matches!(character, '\\' | '"' | '$' | '`')),
        bash_backslashes(value),
        bash_dollar_quotes(value),
    ]
}

fn escape(value: &str, special: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    for character in value.chars() {
        if special(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// `printf %q` of bash for a value without control characters.
fn bash_backslashes(value: &str) -> String {
    let escaped = escape(value, |character| " \t!\"$&'()*,;<>?[\\]^`{|}".contains(character));
    // Special only where a word starts.
    if value.starts_with(['#', '~']) { format!("\\{escaped}") } else { escaped }
}

/// The inside of `$'..'`, which bash and `set -x` use for a value with control characters.
fn bash_dollar_quotes(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        match character {
            '\x07' => text.push_str("\\a"),
            '\x08' => text.push_str("\\b"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\x0b' => text.push_str("\\v"),
            '\x0c' => text.push_str("\\f"),
            '\r' => text.push_str("\\r"),
            '\x1b' => text.push_str("\\E"),
            '\\' | '\'' => text.extend(['\\', character]),
            _ if character.is_ascii_control() => {
                let written = write!(text, "\\{:03o}", u32::from(character));
                debug_assert!(written.is_ok(), "writing to a string cannot fail");
            }
            _ => text.push(character),
        }
    }
    text
}

fn html(value: &str) -> Vec<String> {
    let text = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut all: Vec<String> = [
        ("&quot;", "&#39;"),
        ("&quot;", "&#x27;"),
        ("&quot;", "&apos;"),
        ("&#34;", "&#39;"),
        ("&quot;", "'"),
    ]
    .iter()
    .map(|(double, single)| text.replace('"', double).replace('\'', single))
    .collect();
    all.push(text);
    all
}

fn hexadecimal(bytes: &[u8]) -> [String; 2] {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let lower: String = halves.filter_map(|half| char::from_digit(half.into(), 16)).collect();
    let upper = lower.to_ascii_uppercase();
    [lower, upper]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_any_neighbourhood_holds_a_fragment() {
        let fragments = base64_fragments(b"correct horse?~");
        for before in ["", "a", "ab", "abc", "user:", "\u{e9}"] {
            for after in ["", "\n", "zz", "zzz", "\u{e9}"] {
                let whole = format!("{before}correct horse?~{after}");
                for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                    let text = engine.encode(&whole);
                    assert!(fragments.iter().any(|fragment| text.contains(fragment)), "{whole}");
                }
            }
        }
    }

    #[test]
    fn percent_sets() {
        let all = percent("a b/c=~!'");
        for form in [
            "a%20b%2Fc%3D~%21%27",
            "a%20b%2fc%3d~%21%27",
            "a%20b%2Fc%3D~!'",
            "a%20b/c=~!'",
            "a+b%2Fc%3D%7E%21%27",
            "a+b%2fc%3d%7e%21%27",
        ] {
            assert!(all.iter().any(|text| text == form), "{form} not in {all:?}");
        }
    }

    #[test]
    fn percent_decoding() {
        assert_eq!(percent_decode("a%20%C3%a9+%zz%4").as_deref(), Some("a \u{e9}+%zz%4"));
        assert_eq!(percent_decode("%ff"), None);
    }

    #[test]
    fn json_spellings() {
        let all = json("a\"/\n\u{e9}\u{1F600}");
        for form in [
            "a\\\"/\\n\u{e9}\u{1F600}",
            "a\\\"\\/\\n\u{e9}\u{1F600}",
            "a\\\"/\\n\\u00e9\\ud83d\\ude00",
            "a\\\"/\\n\\u00E9\\uD83D\\uDE00",
            "a\\\\\\\"/\\\\n\u{e9}\u{1F600}",
        ] {
            assert!(all.iter().any(|text| text == form), "{form} not in {all:?}");
        }
    }

    #[test]
    fn shell_spellings_are_those_of_bash() {
        assert_eq!(bash_backslashes("#a b,c$d'e\"f~=%:@+"), r#"\#a\ b\,c\$d\'e\"f~=%:@+"#);
        assert_eq!(bash_dollar_quotes("it's\n\\\x1b\x01"), r"it\'s\n\\\E\001");
        assert!(shell("it's").contains(&r"it'\''s".to_owned()));
        assert!(shell("it's").contains(&r#"it'"'"'s"#.to_owned()));
        assert!(shell("a$b`c\"d\\").contains(&r#"a\$b\`c\"d\\"#.to_owned()));
    }

    #[test]
    fn entities_and_hexadecimal() {
        let all = html("<a&'\">");
        for form in ["&lt;a&amp;&#39;&quot;&gt;", "&lt;a&amp;&#x27;&quot;&gt;", "&lt;a&amp;'\"&gt;"]
        {
            assert!(all.iter().any(|text| text == form), "{form} not in {all:?}");
        }
        assert_eq!(hexadecimal("\u{e9}~".as_bytes()), ["c3a97e", "C3A97E"]);
    }
}
