use serde::{Deserialize, de::IgnoredAny};

use super::{Lockfile, LockfileKind};
use crate::{
    project::{
        manifest::reason_of,
        text::{Text, conflict_marker},
    },
    report::{Finding, FindingId, Location, Severity},
};

/// What the managers would say about the lockfile itself, as seen by running npm 11, pnpm 9 and 10, yarn 1.22 and 4.
pub(crate) fn health(lockfile: &Lockfile, has_dependencies: bool) -> Vec<Finding> {
    let text = match &lockfile.text {
        Ok(text) => text,
        Err(error) => {
            return vec![corrupt(lockfile, error.to_string(), (None, None))];
        }
    };
    let mut findings = Vec::new();
    if let Some((line, column)) = text.invalid_at {
        findings.push(
            corrupt(lockfile, "is not UTF-8", (Some(line), Some(column)))
                .severity(Severity::Warning),
        );
    }
    let problem = match lockfile.kind {
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => npm(lockfile, text),
        LockfileKind::Pnpm => pnpm(lockfile, text),
        LockfileKind::YarnClassic => yarn_classic(lockfile, text, has_dependencies),
        LockfileKind::YarnBerry => yarn_berry(lockfile, text),
        LockfileKind::Bun => bun(lockfile, text),
        LockfileKind::BunBinary => None,
    };
    findings.extend(problem);
    findings
}

fn corrupt(
    lockfile: &Lockfile,
    problem: impl AsRef<str>,
    (line, column): (Option<u64>, Option<u64>),
) -> Finding {
    let manager = lockfile.kind.manager();
    Finding::new(
        FindingId::LockfileCorrupt,
        format!("`{}` {}", lockfile.relative_path, problem.as_ref()),
        format!(
            "{manager} cannot install exactly from it; restore it from the last commit in which it was whole, or write it anew and commit it"
        ),
    )
    .location(Location { column, ..Location::line(&lockfile.relative_path, line) })
    .hint(match manager.program() {
        "npm" => "npm install --package-lock-only".to_owned(),
        "pnpm" => "pnpm install --lockfile-only".to_owned(),
        program => format!("{program} install"),
    })
}

fn empty(lockfile: &Lockfile) -> Finding {
    corrupt(lockfile, "is empty", (None, None))
}

fn markers(lockfile: &Lockfile, line: u64) -> Finding {
    let problem = "holds conflict markers of an unfinished merge";
    corrupt(lockfile, problem, (Some(line), Some(1)))
}

/// A merge that the manager finishes by itself, but nobody has looked at.
fn merged_by_manager(lockfile: &Lockfile, line: u64) -> Finding {
    let mut finding = markers(lockfile, line).severity(Severity::Warning);
    finding.resolution = format!(
        "{} merges them by itself at every install, so the versions are not those of any commit; finish the merge and commit it",
        lockfile.kind.manager()
    );
    finding
}

fn npm(lockfile: &Lockfile, text: &Text) -> Option<Finding> {
    if text.is_blank() {
        return Some(empty(lockfile));
    }
    let Err(error) = json(&text.content) else {
        // npm calls everything else ancient and resolves it anew; only `null` counts as no lockfile.
        return (text.content.trim() == "null").then(|| empty(lockfile));
    };
    if let Some(line) = conflict_marker(&text.content) {
        let mergeable = conflict_sides(&text.content)
            .is_some_and(|sides| sides.iter().all(|side| json(side).is_ok()));
        return Some(if mergeable {
            merged_by_manager(lockfile, line)
        } else {
            markers(lockfile, line)
        });
    }
    let place = (Some(error.line() as u64), Some(error.column().max(1) as u64));
    Some(corrupt(lockfile, format!("is not valid JSON: {}", reason_of(&error)), place))
}

fn json(content: &str) -> Result<IgnoredAny, serde_json::Error> {
    serde_json::from_str(content)
}

