//! Whether a manager that completed a lockfile added optional packages and did nothing else.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::project::LockfileKind;

/// The packages that were added, as `name@version`; nothing when anything else differs as well, or cannot be compared.
pub(super) fn additions(kind: LockfileKind, before: &str, after: &str) -> Option<Vec<String>> {
    match kind {
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => npm(before, after),
        LockfileKind::YarnBerry => berry(before, after),
        LockfileKind::Pnpm
        | LockfileKind::YarnClassic
        | LockfileKind::Bun
        | LockfileKind::BunBinary => None,
    }
}

/// Lockfiles from version 2 on; npm rewrites the first one altogether.
fn npm(before: &str, after: &str) -> Option<Vec<String>> {
    let (before, after) = (packages(before)?, packages(after)?);
    let unchanged = before.iter().all(|(key, entry)| after.get(key) == Some(entry));
    let added: Vec<_> = after.iter().filter(|(key, _)| !before.contains_key(*key)).collect();
    let wanted = optional_names(&before);
    (unchanged && added.iter().all(|(key, entry)| is_optional(key, entry, &wanted))).then(|| {
        added
            .iter()
            .map(|(key, entry)| {
                let version = entry.get("version").and_then(Value::as_str).unwrap_or_default();
                format!("{}@{version}", name_of(key))
            })
            .collect()
    })
}

fn packages(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok()? {
        Value::Object(mut lockfile) => match lockfile.remove("packages")? {
            Value::Object(packages) => Some(packages),
            _ => None,
        },
        _ => None,
    }
}

/// What the locked packages, not the project itself, list as optional.
fn optional_names(packages: &Map<String, Value>) -> BTreeSet<String> {
    packages
        .iter()
        .filter(|(key, _)| key.contains("node_modules/"))
        .filter_map(|(_, entry)| entry.get("optionalDependencies")?.as_object())
        .flat_map(Map::keys)
        .cloned()
        .collect()
}

fn is_optional(key: &str, entry: &Value, wanted: &BTreeSet<String>) -> bool {
    entry.get("optional") == Some(&Value::Bool(true))
        && (entry.get("os").is_some() || entry.get("cpu").is_some())
        && wanted.contains(name_of(key))
}

fn name_of(key: &str) -> &str {
    key.rsplit_once("node_modules/").map_or(key, |(_, name)| name)
}

/// The names that `npm ci` calls missing, where the lockfile lacks nothing but optional packages that its own packages list.
///
/// Read in npm 11.19 (lib/utils/validate-lockfile.js): one line for each package of the ideal tree that the lockfile has not;
/// the version is empty where the registry does not have the package either.
pub(super) fn missing_optional(lockfile: &str, log: &str) -> Option<Vec<String>> {
    let packages = packages(lockfile)?;
    let optional = optional_names(&packages);
    let required = required_names(&packages);
    let mut missing = Vec::new();
    for line in log.lines() {
        let Some(text) = line.strip_prefix("npm error ").or_else(|| line.strip_prefix("npm ERR! "))
        else {
            continue;
        };
        if text.starts_with("Invalid: ") {
            return None;
        }
        let Some(package) = text
            .strip_prefix("Missing: ")
            .and_then(|rest| rest.trim_end().strip_suffix(" from lock file"))
        else {
            continue;
        };
        let name = package.rfind('@').filter(|at| *at > 0).map(|at| &package[..at])?;
        if !optional.contains(name) || required.contains(name) {
            return None;
        }
        missing.push(package.trim_end_matches('@').to_owned());
    }
    (!missing.is_empty()).then_some(missing)
}

/// What anything needs without choice, and what the project itself lists.
fn required_names(packages: &Map<String, Value>) -> BTreeSet<String> {
    const ALWAYS: &[&str] = &["dependencies", "peerDependencies"];
    const OF_PROJECT: &[&str] =
        &["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
    packages
        .iter()
        .flat_map(|(key, entry)| {
            let fields = if key.contains("node_modules/") { ALWAYS } else { OF_PROJECT };
            fields.iter().filter_map(|field| entry.get(*field)?.as_object())
        })
        .flat_map(Map::keys)
        .cloned()
        .collect()
}

/// Entries are separated by empty lines; only those with `conditions` belong to one platform.
fn berry(before: &str, after: &str) -> Option<Vec<String>> {
    let (before, after) = (before.replace("\r\n", "\n"), after.replace("\r\n", "\n"));
    let entries = |text: &'_ str| -> BTreeSet<String> {
        text.split("\n\n").map(|entry| entry.trim_matches('\n').to_owned()).collect()
    };
    let (before, after) = (entries(&before), entries(&after));
    let added: Vec<_> = after.difference(&before).collect();
    let of_platform = |entry: &&&String| entry.contains("\n  conditions: ");
    let only_added =
        before.is_subset(&after) && added.iter().filter(of_platform).count() == added.len();
    only_added.then(|| {
        added
            .iter()
            .filter_map(|entry| {
                let resolution = entry.split_once("\n  resolution: \"")?.1;
                Some(resolution.split('"').next()?.replacen("@npm:", "@", 1))
            })
            .collect()
    })
}

