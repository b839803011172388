//! The masker against a naive oracle, and what must hold for any text.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::MINIMUM_ENCODED_LENGTH;
use super::set::{MaskSet, REPLACEMENT};
use super::stream_tests::in_pieces;

/// Masks every occurrence that a search at every position finds, and a telling start of a secret at the end.
fn oracle(patterns: &[Vec<u8>], text: &[u8]) -> Vec<u8> {
    let mut spans = BTreeSet::new();
    for start in 0..text.len() {
        for pattern in patterns {
            let rest = &text[start..];
            if rest.starts_with(pattern) {
                spans.insert((start, start + pattern.len()));
            } else if rest.len() >= MINIMUM_ENCODED_LENGTH && pattern.starts_with(rest) {
                spans.insert((start, text.len()));
            }
        }
    }
    let (mut out, mut written) = (Vec::new(), 0);
    for (start, end) in spans {
        if start >= written {
            out.extend_from_slice(&text[written..start]);
            out.extend_from_slice(REPLACEMENT.as_bytes());
        }
        written = written.max(end);
    }
    out.extend_from_slice(&text[written..]);
    out
}

fn set_of(patterns: &[Vec<u8>]) -> MaskSet {
    MaskSet::of_patterns(&patterns.iter().map(Vec::as_slice).collect::<Vec<_>>(), &[])
}

fn small_text(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![3 => Just(b'a'), 2 => Just(b'b'), 1 => Just(b'c')], length)
}

/// Text in which anchors, separators and parts of tokens meet.
fn shaped_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("://".to_owned()),
        "[:@/ .?-]".prop_map(String::from),
        "(AKIA|ASIA|npm_|ghp_|glpat-|xoxb-|github_pat_|sk_live_)",
        "[A-Z0-9]{14,18}",
        "[a-z0-9]{34,38}",
        "[a-z0-9_-]{1,24}",
        "\\PC{0,3}",
        Just("s3cr3t-value".to_owned()),
        Just("value-s3cr3t".to_owned()),
    ];
    vec(parts, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_the_oracle(
        patterns in vec(small_text(3..12), 1..8),
        text in small_text(0..120),
        lengths in vec(1..9_usize, 1..6),
    ) {
        let set = set_of(&patterns);
        let expected = oracle(&patterns, &text);
        prop_assert_eq!(in_pieces(&set, &text, &[text.len().max(1)]), expected.clone());
        prop_assert_eq!(in_pieces(&set, &text, &lengths), expected.clone());
        let text = String::from_utf8(text).unwrap();
        prop_assert_eq!(set.mask(&text).into_owned().into_bytes(), expected);
    }

    #[test]
    fn agrees_with_the_oracle_where_hits_are_rare(
        patterns in vec(vec(any::<u8>(), 3..40), 1..6),
        picks in vec((vec(any::<u8>(), 0..40), any::<prop::sample::Index>(), 0..50_usize), 0..12),
        lengths in vec(1..30_usize, 1..6),
    ) {
        let mut text = Vec::new();
        for (noise, index, cut) in picks {
            text.extend(noise);
            let pattern = index.get(&patterns);
            text.extend(&pattern[..cut.min(pattern.len())]);
        }
        let expected = oracle(&patterns, &text);
        prop_assert_eq!(in_pieces(&set_of(&patterns), &text, &lengths), expected);
    }

    #[test]
    fn pieces_do_not_matter_for_shapes(text in shaped_text(), lengths in vec(1..40_usize, 1..6)) {
        let set = MaskSet::new(["s3cr3t-value", "value-s3cr3t"]);
        let whole = set.mask(&text);
        prop_assert_eq!(String::from_utf8(in_pieces(&set, text.as_bytes(), &lengths)).unwrap(), whole);
    }

    #[test]
    fn no_value_is_ever_shown(
        values in vec("[a-z0-9]{6,20}", 1..5),
        parts in vec((".{0,12}", any::<prop::sample::Index>()), 0..10),
        lengths in vec(1..20_usize, 1..4),
    ) {
        let pieces = parts.iter().flat_map(|(noise, index)| [noise.as_str(), index.get(&values).as_str()]);
        let text: String = pieces.collect();
        let set = MaskSet::new(values.iter().map(String::as_str));
        let out = String::from_utf8(in_pieces(&set, text.as_bytes(), &lengths)).unwrap();
        for value in values.iter().filter(|value| value.parse::<u64>().is_err()) {
            prop_assert!(!out.contains(value.as_str()), "{out}");
        }
    }

    #[test]
    fn other_bytes_pass_unchanged(text in vec(0x80..=u8::MAX, 0..200), lengths in vec(1..20_usize, 1..4)) {
        let set = MaskSet::new(["s3cr3t-value"]);
        prop_assert_eq!(in_pieces(&set, &text, &lengths), text);
    }
}
