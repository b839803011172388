//! Amplify's parser is js-yaml: what it refuses is an error here, and nothing else is.

mod texts;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use self::texts::{COMMANDS, SPECIFICATIONS};
use crate::{fixture, linted::Linted, mutation::Mutations, parallel};

/// Specifications made of each fixture by mutation; `DEPLOYFIX_ORACLE_MUTATIONS` sets another number.
const MUTATIONS: usize = 5;
/// Of the refused ones, those whose line is at most one away from that of js-yaml, per cent. Where a
/// specification is wrong at several places, the first one that is met is named.
const SAME_LINE: usize = 85;

#[test]
fn verdicts_are_those_of_js_yaml() {
    let specifications = specifications();
    let folder = tempfile::tempdir().unwrap();
    for (index, content) in specifications.iter().enumerate() {
        fs::write(folder.path().join(format!("{index}.yml")), content).unwrap();
    }
    let verdicts = js_yaml(folder.path());
    let indices: Vec<_> = (0..specifications.len()).collect();
    let ours = parallel::map(&indices, |index| syntax_error(folder.path(), *index));
    let (mut differing, mut refused, mut same_line, mut other_lines) =
        (Vec::new(), 0, 0, Vec::new());
    for (index, ours) in ours.iter().enumerate() {
        let theirs = &verdicts[&format!("{index}.yml")];
        let content = String::from_utf8_lossy(&specifications[index]);
        // A file that is no mapping is an error as well, with the same id.
        let is_mapping = ["object", "undefined"].map(Into::<Value>::into).contains(&theirs["kind"]);
        if ours.is_some() == is_mapping {
            differing.push(format!("{content:?}\n    js-yaml: {theirs}, deployfix: {ours:?}"));
        } else if let (Some(line), Some((ours, message))) = (theirs["line"].as_u64(), ours) {
            // The markers' own line says more than the first one that is no mapping.
            if message.contains("conflict markers") {
                continue;
            }
            refused += 1;
            same_line += usize::from(line.abs_diff(*ours) <= 1);
            if line.abs_diff(*ours) > 1 {
                other_lines.push(format!(
                    "{content:?}\n    js-yaml: {theirs}, deployfix: {ours} {message}"
                ));
            }
        }
    }
    if std::env::var_os("DEPLOYFIX_ORACLE_LINES").is_some() {
        println!("{}", other_lines.join("\n"));
    }
    println!("{} specifications, {refused} refused, {same_line} at the same line", ours.len());
    assert!(
        differing.is_empty(),
        "\n{}\n{} of {} differ",
        differing.join("\n"),
        differing.len(),
        ours.len()
    );
    assert!(same_line * 100 >= refused * SAME_LINE, "{same_line} of {refused} at the same line");
}

fn specifications() -> Vec<Vec<u8>> {
    let number = std::env::var("DEPLOYFIX_ORACLE_MUTATIONS").ok();
    let number = number.map_or(MUTATIONS, |text| text.parse().unwrap());
    let mut specifications: Vec<Vec<u8>> =
        SPECIFICATIONS.iter().map(|content| content.as_bytes().to_vec()).collect();
    for command in COMMANDS {
        let content = format!(
            "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - {command}\n        - npm ci\n"
        );
        specifications.push(content.into_bytes());
    }
    let mut fixtures: Vec<_> = fixture::all("good");
    fixtures.extend(fixture::all("bad"));
    for fixture in fixtures {
        let text = String::from_utf8_lossy(&fixture.text).into_owned();
        specifications.push(fixture.text.clone());
        let mutations = Mutations::new(&text, &fixture.path).take(number);
        specifications.extend(mutations.map(String::into_bytes));
    }
    specifications
}

/// Line and message of the syntax error, where it is one.
fn syntax_error(folder: &Path, index: usize) -> Option<(u64, String)> {
    let output = Command::new(env!("CARGO_BIN_EXE_deployfix"))
        .args(["validate", "--format", "json", "--buildspec"])
        .arg(format!("{index}.yml"))
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    Linted::new(&output)
        .findings()
        .iter()
        .find(|finding| {
            finding["id"] == "configuration/buildspec-syntax" && finding["severity"] == "error"
        })
        .map(|finding| {
            let line = finding["location"]["line"].as_u64().unwrap_or(1);
            (line, finding["message"].as_str().unwrap().to_owned())
        })
}

fn js_yaml(folder: &Path) -> BTreeMap<String, Value> {
    let output = Command::new("node")
        .arg(fixture::folder().join("oracle.js"))
        .arg(folder)
        .env("NODE_PATH", installed().join("node_modules"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folder with js-yaml in it, installed once from the registry that npm is set to.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("js-yaml");
    if !folder.join("node_modules/js-yaml/package.json").exists() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), "{\"private\": true}\n").unwrap();
        let status = Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--silent", "js-yaml@4"])
            .current_dir(&folder)
            .status()
            .unwrap();
        assert!(status.success(), "npm could not install js-yaml");
    }
    folder
}
