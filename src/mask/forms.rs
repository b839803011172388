//! All texts under which one secret may appear.

use std::collections::BTreeSet;

use super::encodings::encodings;

/// Bytes that a value, or a line of it, must have to be masked: shorter texts occur everywhere by chance.
pub const MINIMUM_LENGTH: usize = 6;

/// Bytes that an encoded form must have to be masked: a fragment says less than the value it comes from.
pub const MINIMUM_ENCODED_LENGTH: usize = 8;

/// A number with fewer digits is a port, a size or a count.
pub(super) const MINIMUM_DIGITS: usize = 8;

/// Values of ordinary configuration: masking them hides the log and protects nothing.
const PLAIN_WORDS: &[&str] = &[
    "0.0.0.0",
    "127.0.0.1",
    "changeme",
    "default",
    "development",
    "disabled",
    "enabled",
    "example",
    "false",
    "http://localhost",
    "http://localhost:3000",
    "localhost",
    "nextjs",
    "nodejs",
    "none",
    "null",
    "password",
    "postgres",
    "preview",
    "production",
    "secret",
    "service_account",
    "staging",
    "standard",
    "test",
    "testing",
    "true",
    "undefined",
];

/// The forms of `value` that are long and rare enough to be masked; none if the value is not.
pub(super) fn forms_of(value: &str) -> BTreeSet<String> {
    // Armour and indentation fall away when a value is printed line by line.
    let lines = value.lines().flat_map(|line| [line, line.trim()]);
    let texts: BTreeSet<&str> =
        [value, value.trim()].into_iter().chain(lines).filter(|text| is_maskable(text)).collect();
    let encoded = texts
        .iter()
        .flat_map(|text| encodings(text))
        .filter(|form| form.len() >= MINIMUM_ENCODED_LENGTH);
    texts.iter().map(|&text| text.to_owned()).chain(encoded).collect()
}

fn is_maskable(text: &str) -> bool {
    let trimmed = text.trim();
    let is_number = trimmed.bytes().all(|byte| byte.is_ascii_digit());
    trimmed.len() >= MINIMUM_LENGTH
        && !(is_number && trimmed.len() < MINIMUM_DIGITS)
        && !PLAIN_WORDS.contains(&trimmed.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_values_have_no_forms() {
        for value in [
            "",
            "short",
            "     ",
            "true",
            "Production",
            "1234567",
            "localhost",
            " staging\n",
            "undefined",
        ] {
            assert!(forms_of(value).is_empty(), "{value:?}");
        }
    }

    #[test]
    fn a_value_without_special_characters_has_few_forms() {
        let forms = forms_of("abcdef123456");
        assert!(forms.contains("abcdef123456"));
        assert!(forms.contains("YWJjZGVmMTIzNDU2"));
        assert!(forms.contains("616263646566313233343536"));
        // The value, base64 at three offsets and hexadecimal, without letters here.
        assert_eq!(forms.len(), 5, "{forms:?}");
    }

    #[test]
    fn lines_are_secrets_of_their_own() {
        let forms =
            forms_of("-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\r\nab=\r\n-----END KEY-----\r\n");
        assert!(forms.contains("  MIIEvQIBADANBg"));
        assert!(forms.contains("MIIEvQIBADANBg"));
        assert!(
            forms.contains(r"-----BEGIN KEY-----\r\n  MIIEvQIBADANBg\r\nab=\r\n-----END KEY-----")
        );
        assert!(!forms.contains("ab="));
    }

    #[test]
    fn every_form_is_long_enough() {
        for form in forms_of("a&b='\n~\u{e9}") {
            assert!(form.len() >= MINIMUM_LENGTH, "{form}");
        }
    }

    #[test]
    fn a_form_already_present_as_an_encoding_still_gets_its_own() {
        // The second line is how JSON writes the first.
        let forms = forms_of("abc&def\"\nabc&def\\\"");
        assert!(forms.contains("abc%26def%5C%22"));
    }
}
