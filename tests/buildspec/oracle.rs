//! Amplify's parser is js-yaml: what it refuses is an error here, and nothing else is.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{fixture, linted::Linted, mutation::Mutations, parallel};

/// Specifications made of each fixture by mutation; `DEPLOYFIX_ORACLE_MUTATIONS` sets another number.
const MUTATIONS: usize = 5;
/// Of the refused ones, those whose line is at most one away from that of js-yaml, per cent. Where a
/// specification is wrong at several places, the first one that is met is named.
const SAME_LINE: usize = 85;

/// Values of a command, an item of `commands`.
const COMMANDS: &[&str] = &[
    "echo a: b",
    "echo \"a: b\" || echo \"c: d\"",
    "echo a:b",
    "echo a :b",
    "echo a #b",
    "echo a#b",
    "**/*",
    "*x*",
    "*x",
    "@x",
    "`x`",
    "%x",
    "!x",
    "!!str x",
    "!!int x",
    "! x",
    "& x",
    "&x y",
    "&x",
    "[ -f x ] && y",
    "[[ -f x ]] && y",
    "[x]",
    "[x",
    "{a} && b",
    "{a}",
    "{a: b, a: c}",
    "{a, b}",
    "{",
    "}",
    "]",
    ",",
    "\"x\" y",
    "'x' y",
    "\"x",
    "'x",
    "\"a\\qb\"",
    "\"a\\tb\\u00e9\\x41\"",
    "\"\\u00e\"",
    "'it''s'",
    "it's",
    "? x",
    "?x",
    "- x",
    "-x",
    ": x",
    ":x",
    "|",
    ">-",
    "|2",
    "|9",
    "| x",
    "|+ # note",
    "x\n          y",
    "x\n        y",
    "x\n       y",
    "x \\\n          y",
    "\"x\n          y\"",
    "\"x\n  y\"",
    "'x\n\n          y'",
    "|\n          x\n           y",
    "|\n          x\n         y",
    "|\n           x\n          y",
    "|\n          cat <<END\n          a: {b}\n          END",
    "|\n          x\n\ty",
    "\tx",
    "x\ty",
    "x\t# y",
    "x #",
    "~",
    "null",
    "true",
    "yes",
    "0x1f",
    "1e3",
    ".inf",
    "2026-11-23",
    "<<: x",
    "=",
    "\u{e9}\u{4e2d}\u{1f600}",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{a0}: b",
    "a\u{feff}b",
    "a\u{7}b",
    "a\u{7f}b",
    "--- x",
    "... x",
];

