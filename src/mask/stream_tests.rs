//! The masker as its users see it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::set::{MaskSet, REPLACEMENT};

pub(super) fn in_pieces(set: &MaskSet, text: &[u8], lengths: &[usize]) -> Vec<u8> {
    let (mut masker, mut out, mut rest) = (set.stream(), Vec::new(), text);
    for &length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(length.min(rest.len()));
        masker.push(piece, &mut out);
        rest = after;
    }
    masker.finish(&mut out);
    out
}

fn masked(values: &[&str], text: &str) -> String {
    let set = MaskSet::new(values.iter().copied());
    let whole = set.mask(text).into_owned();
    for length in 1..=9 {
        let pieces = in_pieces(&set, text.as_bytes(), &[length]);
        assert_eq!(String::from_utf8(pieces).unwrap(), whole, "in pieces of {length}");
    }
    whole
}

#[test]
fn overlaps_prefixes_and_repetitions() {
    assert_eq!(masked(&["abcdefgh", "efghijkl"], "xabcdefghijklx"), "x***x");
    assert_eq!(masked(&["abcdef", "abcdefghij"], "abcdefghij abcdefgh abcdef"), "*** ***gh ***");
    assert_eq!(masked(&["abcdef"], "abcdefabcdef"), "******");
    assert_eq!(masked(&["aaaaaa"], &"a".repeat(10_000)), "***");
    assert_eq!(masked(&["abcdefgh", "cdefgh", "defghiklm"], "abcdefghikl."), "***ikl.");
}

#[test]
fn a_span_that_grows_forever_is_not_held() {
    let set = MaskSet::new(["aaaaaa"]);
    let (mut masker, mut out) = (set.stream(), Vec::new());
    for _ in 0..1_000 {
        masker.push(&[b'a'; 100], &mut out);
    }
    assert_eq!(out, REPLACEMENT.as_bytes());
    masker.push(b"!", &mut out);
    assert_eq!(out, b"***!");
}

#[test]
fn a_secret_in_three_writes_is_held_until_decided() {
    let set = MaskSet::new(["s3cr3t-value"]);
    let (mut masker, mut out) = (set.stream(), Vec::new());
    masker.push(b"token s3cr", &mut out);
    assert_eq!(out, b"token ");
    masker.push(b"3t-va", &mut out);
    assert_eq!(out, b"token ");
    masker.push(b"lue\n", &mut out);
    assert_eq!(out, b"token ***\n");
}

#[test]
fn an_end_within_a_secret() {
    assert_eq!(masked(&["s3cr3t-value"], "at s3cr3t-v"), "at ***");
    assert_eq!(masked(&["s3cr3t-value"], "at s3cr3t-"), "at s3cr3t-");
    assert_eq!(
        masked(&["postgres://db.internal/x"], "for postgres://db.int"),
        "for postgres://db.int"
    );
    assert_eq!(masked(&["postgres://db.internal/x"], "for postgres://db.internal"), "for ***");
    // The start of an anchor is no secret.
    assert_eq!(masked(&["s3cr3t-value"], "at github_pat"), "at github_pat");
    assert_eq!(masked(&["pat_s3cr3t"], "at github_pat_s3cr3"), "at github_***");
}

#[test]
fn a_masker_can_be_used_again() {
    let set = MaskSet::new(["s3cr3t-value"]);
    let (mut masker, mut out) = (set.stream(), Vec::new());
    masker.push(b"s3cr3t-", &mut out);
    masker.finish(&mut out);
    masker.push(b"value", &mut out);
    masker.finish(&mut out);
    assert_eq!(out, b"s3cr3t-value");
}

#[test]
fn a_private_key_leaks_neither_whole_nor_by_line() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n";
    assert_eq!(masked(&[key], key), "***");
    assert_eq!(masked(&[key], &key.replace('\n', "\r\n")), "***\r\n***\r\n***\r\n***\r\n");
    assert_eq!(masked(&[key], "> AQEFAASCBKcwggSjAgEAAoIB"), "> ***");
    assert_eq!(masked(&[key], &format!("{key:?}")), "\"***\"");
}

