use std::collections::BTreeMap;

use serde_json::Value;

use crate::project::ManagerKind;

/// The command that asks the registry for known vulnerabilities, as JSON.
///
/// yarn 2 and later ask only about direct dependencies unless they are told otherwise.
pub(crate) fn command(manager: ManagerKind) -> &'static [&'static str] {
    match manager {
        ManagerKind::Npm => &["npm", "audit", "--json"],
        ManagerKind::Pnpm => &["pnpm", "audit", "--json"],
        ManagerKind::YarnClassic => &["yarn", "audit", "--json"],
        ManagerKind::YarnBerry => &["yarn", "npm", "audit", "--all", "--recursive", "--json"],
        ManagerKind::Bun => &["bun", "audit", "--json"],
    }
}

/// One package with what is known against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vulnerable {
    /// Its name.
    pub(crate) package: String,
    /// The gravest of its advisories.
    pub(crate) severity: Grade,
    /// What is known, each once.
    pub(crate) advisories: Vec<Known>,
    /// How it came to be installed, `app > parent > package`, where that is told.
    pub(crate) path: Option<String>,
    /// What mends it, as npm says: a package and its version.
    pub(crate) fix: Option<String>,
}

/// One advisory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// What it says.
    pub(crate) title: String,
    /// Where it says it.
    pub(crate) address: String,
    /// The versions that it is about.
    pub(crate) range: String,
}

/// How grave a registry calls an advisory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    /// `info`, or nothing that is known.
    #[default]
    Info,
    /// `low`
    Low,
    /// `moderate`
    Moderate,
    /// `high`
    High,
    /// `critical`
    Critical,
}

impl Grade {
    fn of(value: Option<&Value>) -> Self {
        match value.and_then(Value::as_str) {
            Some("critical") => Self::Critical,
            Some("high") => Self::High,
            Some("moderate") => Self::Moderate,
            Some("low") => Self::Low,
            _ => Self::Info,
        }
    }

    /// As the registry writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Moderate => "moderate",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// The answer is none, for this reason.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoAnswer(pub(crate) String);

/// Reads what an audit wrote: one JSON value of npm, pnpm, bun and yarn 3, one a line of yarn 1 and 4.
pub(crate) fn read(output: &str) -> Result<Vec<Vulnerable>, NoAnswer> {
    let mut found = Found::default();
    let mut answered = false;
    for value in values(output) {
        if let Some(error) = refusal(&value) {
            return Err(NoAnswer(error));
        }
        answered |= found.value(&value);
    }
    if !answered {
        let line = output.lines().map(str::trim).rfind(|line| !line.is_empty());
        return Err(NoAnswer(line.unwrap_or("it said nothing").chars().take(200).collect()));
    }
    let mut found: Vec<_> = found.0.into_values().collect();
    found.sort_by(|one, other| {
        other.severity.cmp(&one.severity).then_with(|| one.package.cmp(&other.package))
    });
    Ok(found)
}

/// The JSON values in an output in which lines of warnings may stand as well.
fn values(output: &str) -> Vec<Value> {
    let mut values = Vec::new();
    let mut rest = output;
    while let Some(start) = rest.find('{') {
        let is_at_line_start = start == 0 || rest.as_bytes()[start - 1] == b'\n';
        let mut stream = serde_json::Deserializer::from_str(&rest[start..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) if is_at_line_start => {
                values.push(value);
                rest = &rest[start + stream.byte_offset()..];
            }
            _ => {
                // Not the begin of a value: what follows in this line is none either.
                let end = rest[start..].find('\n').map_or(rest.len(), |end| start + end + 1);
                rest = &rest[end..];
            }
        }
    }
    values
}

fn text<'a>(value: &'a Value, keys: &[&str]) -> &'a str {
    keys.iter().find_map(|key| value.get(key)?.as_str()).unwrap_or_default()
}

/// What an error says: npm's `message` beside `error`, pnpm's `error`, yarn's lines of the type `error`.
fn refusal(value: &Value) -> Option<String> {
    let error = value.get("error");
    let said = match error {
        Some(error @ Value::Object(_)) => [
            text(error, &["summary"]),
            text(error, &["message"]),
            text(value, &["message"]),
            text(error, &["code"]),
        ]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or("an error without a word"),
        Some(Value::String(error)) => error,
        _ if value.get("type").and_then(Value::as_str) == Some("error") => {
            text(value, &["data", "displayName"])
        }
        _ => return None,
    };
    Some(said.lines().next().unwrap_or_default().chars().take(200).collect())
}