/// Whether the difference that yarn prints consists of added packages of single platforms.
///
/// Read in yarn 4.6: with `--immutable` it prints the whole unified diff, changed lines under YN0028.
pub(super) fn berry_adds_platforms_only(log: &str) -> bool {
    let mut entries = 0_usize;
    let mut conditions = 0_usize;
    for line in log.lines() {
        let Some(change) = line.split_once("YN0028: │ ").map(|(_, change)| change) else {
            continue;
        };
        if change.starts_with('-') {
            return false;
        }
        let Some(added) = change.strip_prefix('+') else { continue };
        entries += usize::from(added.starts_with('"'));
        conditions += usize::from(added.starts_with("  conditions: "));
    }
    entries > 0 && entries == conditions
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKFILE: &str = r#"{"lockfileVersion":3,"packages":{
        "":{"name":"app","dependencies":{"native":"1.0.0","leaf":"^1.0.0"}},
        "node_modules/leaf":{"version":"1.0.0"},
        "node_modules/native":{"version":"1.0.0","optionalDependencies":{"native-linux-x64":"1.0.0","leaf":"1"}}}}"#;

    fn with(entry: &str) -> String {
        LOCKFILE.replace("\"node_modules/leaf\"", &format!("{entry},\"node_modules/leaf\""))
    }

    #[test]
    fn only_optional_packages_of_a_platform_may_be_added_to_npms_lockfile() {
        let of = |after: &str| additions(LockfileKind::Npm, LOCKFILE, after);
        let platform =
            r#""node_modules/native-linux-x64":{"version":"1.0.0","optional":true,"os":["linux"]}"#;
        assert_eq!(of(&with(platform)), Some(vec!["native-linux-x64@1.0.0".to_owned()]));
        assert_eq!(of(LOCKFILE), Some(Vec::new()));
        for after in [
            with(&platform.replace("\"optional\":true,", "")),
            with(&platform.replace(",\"os\":[\"linux\"]", "")),
            with(&platform.replace("native-linux-x64", "stranger-linux-x64")),
            LOCKFILE.replace(
                r#""node_modules/leaf":{"version":"1.0.0"}"#,
                r#""node_modules/leaf":{"version":"1.0.1"}"#,
            ),
            LOCKFILE.replace("^1.0.0", "^1.0.1"),
            "{}".to_owned(),
            "[".to_owned(),
        ] {
            assert_eq!(of(&after), None, "{after}");
        }
    }

    #[test]
    fn a_forgotten_install_is_told_from_a_platform() {
        let of = |log: &str| missing_optional(LOCKFILE, log);
        assert_eq!(
            of("npm error Missing: native-linux-x64@1.0.0 from lock file\nnpm error Usage:"),
            Some(vec!["native-linux-x64@1.0.0".to_owned()])
        );
        assert_eq!(
            of("npm ERR! Missing: native-linux-x64@ from lock file"),
            Some(vec!["native-linux-x64".to_owned()])
        );
        for log in [
            "",
            "npm error Missing: leaf@1.0.0 from lock file",
            "npm error Missing: native-linux-x64@ from lock file\nnpm error Missing: zod@4.0.0 from lock file",
            "npm error Missing: native-linux-x64@ from lock file\nnpm error Invalid: lock file's leaf@1.0.0 does not satisfy leaf@2.0.0",
        ] {
            assert_eq!(of(log), None, "{log}");
        }
    }

    #[test]
    fn only_entries_with_conditions_may_be_added_to_yarns_lockfile() {
        let before = "# made by yarn\n\n__metadata:\n  version: 8\n\n\"a@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n";
        let of =
            |entry: &str| additions(LockfileKind::YarnBerry, before, &format!("{before}\n{entry}"));
        let platform = "\"b@npm:1.0.0\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n  conditions: os=linux\n";
        assert_eq!(of(platform), Some(vec!["b@1.0.0".to_owned()]));
        assert_eq!(of(&platform.replace("  conditions: os=linux\n", "")), None);
        let changed = before.replace("version: 1.0.0", "version: 1.0.1");
        assert_eq!(additions(LockfileKind::YarnBerry, before, &changed), None);
    }

    #[test]
    fn the_difference_that_yarn_prints_is_read() {
        let added = "➤ YN0028: │ +\"b@npm:1.0.0\":\n➤ YN0028: │ +  version: 1.0.0\n➤ YN0028: │ +  conditions: os=linux\n➤ YN0028: │ +\n➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.";
        assert!(berry_adds_platforms_only(added));
        assert!(!berry_adds_platforms_only(&added.replace("+  conditions: os=linux", "+  x: y")));
        assert!(!berry_adds_platforms_only(&format!("{added}\n➤ YN0028: │ -\"c@npm:1.0.0\":")));
        assert!(!berry_adds_platforms_only("➤ YN0028: · The lockfile would have been created"));
    }
}