#[test]
fn leaves_of_the_amplify_secrets_are_masked() {
    let json = r#"{"DB":"p\"ss/w\u00f6rd","ON":"true"}"#;
    let set =
        MaskSet::from_environment([("secrets".to_owned(), json.to_owned())], &BTreeSet::new());
    assert_eq!(set.mask("p\"ss/w\u{f6}rd"), "***");
    assert_eq!(set.mask(json), r#"{"DB":"***","ON":"true"}"#);
    assert_eq!(set.mask("p%22ss%2Fw%C3%B6rd is true"), "*** is true");
}

#[test]
fn user_information_of_urls() {
    for (text, expected) in [
        ("postgres://app:hunter2@db/x", "postgres://app:***@db/x"),
        ("https://a:b:c@d@host/", "https://a:***@host/"),
        ("https://abcdefghijklmnop@host", "https://***@host"),
        ("ssh://git@github.com/o/r", "ssh://git@github.com/o/r"),
        ("git+ssh://git@github.com:o/r", "git+ssh://git@github.com:o/r"),
        ("http://localhost:3000 mail@example.com", "http://localhost:3000 mail@example.com"),
        ("https://unpkg.com/@scope/name", "https://unpkg.com/@scope/name"),
        ("redis://:hunter2@host", "redis://:***@host"),
        ("redis://user:@host", "redis://user:@host"),
        ("a://b:\u{e9}\u{e9}@c", "a://b:***@c"),
    ] {
        assert_eq!(masked(&[], text), expected);
    }
    let long = format!("://user:{}@host", "x".repeat(600));
    assert_eq!(masked(&[], &long), long);
}

#[test]
fn tokens_by_shape() {
    let classic = format!("ghp_{}", "a1B2".repeat(9));
    assert_eq!(masked(&[], &format!("token={classic};")), "token=***;");
    assert_eq!(masked(&[], &classic), "***");
    for open in [format!("{classic}x"), format!("x{classic}"), format!("_{classic}")] {
        assert_eq!(masked(&[], &open), open);
    }
    assert_eq!(masked(&[], "id AKIAIOSFODNN7EXAMPLE."), "id ***.");
    assert_eq!(masked(&[], "glpat-abcdefghij_-klmnopqr"), "***");
    let settings = "npm_config_registry=https://registry.example.com/ AKIA sk_live_short";
    assert_eq!(masked(&[], settings), settings);
    let blob = format!("github_pat_{}", "a".repeat(300));
    assert_eq!(masked(&[], &blob), blob);
}

#[test]
fn a_shape_around_a_secret_is_one_span() {
    assert_eq!(masked(&["hunter22"], "a://b:xhunter22y@c hunter22"), "a://b:***@c ***");
    assert_eq!(masked(&["b:hunter22@"], "a://b:xyb:hunter22@c"), "a://b:***c");
}

#[test]
fn clean_text_is_borrowed() {
    let set = MaskSet::new(["s3cr3t-value"]);
    assert!(matches!(set.mask("\u{2713} Compiled successfully"), Cow::Borrowed(_)));
    assert!(matches!(MaskSet::empty().mask(""), Cow::Borrowed("")));
    assert_eq!(MaskSet::empty().mask("nothing to hide"), "nothing to hide");
}

#[test]
fn a_large_set_is_searched_like_a_small_one() {
    let values: Vec<String> = (0..300)
        .map(|number: u64| format!("value-{:x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    let set = MaskSet::new(values.iter().map(String::as_str));
    let text = format!("{} and {}", values[0].replace("value-0", "none"), values[299]);
    assert_eq!(set.mask(&text), "none and ***");
    assert_eq!(in_pieces(&set, text.as_bytes(), &[1]), b"none and ***");
}

#[test]
fn without_an_automaton_only_line_ends_pass() {
    let set = MaskSet::blind();
    assert_eq!(in_pieces(&set, b"one\n\ntwo", &[1]), b"***\n\n***");
    assert_eq!(set.mask("one"), "***");
}

#[test]
fn debug_shows_nothing() {
    let set = MaskSet::new(["s3cr3t-value"]);
    assert!(!format!("{set:?}").contains("cr3t"));
    let (mut masker, mut out) = (set.stream(), Vec::new());
    masker.push(b"s3cr3t-", &mut out);
    // The held bytes may be half a secret.
    assert!(!format!("{masker:?}").contains("115, 51, 99"));
}
