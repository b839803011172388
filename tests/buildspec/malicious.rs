//! Files that are made to break a reader: an answer in bounded time, never a panic.

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{linted::Linted, parallel};

/// Far more than any of them takes on a busy machine; a quadratic reader takes minutes.
const LONGEST: Duration = Duration::from_mins(3);
/// Unoptimised code is about as much slower.
const SCALE: usize = if cfg!(debug_assertions) { 10 } else { 1 };
const MIB: usize = 1024 * 1024;
const MANY: usize = 100_000 / SCALE;

fn spec(commands: &str) -> String {
    format!(
        "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n{commands}  artifacts:\n    baseDirectory: .next\n    files: ['**/*']\n  cache:\n    paths: ['.next/cache/**/*']\n"
    )
}

fn cases() -> Vec<(&'static str, Vec<u8>)> {
    let items = |item: &str, number| spec(&format!("        - {item}\n").repeat(number));
    let (line, whole) = (MIB / SCALE, 4 * MIB / SCALE);
    let bomb = (1..40).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        let inner = vec![format!("*a{}", level - 1); 9].join(",");
        text + &format!("a{level}: &a{level} [{inner}]\n")
    });
    let levels = (0..5_000).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    let keys = (0..MANY).fold(String::new(), |text, key| text + &format!("k{key}: 1\n"));
    let flow = format!("[{}]", "a: b, ".repeat(line / 6));
    let in_one_line = "{a: b}, ".repeat(line / 8);
    let in_one_line = format!("frontend: {{phases: {{build: {{commands: [{in_one_line}]}}}}}}\n");
    let texts = vec![
        ("many commands", items("npm ci", MANY / 2)),
        ("many broken commands", items("echo a: b", MANY / 2)),
        ("many unparsable commands", items("@x", MANY / 2)),
        ("many empty commands", items("", MANY / 2)),
        ("brackets", "[".repeat(100_000)),
        ("closed brackets", "[".repeat(100_000) + &"]".repeat(100_000)),
        ("braces", "{a: ".repeat(100_000)),
        ("dashes", "- ".repeat(100_000)),
        ("question marks", "? ".repeat(100_000)),
        ("levels", levels),
        ("a bomb of aliases", bomb),
        ("an alias of itself", "a: &a [*a]\nb: &b {c: *b}\n".to_owned()),
        ("a long line", items(&"x".repeat(line), 1)),
        ("a long quoted line", items(&format!("\"{}", "\\\"".repeat(line / 2)), 1)),
        ("a long flow list", items(&flow, 1)),
        ("commands in one line", in_one_line),
        ("a long key", "k".repeat(line) + ": 1\n"),
        ("keys", keys),
        ("equal keys", "k: 1\n".repeat(MANY)),
        ("tags", items("!x y", MANY)),
        ("anchors", items("&x y", MANY)),
        ("comments", "# x: [\n".repeat(whole / 7)),
        ("line ends", "\r\n".repeat(whole / 2)),
        ("tabs", "\t".repeat(whole)),
        ("one text", "a: |\n".to_owned() + &"  x: [\n".repeat(whole / 7 - 1)),
        ("byte order marks", "\u{feff}".repeat(whole / 3)),
        ("NUL in a command", spec("        - a\0b\n")),
    ];
    let mut cases: Vec<_> =
        texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    cases.extend([
        ("NUL", vec![0; whole]),
        ("no text", vec![0xff; whole]),
        ("too large", vec![b'#'; 4 * MIB + 1]),
        ("UTF-16", "a: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ]);
    cases
}

#[test]
fn every_file_is_answered_in_bounded_time() {
    let folder = tempfile::tempdir().unwrap();
    let cases: Vec<_> = cases().into_iter().enumerate().collect();
    let slow = parallel::map(&cases, |(number, (name, content))| {
        let path = folder.path().join(format!("{number}.yml"));
        fs::write(&path, content).unwrap();
        let mut slow = Vec::new();
        for options in [&[][..], &["--fix", "--dry-run"]] {
            let started = Instant::now();
            let output = Command::new(env!("CARGO_BIN_EXE_deployfix"))
                .args(["validate", "--quiet", "--format", "json", "--buildspec"])
                .arg(&path)
                .args(options)
                .env_clear()
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let taken = started.elapsed();
            if std::env::var_os("DEPLOYFIX_TIMES").is_some() {
                println!("{taken:?} {name} {options:?}");
            }
            // A stack overflow or a panic has another exit code, which this refuses.
            let linted = Linted::new(&output);
            assert!(!linted.stdout.contains("internal/error"), "{name}: {}", linted.stderr);
            if taken > LONGEST {
                slow.push(format!("{name} {options:?}: {taken:?}"));
            }
        }
        assert_eq!(&fs::read(&path).unwrap(), content);
        slow
    });
    assert!(slow.concat().is_empty(), "{slow:#?}");
}
