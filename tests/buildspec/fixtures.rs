use std::{collections::BTreeSet, fmt::Write, fs, process::Command};

use serde_json::Value;
use similar::TextDiff;

use crate::{
    fixture::{Fixture, all, files},
    parallel,
};

const PREFIX: &str = "configuration/buildspec-";
/// About the file's absence, so that no fixture can show it.
const WITHOUT_FIXTURE: &[&str] = &["missing"];

#[test]
fn bad_fixtures_give_exactly_what_is_expected() {
    check(&all("bad"), wrong_in_bad);
}

/// Names every fixture with which something is wrong, not just the first.
#[track_caller]
fn check(fixtures: &[Fixture], wrong: impl Fn(&Fixture) -> Result<(), String> + Sync) {
    let failures: Vec<_> = parallel::map(fixtures, |fixture| {
        wrong(fixture).err().map(|text| format!("=== {}\n{text}", fixture.path))
    });
    let failures: Vec<_> = failures.into_iter().flatten().collect();
    assert!(failures.is_empty(), "\n{}\n{} wrong", failures.join("\n"), failures.len());
}

fn wrong_in_bad(fixture: &Fixture) -> Result<(), String> {
    let id = format!("{PREFIX}{}", fixture.rule());
    let linted = fixture.lint(&["--format", "json"]);
    let findings = linted.findings();
    let others: Vec<_> = findings
        .iter()
        .filter(|finding| finding["id"] != *id)
        .map(|finding| format!("  {}: {}", finding["id"], finding["message"]))
        .collect();
    if !others.is_empty() {
        return Err(format!("findings of other rules:\n{}", others.join("\n")));
    }
    if findings.is_empty() {
        return Err(format!("no finding {id}"));
    }
    let has_errors = findings.iter().any(|finding| finding["severity"] == "error");
    if linted.code != i32::from(has_errors) {
        return Err(format!("exit code {}\n{}", linted.code, linted.all()));
    }
    same(fixture, "expected", &fixture.lint(&[]).stable_stdout())?;
    same(fixture, "diff", &fixture.lint(&["--fix", "--dry-run"]).stdout)
}

/// Compares a text with the file of that ending, or writes it where that is asked for.
fn same(fixture: &Fixture, ending: &str, actual: &str) -> Result<(), String> {
    let path = fixture.beside(ending);
    if std::env::var_os("DEPLOYFIX_BLESS").is_some() {
        if actual.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, actual).unwrap();
        }
        return Ok(());
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    Err(TextDiff::from_lines(expected.as_str(), actual)
        .unified_diff()
        .header(&format!("{ending} (DEPLOYFIX_BLESS=1 writes it)"), "actual")
        .to_string())
}

#[test]
fn good_fixtures_give_nothing() {
    check(&all("good"), |fixture| {
        let linted = fixture.lint(&["--format", "json"]);
        if linted.code == 0 && linted.findings().is_empty() {
            return Ok(());
        }
        Err(format!("exit code {}\n{}", linted.code, linted.stderr))
    });
}

#[test]
fn every_rule_has_a_bad_and_a_good_fixture() {
    let known = rules();
    let mut wrong = String::new();
    for kind in ["bad", "good"] {
        let shown: BTreeSet<_> =
            all(kind).iter().map(|fixture| fixture.rule().to_owned()).collect();
        for rule in known.difference(&shown) {
            let _ = writeln!(wrong, "no {kind}/{rule}-1.yml");
        }
        for rule in shown.difference(&known) {
            let _ = writeln!(wrong, "no rule for {kind}/{rule}-*.yml");
        }
    }
    for path in files("bad") {
        let source = format!("{}.yml", path.rsplit_once('.').unwrap().0);
        if !crate::fixture::folder().join(&source).exists() {
            let _ = writeln!(wrong, "no {source} for {path}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Every rule of the catalogue, as the report's schema lists it.
fn rules() -> BTreeSet<String> {
    let output =
        Command::new(env!("CARGO_BIN_EXE_deployfix")).args(["schema", "report"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids = schema["$defs"]["FindingId"]["enum"].as_array().unwrap();
    ids.iter()
        .filter_map(|id| id.as_str().unwrap().strip_prefix(PREFIX))
        .filter(|rule| !WITHOUT_FIXTURE.contains(rule))
        .map(str::to_owned)
        .collect()
}
