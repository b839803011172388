//! What the binary said.

use std::process::Output;

use regex::Regex;
use serde_json::Value;

/// What differs from run to run, and what stands in its place.
const VOLATILE: &[(&str, &str)] = &[
    // `failed validate in 3 ms, 1 error`
    (r"(?m)\bin \d+(\.\d+)? m?s\b", "in [time]"),
];

pub struct Linted {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Linted {
    pub fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let linted = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!([0, 1, 2].contains(&linted.code), "exit code {}\n{}", linted.code, linted.all());
        linted
    }

    /// The text without what differs from run to run.
    pub fn stable_stdout(&self) -> String {
        VOLATILE.iter().fold(self.stdout.clone(), |text, (pattern, replacement)| {
            Regex::new(pattern).unwrap().replace_all(&text, *replacement).into_owned()
        })
    }

    /// The findings, after `--format json`.
    pub fn findings(&self) -> Vec<Value> {
        let report: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.all()));
        report["phases"][0]["findings"].as_array().unwrap().clone()
    }

    pub fn all(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}