/// Whole specifications.
const SPECIFICATIONS: &[&str] = &[
    "",
    "\n",
    "# x\n",
    "---\n",
    "...\n",
    "--- # x\na: 1\n",
    "---\na: 1\n...\n",
    "---\na: 1\n---\nb: 1\n",
    "a: 1\n---\n",
    "a: 1\n...\nb: 1\n",
    "--- a: 1\n",
    "---a: 1\n",
    "%YAML 1.2\n---\na: 1\n",
    "%YAML 2.0\n---\na: 1\n",
    "%TAG ! tag:x\n---\na: 1\n",
    "%YAML 1.2\na: 1\n",
    "%x\n---\na: 1\n",
    "- a\n- b\n",
    "a\n",
    "a: 1\na: 2\n",
    "a: 1\n\"a\": 2\n",
    "1: 1\n\"1\": 2\n",
    "1: 1\n1.0: 2\n",
    "true: 1\n\"true\": 2\n",
    "~: 1\nnull: 2\n",
    "a: {b: 1, b: 2}\n",
    "a: &x 1\nb: *x\n",
    "a: &x {c: 1}\nb: {<<: *x, c: 2}\n",
    "a: &x {c: 1}\nb:\n  <<: *x\n  <<: *x\n",
    "a: &x {c: 1}\nb:\n  <<: [*x, *x]\n",
    "a:\n  <<: 1\n",
    "a: &x [*x]\n",
    "a: &x\n  b: *x\n",
    "a: *x\nb: &x 1\n",
    "&x a: 1\nb: *x\n",
    "*x : 1\n",
    "a: &x &y 1\n",
    "a: 1\n b: 2\n",
    "a:\n  b: 1\n c: 2\n",
    "a:\n b: 1\n  c: 2\n",
    " a: 1\n b: 2\n",
    " a: 1\nb: 2\n",
    "a:\nb: 1\n",
    "a:\n- b\n- c\n",
    "a:\n- b\n - c\n",
    "a:\n  - b\n - c\n",
    "a:\n  - b\n  c: 1\n",
    "a: - b\n",
    "a: b: c\n",
    "a: 'b': c\n",
    "a:b\n",
    "a :b\n",
    "a : b\n",
    "a\n: b\n",
    "a b: c\n",
    "a\nb: c\n",
    "\"a\nb\": c\n",
    "? a\n: b\n",
    "? a\nb: c\n",
    "? [a]\n: b\n",
    "[a]: b\n",
    "{a: 1}: b\n",
    "[a, b]: 1\n\"a,b\": 2\n",
    "a: [b\n",
    "a: [b,\n",
    "a: [b\n]\n",
    "a: [\nb\n]\n",
    "a: [\n  b,\n  c,\n]\n",
    "a: [b c, d]\n",
    "a: [,]\n",
    "a: [b,,c]\n",
    "a: [b: c, d]\n",
    "a: [- b]\n",
    "a: {b: 1\n",
    "a: {b: 1,}\n",
    "a: {,}\n",
    "a: {b}\n",
    "a: {b:1}\n",
    "a: {\"b\":1}\n",
    "a: {b: c: d}\n",
    "a: {[b]: c}\n",
    "a: {? b : c}\n",
    "a: [b]c\n",
    "a: [b] # c\n",
    "a: [b]# c\n",
    "a: 'b'# c\n",
    "a: \"b\"#c\n",
    "a: [#b\n]\n",
    "a: [b#c]\n",
    "a: b#c\n",
    "a: # c\n",
    "a: #c\n  b\n",
    "a:#b\n",
    "\ta: 1\n",
    "a:\t1\n",
    "a: 1\t\n",
    "a:\n\tb: 1\n",
    "a:\n  b: 1\n\tc: 2\n",
    "a:\n  b: 1\n  \tc: 2\n",
    "a:\n  \tb: 1\n",
    "a:\n \tb\n",
    "a:\n  -\tb\n",
    "a:\n\t- b\n",
    "a:\n  \t- b\n",
    "a:\n  - b\n\t- c\n",
    "a: b\n\tc\n",
    "a: b\n\t\nc: d\n",
    "a: b\n\t# x\nc: d\n",
    "a: [\n\tb]\n",
    "a: \"b\n\tc\"\n",
    "a: |\n\tb\n",
    "a: |\n  b\n\tc\n",
    "a: |\n  \tb\n",
    "-\ta: 1\n",
    "- \ta: 1\n",
    "?\ta\n",
    "a: |\n  b\n c\n",
    "a: |\n\n\n  b\n",
    "a: |\n   \n  b\n",
    "a: |1\n b\n",
    "a: |0\n b\n",
    "a: |12\n b\n",
    "a: |-+\n b\n",
    "a: |x\n b\n",
    "a: |#x\n b\n",
    "a: >\n  b\n\n    c\n  d\n",
    "a: |\nb: 1\n",
    "a: |",
    "a: >-",
    "a: b",
    "a:",
    "a: '",
    "a: \"",
    "a: \"\\",
    "a: 'b\n---\n'\n",
    "a: \"b\n...\n\"\n",
    "a: b\r\nc: d\r\n",
    "a: b\rc: d\r",
    "a: b\r\r\nc: d\n",
    "a: |\r\n  b\r\n  c\r\n",
    "a: \"b\r\n  c\"\r\n",
    "\u{feff}a: 1\n",
    "\u{feff}\u{feff}a: 1\n",
    "\u{feff}# x\n",
    "a: 1\n\u{feff}b: 2\n",
    "\u{feff}---\na: 1\n",
    "\u{0}",
    "a: \u{0}\n",
    "a: 1\n\u{1b}[0m\n",
    "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n",
    "a:\n  - b\n<<<<<<< HEAD\n  - c\n=======\n  - d\n>>>>>>> x\n",
    "a:\n<<<<<<< HEAD\n  b: 1\n=======\n  c: 1\n>>>>>>> x\n",
    "a: !!str 1\n",
    "a: !!map {}\n",
    "a: !!seq {}\n",
    "a: !!set {b, c}\n",
    "a: !!omap [b: 1]\n",
    "a: !!binary aGk=\n",
    "a: !!timestamp 2026-11-23\n",
    "a: !!js/function 'x'\n",
    "a: !!float x\n",
    "a: !!null ''\n",
    "a: !!bool yes\n",
    "a: !x 1\n",
    "a: !<tag:yaml.org,2002:str> 1\n",
    "a: !\n",
    "a: !Ref b\n",
    "a: !e!x 1\n",
    "a: !!str !!str 1\n",
    "__proto__: 1\n",
    "toString: 1\n",
    "a: \"\\x4\"\n",
    "a: \"\\ud83d\\ude00\"\n",
    "a: \"\\U0001F600\"\n",
    "a: \"\\U00110000\"\n",
    "a: 'b\\'\n",
    "a: \"b\" \"c\"\n",
    "a: 'b'c\n",
    "a: %b\n",
    "a: @b\n",
    "a: `b`\n",
    "a: |b|\n",
    "a: >b\n",
    "a: *\n",
    "a: &\n",
    "a: *b c\n",
    "a: &b *c\n",
    "a: ?b\n",
    "a: ? b\n",
    "a: -\n",
    "a: -b\n",
    "a: - \n",
    "-\n",
    "- - a\n  - b\n",
    "- a: 1\n  b: 2\n",
    "- a: 1\n b: 2\n",
    "-a\n",
    "a: ,b\n",
    "a: b, c\n",
    "a: b]\n",
    "a: b}\n",
    "a: {b]}\n",
    "a: [b}]\n",
    "a: http://b:80/c?d=e&f=g#h\n",
    "a: C:\\b\n",
    "a: b:\n",
    "a: b: \n",
    "a: ::b\n",
    "a: : b\n",
    ": b\n",
    "? \n",
    "?\n",
    "a: 1 2: 3\n",
    "a: \n  b\n  c: d\n",
    "a:\n  b\nc\n",
    "a: b\nc\n",
    "a: b\n  c\nd: e\n",
    "a: b\n c: d\n",
    "a: 'b'\n c\n",
    "a: [b]\n c\n",
    "a:\n  'b'\n  c: d\n",
];

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
