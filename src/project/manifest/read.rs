use std::path::Path;

use serde_json::{Map, Value};

use super::{model::Manifest, shape::wrong_types};
use crate::{
    project::text::{Text, TextError, conflict_marker, read_text},
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// The manifest's name.
pub(crate) const FILE: &str = "package.json";
/// Bytes above which a file is no manifest; the largest published ones have some 100 KB.
const MAXIMUM_SIZE: u64 = 10 * 1024 * 1024;

/// What reading a manifest gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct ManifestRead {
    /// The manifest, where the tools would read one.
    pub(crate) manifest: Option<Manifest>,
    /// What is wrong with the file.
    pub(crate) findings: Vec<Finding>,
}

/// Reads the manifest of a folder.
pub(crate) fn read(folder: &Path) -> ManifestRead {
    match read_text(&folder.join(FILE), MAXIMUM_SIZE) {
        Ok(text) => parse(&text),
        Err(error) => ManifestRead { manifest: None, findings: vec![unreadable(&error)] },
    }
}

/// Everything that the manifest of a folder says, in its order; nothing where the managers would not read it either.
pub(crate) fn read_raw(folder: &Path) -> Option<Map<String, Value>> {
    parse_object(&read_text(&folder.join(FILE), MAXIMUM_SIZE).ok()?).ok()
}

pub(super) fn invalid(message: impl Into<String>, resolution: impl Into<String>) -> Finding {
    Finding::new(FindingId::ManifestInvalid, message, resolution).location(Location::file(FILE))
}

fn unreadable(error: &TextError) -> Finding {
    match error {
        TextError::Missing => invalid(
            "there is no `package.json` in the app root",
            "every tool of the deployment starts from it; run deployfix in the folder of the app, or name that folder",
        )
        .hint("in a monorepo set `AMPLIFY_MONOREPO_APP_ROOT` and `applications[].appRoot` to the app's folder"),
        TextError::NotAFile | TextError::TooLarge { .. } | TextError::Unreadable(_) => invalid(
            format!("`package.json` {error}"),
            "no package manager can read it; commit a regular, readable JSON file in its place",
        ),
    }
}

/// Parses a manifest's text.
pub(crate) fn parse(text: &Text) -> ManifestRead {
    let mut findings = Vec::new();
    if let Some((line, column)) = text.invalid_at {
        findings.push(
            invalid(
                "`package.json` is not UTF-8",
                "tools replace the bytes that they cannot read, so names and values may differ from what was meant; save the file as UTF-8",
            )
            .severity(Severity::Warning)
            .location(Location::at(FILE, line, column)),
        );
    }
    let manifest = match parse_object(text) {
        Ok(raw) => {
            findings.extend(wrong_types(&text.content, &raw));
            Some(Manifest::from_raw(&raw))
        }
        Err(finding) => {
            findings.push(*finding);
            None
        }
    };
    ManifestRead { manifest, findings }
}

fn parse_object(text: &Text) -> Result<Map<String, Value>, Box<Finding>> {
    if text.is_blank() {
        return Err(Box::new(invalid(
            "`package.json` is empty",
            "npm stops with EJSONPARSE; restore the file from the last commit in which it was whole",
        )));
    }
    let error = match serde_json::from_str::<Value>(&text.content) {
        Ok(Value::Object(raw)) => return Ok(raw),
        Ok(_) => {
            return Err(Box::new(invalid(
                "`package.json` does not hold a JSON object",
                "a manifest is an object with `name`, `scripts` and `dependencies`; put its content between `{` and `}`",
            )
            .location(Location::at(FILE, 1, 1))));
        }
        Err(error) => error,
    };
    if let Some(line) = conflict_marker(&text.content) {
        return Err(Box::new(
            invalid(
                "`package.json` holds conflict markers of an unfinished merge",
                "npm stops with EJSONPARSE; choose one side, delete the marker lines, and commit",
            )
            .location(Location::at(FILE, line, 1))
            .evidence(line_evidence(&text.content, line)),
        ));
    }
    let line = error.line() as u64;
    // The parser counts bytes.
    let before = line_of(&text.content, line).as_bytes().get(..error.column().saturating_sub(1));
    let column = String::from_utf8_lossy(before.unwrap_or_default()).chars().count() as u64 + 1;
    let reason = reason_of(&error);
    let finding = invalid(
        format!("`package.json` is not valid JSON: {reason}"),
        "npm stops with EJSONPARSE before anything is installed; correct the JSON at this place (no comments, no trailing commas)",
    )
    .location(Location::at(FILE, line, column))
    .evidence(line_evidence(&text.content, line));
    // JavaScript's JSON accepts these, so the deployment would go on.
    let accepted = ["recursion limit", "number out of range", "surrogate", "hex escape"];
    let uncertain = accepted.iter().any(|part| reason.contains(part));
    Err(Box::new(if uncertain { finding.severity(Severity::Warning) } else { finding }))
}