/// Both sides of a file with paired conflict markers; nothing where the markers do not pair.
fn conflict_sides(content: &str) -> Option<[String; 2]> {
    #[derive(PartialEq)]
    enum Part {
        Common,
        Ours,
        Parent,
        Theirs,
    }
    let mut sides = [String::new(), String::new()];
    let mut part = Part::Common;
    for line in content.split_inclusive('\n') {
        let next = match line.get(..7) {
            Some("<<<<<<<") if part == Part::Common => Part::Ours,
            Some("|||||||") if part == Part::Ours => Part::Parent,
            Some("=======") if matches!(part, Part::Ours | Part::Parent) => Part::Theirs,
            Some(">>>>>>>") if part == Part::Theirs => Part::Common,
            Some("<<<<<<<" | "|||||||" | "=======" | ">>>>>>>") => return None,
            _ => {
                if matches!(part, Part::Common | Part::Ours) {
                    sides[0].push_str(line);
                }
                if matches!(part, Part::Common | Part::Theirs) {
                    sides[1].push_str(line);
                }
                continue;
            }
        };
        part = next;
    }
    (part == Part::Common).then_some(sides)
}

/// A conflict that pnpm merges by itself where its markers pair.
fn conflict(lockfile: &Lockfile, text: &Text) -> Option<Finding> {
    let line = conflict_marker(&text.content)?;
    Some(match conflict_sides(&text.content) {
        Some(_) => merged_by_manager(lockfile, line),
        None => markers(lockfile, line),
    })
}

/// The newest major version of the format that is known; pnpm 9 and 10 write 9.
const NEWEST_PNPM_FORMAT: u64 = 9;

#[derive(Deserialize)]
struct PnpmHeader {
    #[serde(rename = "lockfileVersion", default)]
    version: Option<serde_yaml::Value>,
}

