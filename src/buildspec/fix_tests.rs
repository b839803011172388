//! Plausible and broken specifications, and what must hold after every fix.

use std::path::PathBuf;

use proptest::prelude::*;

use super::{
    find::SpecFile,
    fix::fix,
    lint::{Surroundings, lint},
    outline::{Ways, outline},
};
use crate::{project::Text, report::Finding};

fn file(content: &str) -> SpecFile {
    let text = Text { content: content.to_owned(), byte_order_mark: false, invalid_at: None };
    SpecFile::new(PathBuf::from("amplify.yml"), "amplify.yml".to_owned(), text)
}

fn found(file: &SpecFile) -> Vec<Finding> {
    lint(file, Surroundings::default()).findings
}

fn fixed(content: &str) -> String {
    fix(&file(content), &found).file.text.content
}

/// Comments that stand on lines of their own or after a value, in the file's order; nothing that a
/// fix of today removes.
fn comments(content: &str) -> Vec<String> {
    let mut comments: Vec<_> = content
        .lines()
        .filter_map(|line| line.split_once("# note"))
        .map(|(_, comment)| comment.trim_end().to_owned())
        .collect();
    comments.sort();
    comments
}

/// One line of a list of commands, at home in YAML or not.
fn command() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("npm ci".to_owned()),
        Just("'npm run build'".to_owned()),
        Just("echo \"a: b\" || echo \"c: d\"".to_owned()),
        Just("echo done: yes".to_owned()),
        Just("[ -f x ] && y".to_owned()),
        Just("\"$X\" y".to_owned()),
        Just("`x`".to_owned()),
        Just("**/*".to_owned()),
        Just("@x é".to_owned()),
        Just("it's: here".to_owned()),
        Just("true".to_owned()),
        Just("|\n          cat <<END\n          a: {b} # note in a text\n          END".to_owned()),
        Just("a: b\n          c: d".to_owned()),
        Just(String::new()),
        "[-a-c:#&*!|>'\"%@`{},\\[\\]é\t ]{1,12}",
    ]
}

fn item() -> impl Strategy<Value = String> {
    (command(), prop_oneof![4 => Just(""), 1 => Just(" # note 1"), 1 => Just("  # note: 'two'")])
        .prop_map(|(command, comment)| format!("        - {command}{comment}\n"))
}

fn specification() -> impl Strategy<Value = String> {
    let items = || proptest::collection::vec(item(), 0..5).prop_map(|items| items.concat());
    let key =
        |name: &'static str, other: &'static str| prop_oneof![9 => Just(name), 1 => Just(other)];
    (
        items(),
        items(),
        (key("commands", "comands"), key("artifacts", "artefacts"), key("phases", "phase")),
        prop_oneof![Just("'**/*'"), Just("**/*"), Just("\"**/*\"")],
        prop_oneof![3 => Just(""), 1 => Just("\t"), 1 => Just("# note x\n"), 1 => Just("build: 1\n")],
        any::<[bool; 2]>(),
    )
        .prop_map(|(before, main, (commands, artifacts, phases), files, stray, [crlf, ends])| {
            let mut text = format!(
                "version: 1 # note 0\nfrontend:\n  {phases}:\n    preBuild:\n      {commands}:\n{before}    build:\n      # note 3\n      commands:\n{main}{stray}  {artifacts}:\n    baseDirectory: .next\n    files:\n      - {files}\n"
            );
            if crlf {
                text = text.replace('\n', "\r\n");
            }
            if !ends {
                text.truncate(text.trim_end().len());
            }
            text
        })
}

fn holds(content: &str) -> Result<(), TestCaseError> {
    let before = file(content);
    let once = fix(&before, &found);
    let after = &once.file.text.content;
    prop_assert!(before.spec.is_err() || once.file.spec.is_ok(), "no longer parses");
    prop_assert!(once.made.is_empty() || once.file.spec.is_ok(), "changed, but does not parse");
    prop_assert_eq!(&fixed(after), after, "a second run changes something");
    prop_assert_eq!(comments(content), comments(after));
    prop_assert_eq!(content.ends_with('\n'), after.ends_with('\n'));
    let lone = |text: &str| text.replace("\r\n", "").contains('\n');
    prop_assert!(lone(content) || !lone(after), "a line end is of another kind");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_fix_of_a_specification_is_whole(content in specification()) {
        holds(&content)?;
    }

    #[test]
    fn every_fix_of_anything_is_whole(
        content in "(commands:\n|  - |[-a-c:#&*!|>'\"%@`{},\\[\\]é\t ]|\n|\r\n|- |: ){0,60}"
    ) {
        holds(&content)?;
    }
}

#[test]
fn every_fix_of_a_fixture_is_whole() {
    for kind in ["bad", "good"] {
        let folder = format!("{}/tests/buildspec/{kind}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "yml") {
                let content = std::fs::read(&path).unwrap();
                let content = String::from_utf8_lossy(&content).replace('\u{feff}', "");
                holds(&content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }
}

#[test]
fn what_is_certain_is_fixed() {
    let spec = |commands: &str| {
        format!(
            "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n{commands}\n  artifacts: {{baseDirectory: .next, files: ['**/*']}}\n"
        )
    };
    for (before, after) in [
        ("        - echo a: b # c", "        - 'echo a: b' # c"),
        ("        - npm ci\n        - # npm test", "        - npm ci\n        # npm test"),
        ("        - npm ci\n        -\n        - npm test", "        - npm ci\n        - npm test"),
        ("        - true\n        - 1", "        - 'true'\n        - '1'"),
        (
            "        - @a\n        - b: c\n        - @d",
            "        - '@a'\n        - 'b: c'\n        - '@d'",
        ),
        ("        - # npm test", "        - # npm test"),
        ("        - {a: b}", "        - {a: b}"),
        ("        - a: b\n          c: d", "        - a: b\n          c: d"),
        ("        - &x a: b\n        - *x", "        - &x a: b\n        - *x"),
    ] {
        assert_eq!(fixed(&spec(before)), spec(after));
    }
}

#[test]
fn a_change_that_does_harm_is_refused() {
    use crate::report::{Edit, FindingId, Fix};
    let content = "version: 1\nfrontend:\n  phases:\n    build:\n      commands: [npm ci]\n  artifacts: {files: [a]}\n";
    // Found by a rule that is wrong about what its change does.
    let with = |start: usize, end: usize, replacement: &str| {
        let edit = Edit {
            path: "amplify.yml".into(),
            start: start as u64,
            end: end as u64,
            replacement: replacement.into(),
        };
        let lint = move |file: &SpecFile| {
            let fix = Fix { description: String::new(), edits: vec![edit.clone()] };
            let mut findings = found(file);
            if file.text.content == content {
                findings.push(Finding::new(FindingId::BuildspecVersion, "x", "y").fix(fix));
            }
            findings
        };
        fix(&file(content), &lint).file.text.content
    };
    let at = |text: &str| content.find(text).unwrap();
    let artifacts = at("  artifacts");
    for (start, end, replacement) in [
        (at("npm ci"), at("npm ci") + 6, "'npm ci"),
        (at("[npm"), at("npm"), ""),
        (artifacts, content.len(), ""),
        (artifacts, artifacts, "  "),
        (artifacts, artifacts, "  phases: {}\n"),
        (1, 0, ""),
        (0, 9999, ""),
    ] {
        assert_eq!(with(start, end, replacement), content, "{start} {end} {replacement:?}");
    }
    assert_eq!(with(0, 0, "# x\n"), format!("# x\n{content}"));
    assert!(outline(&file(content).spec.unwrap().root, &[], Ways::Told).len() > 3);
}
