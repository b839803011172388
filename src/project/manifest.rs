use std::{collections::BTreeMap, path::Path};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::text::{Text, TextError, conflict_marker, read_text};
use crate::report::{Evidence, Finding, FindingId, Location, Severity};

/// The manifest's name.
pub(crate) const FILE: &str = "package.json";
/// Bytes above which a file is no manifest; the largest published ones have some 100 KB.
const MAXIMUM_SIZE: u64 = 10 * 1024 * 1024;

/// Dependencies of one kind: package to range.
pub(crate) type Dependencies = BTreeMap<String, String>;

/// package.json as npm reads it: a field of the wrong type counts as absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifest {
    /// `name`.
    pub(crate) name: Option<String>,
    /// `scripts`.
    pub(crate) scripts: BTreeMap<String, String>,
    /// `dependencies`.
    pub(crate) dependencies: Dependencies,
    /// `devDependencies`.
    pub(crate) dev_dependencies: Dependencies,
    /// `optionalDependencies`.
    pub(crate) optional_dependencies: Dependencies,
    /// `peerDependencies`.
    pub(crate) peer_dependencies: Dependencies,
    /// `engines.node`.
    pub(crate) engines_node: Option<String>,
    /// `volta.node`.
    pub(crate) volta_node: Option<String>,
    /// `packageManager`, unparsed.
    pub(crate) package_manager: Option<String>,
    /// The patterns of `workspaces`; nothing when the key is absent.
    pub(crate) workspaces: Option<Vec<String>>,
    /// Everything, in the file's order.
    pub(crate) raw: Map<String, Value>,
}

/// What reading a manifest gave.
#[derive(Debug, Clone, Default)]
pub(crate) struct ManifestRead {
    /// The manifest, where the tools would read one.
    pub(crate) manifest: Option<Manifest>,
    /// What is wrong with the file.
    pub(crate) findings: Vec<Finding>,
}

impl Manifest {
    /// The range of a package among all kinds of dependencies but peers.
    pub(crate) fn range_of(&self, package: &str) -> Option<&str> {
        [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies]
            .into_iter()
            .find_map(|kind| kind.get(package))
            .map(String::as_str)
    }

    /// Whether anything at all is to be installed.
    pub(crate) fn has_dependencies(&self) -> bool {
        [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies]
            .into_iter()
            .any(|kind| !kind.is_empty())
    }

    fn from_raw(raw: Map<String, Value>) -> Self {
        let table = |key: &str| -> BTreeMap<String, String> {
            raw.get(key)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect()
        };
        let text = |key: &str| raw.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let nested =
            |key: &str, field: &str| raw.get(key)?.get(field)?.as_str().map(ToOwned::to_owned);
        Self {
            name: text("name"),
            scripts: table("scripts"),
            dependencies: table("dependencies"),
            dev_dependencies: table("devDependencies"),
            optional_dependencies: table("optionalDependencies"),
            peer_dependencies: table("peerDependencies"),
            engines_node: nested("engines", "node"),
            volta_node: nested("volta", "node"),
            package_manager: text("packageManager"),
            workspaces: raw.get("workspaces").and_then(workspace_patterns),
            raw,
        }
    }
}