/// `serde_json`'s message without its position.
pub(crate) fn reason_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// A line of a project file as evidence: the whole line, but only the beginning of one that no person wrote.
fn line_evidence(content: &str, line: u64) -> Evidence {
    const LONGEST: usize = 10_000;
    const BEGINNING: usize = 160;
    let text = line_of(content, line).trim_end();
    if text.len() <= LONGEST {
        return Evidence::at(FILE, line, text);
    }
    Evidence::at(FILE, line, text.chars().take(BEGINNING).collect::<String>())
}

fn line_of(content: &str, line: u64) -> &str {
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    content.lines().nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text::decode;

    fn read(bytes: &[u8]) -> (Option<Manifest>, Vec<(Severity, String, String)>) {
        let read = parse(&decode(bytes.to_vec()));
        let findings = read.findings.into_iter().map(|finding| {
            let place = finding.location.map(|place| place.to_string()).unwrap_or_default();
            (finding.severity, place, finding.message)
        });
        (read.manifest, findings.collect())
    }

    #[test]
    fn what_npm_refuses_is_an_error_with_its_place() {
        for (bytes, place) in [
            (&b""[..], "package.json"),
            (b" \n\t", "package.json"),
            (b"[]", "package.json:1:1"),
            (b"{\n  \"name\": \"a\",\n}", "package.json:3:1"),
            (b"{\n<<<<<<< HEAD\n}\n=======\n>>>>>>> x\n", "package.json:2:1"),
            (b"{\n  \"name\": \"a\",\n  \"dependencies\": \"x\"\n}", "package.json:3:3"),
            (b"{ \"devDependencies\": { \"x\": 5 } }", "package.json:1:3"),
            (b"{\r\n\"workspaces\": \"x\"}", "package.json:2:1"),
            (b"\xff\xfe{\0}\0", "package.json:1:1"),
        ] {
            let (_, findings) = read(bytes);
            let error = findings.iter().find(|finding| finding.0 == Severity::Error);
            assert_eq!(error.map(|error| error.1.as_str()), Some(place), "{findings:?}");
        }
    }

    #[test]
    fn what_npm_accepts_is_no_error() {
        for bytes in [
            &b"\xef\xbb\xbf{\"name\":\"a\"}"[..],
            b"{\"name\":5,\"scripts\":[],\"engines\":\"x\"}",
            b"{\"author\":\"Andr\xe9\"}",
            b"{\"dependencies\":null,\"devDependencies\":[]}",
            b"{\"workspaces\":{\"nohoist\":[]}}",
            b"{\"description\":\"\\ud800\",\"x\":1e999}",
            b"{\"name\":\"a\",\"name\":\"b\"}",
        ] {
            let (_, findings) = read(bytes);
            assert!(findings.iter().all(|finding| finding.0 != Severity::Error), "{findings:?}");
        }
        let (manifest, _) = read(b"{\"scripts\":{\"build\":\"next build\",\"x\":5}}");
        assert_eq!(manifest.unwrap().scripts["build"], "next build");
    }
}