fn pnpm(lockfile: &Lockfile, text: &Text) -> Option<Finding> {
    if text.is_blank() {
        return Some(empty(lockfile));
    }
    if let Some(finding) = conflict(lockfile, text) {
        return Some(finding);
    }
    // pnpm writes an environment document before its own in some versions, so every document counts.
    let mut version = None;
    for document in serde_yaml::Deserializer::from_str(&text.content) {
        match PnpmHeader::deserialize(document) {
            Ok(header) => version = header.version.or(version),
            Err(error) => return Some(yaml_error(lockfile, &error)),
        }
    }
    let version = match version {
        Some(serde_yaml::Value::String(text)) => Some(text),
        Some(serde_yaml::Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let major = version.as_deref().and_then(|text| text.split('.').next()?.parse::<u64>().ok());
    match (version, major) {
        (_, Some(major)) if major <= NEWEST_PNPM_FORMAT => None,
        (Some(version), Some(_)) => Some(
            corrupt(lockfile, format!("has the unknown format `{version}`"), (None, None))
                .severity(Severity::Warning),
        ),
        _ => Some(corrupt(lockfile, "has no `lockfileVersion`", (None, None))),
    }
}

fn yaml_error(lockfile: &Lockfile, error: &serde_yaml::Error) -> Finding {
    let place = error.location().map(|place| (place.line() as u64, place.column() as u64));
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or_default();
    corrupt(
        lockfile,
        format!("is not valid YAML: {reason}"),
        (place.map(|place| place.0), place.map(|place| place.1)),
    )
}

fn yarn_classic(lockfile: &Lockfile, text: &Text, has_dependencies: bool) -> Option<Finding> {
    if text.is_blank() {
        return has_dependencies.then(|| empty(lockfile));
    }
    if let Some(line) = conflict_marker(&text.content) {
        let mut finding = markers(lockfile, line);
        "`yarn install --frozen-lockfile` refuses what it has to merge; run `yarn install` once and commit the result"
            .clone_into(&mut finding.resolution);
        return Some(finding);
    }
    let version = text.content.lines().find_map(|line| line.strip_prefix("# yarn lockfile v"))?;
    (version.trim().parse::<u64>().ok()? > 1).then(|| {
        corrupt(lockfile, format!("has the unknown format v{}", version.trim()), (None, None))
    })
}

/// The newest format that is known; yarn 4 writes 8, its later releases 9 and 10.
const NEWEST_BERRY_FORMAT: u64 = 10;

#[derive(Deserialize)]
struct BerryHeader {
    #[serde(rename = "__metadata")]
    metadata: Option<BerryMetadata>,
}

#[derive(Deserialize)]
struct BerryMetadata {
    version: Option<serde_yaml::Value>,
}

fn yarn_berry(lockfile: &Lockfile, text: &Text) -> Option<Finding> {
    if text.is_blank() {
        return Some(empty(lockfile));
    }
    if let Some(line) = conflict_marker(&text.content) {
        let mut finding = markers(lockfile, line);
        "`yarn install --immutable` refuses to merge (YN0047); run `yarn install` once and commit the result"
            .clone_into(&mut finding.resolution);
        return Some(finding);
    }
    match serde_yaml::from_str::<BerryHeader>(&text.content) {
        Ok(header) => {
            let version = header.metadata?.version?.as_u64()?;
            (version > NEWEST_BERRY_FORMAT).then(|| {
                corrupt(lockfile, format!("has the unknown format {version}"), (None, None))
                    .severity(Severity::Warning)
            })
        }
        Err(error) => Some(yaml_error(lockfile, &error)),
    }
}

fn bun(lockfile: &Lockfile, text: &Text) -> Option<Finding> {
    // Not seen at work: bun may be more lenient than this.
    if text.is_blank() {
        return Some(empty(lockfile).severity(Severity::Warning));
    }
    conflict_marker(&text.content).map(|line| markers(lockfile, line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text::decode;

    const PAIRED: &str = "{\n<<<<<<< HEAD\n\"a\":1\n=======\n\"a\":2\n>>>>>>> x\n}\n";

    /// Severity and place, as the managers' own exit codes decided them.
    #[test]
    fn verdicts_are_those_of_the_managers() {
        use LockfileKind::{Npm, Pnpm, YarnBerry, YarnClassic};
        for (kind, content, expected) in [
            (Npm, "", Some("error lock")),
            (Npm, " \n", Some("error lock")),
            (Npm, "null", Some("error lock")),
            (Npm, "{\"lockfileVersion\":3", Some("error lock:1:20")),
            (Npm, "{}", None),
            (Npm, "[]", None),
            (Npm, "\u{feff}{\"lockfileVersion\":99}", None),
            (Npm, PAIRED, Some("warning lock:2:1")),
            (Npm, "{\n<<<<<<< HEAD\n\"a\":1\n}\n", Some("error lock:2:1")),
            (Npm, "{\n<<<<<<< HEAD\n\"a\":\n=======\n>>>>>>> x\n}", Some("error lock:2:1")),
            (Pnpm, "", Some("error lock")),
            (Pnpm, "importers:\n  .: {}\n", Some("error lock")),
            (Pnpm, "[]", Some("error lock:1:1")),
            (Pnpm, "lockfileVersion: '9.0\n", Some("error lock:2:1")),
            (Pnpm, "lockfileVersion: '9.0'\nimporters:\n  .: {}\n", None),
            (Pnpm, "lockfileVersion: 5.4\n", None),
            (Pnpm, "lockfileVersion: '99.0'\n", Some("warning lock")),
            (
                Pnpm,
                "lockfileVersion: '9.0'\n<<<<<<< a\n=======\n>>>>>>> b\n",
                Some("warning lock:2:1"),
            ),
            (YarnClassic, "", Some("error lock")),
            (YarnClassic, "# yarn lockfile v1\n", None),
            (YarnClassic, "# yarn lockfile v9\n", Some("error lock")),
            (YarnClassic, "<<<<<<< a\n=======\n>>>>>>> b\n", Some("error lock:1:1")),
            (YarnBerry, "__metadata:\n  version: 8\n", None),
            (YarnBerry, "__metadata:\n  version: 8\n bad: [\n", Some("error lock:3:2")),
            (YarnBerry, "__metadata:\n  version: 99\n", Some("warning lock")),
            (YarnBerry, "<<<<<<< a\n=======\n>>>>>>> b\n", Some("error lock:1:1")),
        ] {
            let lockfile = Lockfile {
                path: "lock".into(),
                kind,
                relative_path: "lock".into(),
                text: Ok(decode(content.as_bytes().to_vec())),
            };
            let found = health(&lockfile, true).into_iter().next().map(|finding| {
                let severity = if finding.is_error() { "error" } else { "warning" };
                format!("{severity} {}", finding.location.unwrap())
            });
            assert_eq!(found.as_deref(), expected, "{kind:?} {content:?}");
        }
    }
}