/// `workspaces` is a list, or for yarn an object with `packages`.
fn workspace_patterns(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array().or_else(|| value.get("packages")?.as_array())?;
    Some(list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
}

/// Reads the manifest of a folder.
pub(crate) fn read(folder: &Path) -> ManifestRead {
    match read_text(&folder.join(FILE), MAXIMUM_SIZE) {
        Ok(text) => parse(&text),
        Err(error) => ManifestRead { manifest: None, findings: vec![unreadable(&error)] },
    }
}

fn invalid(message: impl Into<String>, resolution: impl Into<String>) -> Finding {
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
            Some(Manifest::from_raw(raw))
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
    let (line, column) = (error.line() as u64, error.column().max(1) as u64);
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

/// A line of a project file as evidence, cut to a readable length.
fn line_evidence(content: &str, line: u64) -> Evidence {
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let text: String =
        content.lines().nth(index).unwrap_or_default().trim().chars().take(160).collect();
    Evidence::at(FILE, line, text)
}

/// What a field must be, and what npm does where it is not.
struct Shape {
    field: &'static str,
    expected: &'static str,
    fits: fn(&Value) -> bool,
    severity: Severity,
    consequence: &'static str,
}

fn is_table_of_strings(value: &Value) -> bool {
    value.as_object().is_some_and(|table| table.values().all(Value::is_string))
}

fn is_dependency_table(value: &Value) -> bool {
    // npm takes an empty list as an empty table.
    value.as_array().is_some_and(Vec::is_empty) || is_table_of_strings(value)
}

const fn dependency_shape(field: &'static str) -> Shape {
    Shape {
        field,
        expected: "an object of package names and ranges, all of them strings",
        fits: is_dependency_table,
        severity: Severity::Error,
        consequence: "the install fails, because what stands there is taken for names of packages",
    }
}

const fn ignored_shape(
    field: &'static str,
    expected: &'static str,
    fits: fn(&Value) -> bool,
) -> Shape {
    Shape {
        field,
        expected,
        fits,
        severity: Severity::Warning,
        consequence: "npm ignores it as it is",
    }
}

/// Seen by running npm 11 over each wrong type; `null` counts as absent.
const SHAPES: &[Shape] = &[
    ignored_shape("name", "a string", Value::is_string),
    ignored_shape("scripts", "an object of names and shell commands", is_table_of_strings),
    dependency_shape("dependencies"),
    dependency_shape("devDependencies"),
    dependency_shape("optionalDependencies"),
    ignored_shape("peerDependencies", "an object of package names and ranges", is_table_of_strings),
    ignored_shape("engines", "an object such as `{ \"node\": \">=20\" }`", Value::is_object),
    ignored_shape("packageManager", "a string such as `pnpm@10.4.1`", Value::is_string),
    Shape {
        field: "workspaces",
        expected: "a list of patterns",
        fits: |value| workspace_patterns(value).is_some() || value.is_object(),
        severity: Severity::Error,
        consequence: "the install fails before anything is fetched",
    },
];

fn wrong_types(content: &str, raw: &Map<String, Value>) -> Vec<Finding> {
    SHAPES
        .iter()
        .filter(|shape| {
            raw.get(shape.field).is_some_and(|value| !value.is_null() && !(shape.fits)(value))
        })
        .map(|shape| {
            let (line, column) = place_of(content, shape.field);
            invalid(
                format!("`{}` in `package.json` must be {}", shape.field, shape.expected),
                format!("{}; write {}", shape.consequence, shape.expected),
            )
            .severity(shape.severity)
            .location(Location::at(FILE, line, column))
        })
        .collect()
}

/// Line and column of the last top-level key of a name: a deserializer that refuses its value is told where it stands.
fn place_of(content: &str, field: &str) -> (u64, u64) {
    let mut line = 1;
    for skip in 0.. {
        let mut deserializer = serde_json::Deserializer::from_str(content);
        match deserializer.deserialize_map(Refuse { field, skip }) {
            Err(error) if error.line() > 0 => line = error.line(),
            _ => break,
        }
    }
    let text = content.lines().nth(line - 1).unwrap_or_default();
    let before = text.find(&format!("\"{field}\"")).and_then(|start| text.get(..start));
    (line as u64, before.map_or(0, |before| before.chars().count() as u64) + 1)
}

/// Refuses the value of a key after `skip` earlier ones of the same name.
struct Refuse<'a> {
    field: &'a str,
    skip: usize,
}

impl<'de> Visitor<'de> for Refuse<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<(), A::Error> {
        while let Some(key) = access.next_key::<String>()? {
            if key == self.field && self.skip == 0 {
                return access.next_value_seed(RefuseValue);
            }
            if key == self.field {
                self.skip -= 1;
            }
            access.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

struct RefuseValue;

impl<'de> DeserializeSeed<'de> for RefuseValue {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom("refused"))
    }
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