#[derive(Default)]
struct Found(BTreeMap<String, Vulnerable>);

impl Found {
    /// Whether the value is an answer of an audit.
    fn value(&mut self, value: &Value) -> bool {
        if let Some(table) = value.get("vulnerabilities").and_then(Value::as_object) {
            table.values().for_each(|entry| self.of_npm(entry));
            return true;
        }
        if let Some(table) = value.get("advisories").and_then(Value::as_object) {
            table.values().for_each(|advisory| {
                let path = advisory.pointer("/findings/0/paths/0").and_then(Value::as_str);
                self.of_advisory(advisory, path);
            });
            return true;
        }
        match text(value, &["type"]) {
            "auditAdvisory" => {
                let path = value.pointer("/data/resolution/path").and_then(Value::as_str);
                if let Some(advisory) = value.pointer("/data/advisory") {
                    self.of_advisory(advisory, path);
                }
                return true;
            }
            "auditSummary" => return true,
            "" => {}
            _ => return false,
        }
        if let (Some(package), Some(children)) =
            (value.get("value").and_then(Value::as_str), value.get("children"))
        {
            let path = children.pointer("/Dependents/0").and_then(Value::as_str);
            self.add(
                package,
                Grade::of(children.get("Severity")),
                Known {
                    title: text(children, &["Issue"]).to_owned(),
                    address: text(children, &["URL"]).to_owned(),
                    range: text(children, &["Vulnerable Versions"]).to_owned(),
                },
                path,
            );
            return true;
        }
        self.of_bun(value)
    }

    fn add(&mut self, package: &str, severity: Grade, known: Known, path: Option<&str>) {
        let entry = self
            .0
            .entry(package.to_owned())
            .or_insert_with(|| Vulnerable { package: package.to_owned(), ..Vulnerable::default() });
        entry.severity = entry.severity.max(severity);
        if !entry.advisories.contains(&known) {
            entry.advisories.push(known);
        }
        if entry.path.is_none() {
            entry.path = path.map(|path| path.replace('>', " > "));
        }
    }

    /// npm 7 and later: a package, and what it is vulnerable by; names there are packages that it only leads to.
    fn of_npm(&mut self, entry: &Value) {
        let package = text(entry, &["name"]);
        let advisories = entry.get("via").and_then(Value::as_array).into_iter().flatten();
        for advisory in advisories.filter(|via| via.is_object()) {
            let path = entry.pointer("/nodes/0").and_then(Value::as_str);
            self.add(package, Grade::of(advisory.get("severity")), known(advisory), path);
        }
        if let (Some(found), Some(fix)) = (self.0.get_mut(package), entry.get("fixAvailable")) {
            found.fix = match fix {
                Value::Object(_) => {
                    Some(format!("{}@{}", text(fix, &["name"]), text(fix, &["version"])))
                }
                _ => None,
            };
        }
    }

    fn of_advisory(&mut self, advisory: &Value, path: Option<&str>) {
        let package = text(advisory, &["module_name", "name"]);
        self.add(package, Grade::of(advisory.get("severity")), known(advisory), path);
        let patched = text(advisory, &["patched_versions"]);
        if let Some(found) = self.0.get_mut(package)
            && !patched.is_empty()
            && patched != "<0.0.0"
        {
            found.fix = Some(format!("{package} {patched}"));
        }
    }

    /// bun: advisories by package; an empty table is a clean answer.
    fn of_bun(&mut self, value: &Value) -> bool {
        let Some(table) = value.as_object() else { return false };
        let is_answer = table.values().all(|entry| {
            entry
                .as_array()
                .is_some_and(|list| list.iter().all(|one| one.get("severity").is_some()))
        });
        if is_answer {
            for (package, list) in table {
                for advisory in list.as_array().into_iter().flatten() {
                    self.add(package, Grade::of(advisory.get("severity")), known(advisory), None);
                }
            }
        }
        is_answer
    }
}

fn known(advisory: &Value) -> Known {
    Known {
        title: text(advisory, &["title"]).to_owned(),
        address: text(advisory, &["url"]).to_owned(),
        range: text(advisory, &["range", "vulnerable_versions"]).to_owned(),
    }
}
