use std::{collections::BTreeMap, fmt::Write as _};

use proptest::prelude::*;
use serde::Deserialize;

use super::{
    dotenv::parse,
    encode::encode,
    expand::{expand, expand_in_process},
};

/// What `@next/env` 16.4.6 itself made of a text.
#[derive(Deserialize)]
struct Case {
    text: String,
    process: BTreeMap<String, String>,
    parsed: Vec<(String, String)>,
    /// Nothing where it ran out of stack.
    expanded: Option<Vec<(String, String)>>,
}

fn check(cases: &str) {
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    for Case { text, process, parsed, expanded } in cases {
        let dotenv = parse(&text);
        let mut values: BTreeMap<_, _> = BTreeMap::new();
        for entry in &dotenv.entries {
            values.insert(entry.name.clone(), entry.value.clone());
        }
        assert_eq!(values, parsed.into_iter().collect(), "{text:?}");
        let actual = expand(&dotenv.entries, &process).ok().map(|expanded| expanded.values);
        assert_eq!(actual, expanded, "{text:?} {process:?}");
    }
}

#[test]
fn reads_like_next() {
    check(include_str!("next_env_cases.json"));
}

fn problems(text: &str) -> String {
    let mut report = String::new();
    for problem in parse(text).problems {
        let finding = problem.into_finding(".env");
        writeln!(report, "{}: {}", finding.location.unwrap(), finding.message).unwrap();
    }
    report
}

#[test]
fn what_is_misread_is_named() {
    for (text, expected) in [
        ("A=b\nFOO\n", ".env:2: a line without `=` is ignored\n"),
        ("export A\n", ".env:1: a line without `=` is ignored\n"),
        ("\nMY NAME=b\n", ".env:2: an assignment is ignored: what stands before `=` is no name\n"),
        ("A=\"b\nC=d\n", ".env:1: the quote that begins the value of `A` is not closed\n"),
        ("A='b' c\n", ".env:1: text follows the closing quote of `A`\n"),
        ("PASSWORD=fake#word\n", ".env:1: the value of `PASSWORD` is cut at `#`\n"),
        ("COLOR=#fff\n", ".env:1: the value of `COLOR` is cut at `#`\n"),
        (
            "A=-----BEGIN KEY-----\nfake==\nfake\n-----END KEY-----\nB=c\n",
            ".env:1: the value of `A` has several lines and no quotes\n",
        ),
        (
            "A=\"b\nDATABASE_URL=x\nC=\"\n",
            ".env:1: the quoted value of `A` contains further assignments\n",
        ),
        (
            "<<<<<<< HEAD\nA=b\n=======\nA=c\n>>>>>>> other\n",
            ".env:1: a merge conflict is not resolved\n.env:5: a merge conflict is not resolved\n",
        ),
    ] {
        assert_eq!(problems(text), expected, "{text:?}");
    }
}

#[test]
fn what_next_reads_as_meant_is_no_problem() {
    for text in [
        "\u{feff}A = b\r\nexport C='d' # e\r\n",
        "A: b\nB= # nothing yet\nC=\nPORT=3000# the usual\n##### heading\n",
        "A=\"-----BEGIN KEY-----\nfake==\n-----END KEY-----\"\nB='{\"a\": \"b#c\"}'\n",
        "A='it's'\nB=it's\nC=a=b\n",
        "",
    ] {
        assert_eq!(problems(text), "", "{text:?}");
    }
}

#[test]
fn values_are_written_so_that_next_reads_them_back() {
    for (value, written) in [
        ("", Some("A=\"\"")),
        ("plain", Some("A=plain")),
        ("https://example.com/?a=b&c=d", Some("A=https://example.com/?a=b&c=d")),
        ("with space ", Some("A=\"with space \"")),
        ("pa$word", Some("A=\"pa\\$word\"")),
        ("a\\$b", Some("A=\"a\\\\$b\"")),
        ("a#b", Some("A=\"a#b\"")),
        ("line\nline", Some("A=\"line\\nline\"")),
        ("c:\\new", Some("A='c:\\new'")),
        ("{\"k\":\"it's\"}", Some("A=`{\"k\":\"it's\"}`")),
        ("'\"`", Some("A=\"'\"`\"")),
        ("'\"`#", None),
        ("\u{2028}", None),
    ] {
        assert_eq!(encode("A", value).as_deref(), written, "{value:?}");
    }
}

#[test]
fn next_expands_the_process_too() {
    let process = BTreeMap::new();
    assert_eq!(expand_in_process("A", "pa$word", &process).as_deref(), Some("pa"));
    assert_eq!(expand_in_process("A", "plain", &process).as_deref(), Some("plain"));
}

proptest! {
    #[test]
    fn never_panics(text in "(A|B|=|'|\"|`|\n|\r|#| |\\$A|\\$\\{B:-|\\}|\\\\|export |: |\u{feff}|\u{e9}|\u{2028}){0,60}") {
        let entries = parse(&text).entries;
        drop(expand(&entries, &BTreeMap::new()));
    }

    #[test]
    fn what_is_written_reads_back(value in "(a|b|'|\"|`|\n|\r|#| |\\$|\\{|\\}|\\\\|=|:|n|\u{e9}){0,30}") {
        if let Some(line) = encode("A", &value) {
            let entries = parse(&line).entries;
            let expanded = expand(&entries, &BTreeMap::new()).unwrap();
            prop_assert_eq!(expanded.values, vec![("A".to_owned(), value)]);
        } else {
            let kinds = ['\'', '"', '`'].iter().filter(|quote| value.contains(**quote)).count();
            prop_assert!(kinds >= 2 || value.contains(['\r', '\\']), "{:?}", value);
        }
    }
}
