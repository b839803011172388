use std::{cell::OnceCell, collections::HashMap};

use nodejs_semver::Version;
use serde_json::Value;

use super::{
    manifest::{Wanted, dependencies, members},
    resolutions::{Dropped, Resolutions},
};
use crate::project::{
    NodeRange,
    lockfile::{
        drift::{Change, ChangeKind, Drift, DriftInput, Verdict},
        yarn_format::{ClassicLockfile, parse_classic},
    },
    read_raw_manifest,
    text::conflict_marker,
};

/// Nothing certain can be said.
const UNDECIDED: Drift = Drift { verdict: Verdict::Undecided, changes: Vec::new() };

/// `yarn install --frozen-lockfile` of yarn 1.22.22, read in its `install.js` and `integrity-checker.js`.
///
/// It refuses when a pattern of the root's manifest is not in the lockfile, and only then: what members of a workspace or
/// locked packages ask for is fetched anew without a word, and what nobody asks for any more stays.
pub(crate) fn drift(input: &DriftInput<'_>) -> Drift {
    decide(input).unwrap_or(UNDECIDED)
}

fn decide(input: &DriftInput<'_>) -> Option<Drift> {
    if input.manager_version.is_some_and(|version| version.major > 1) {
        return None;
    }
    let text = &input.lockfile.text.as_ref().ok()?.content;
    if conflict_marker(text).is_some() {
        return None;
    }
    let lockfile = parse_classic(text).ok()?;
    let manifest = read_raw_manifest(input.root)?;
    if manifest.get("flat") == Some(&Value::Bool(true)) {
        return None;
    }
    let wanted = dependencies(&manifest)?;
    let members = members(input.root, &manifest, &wanted)?;
    let patterns: Vec<String> = wanted.iter().map(|wanted| pattern(wanted, &lockfile)).collect();
    let resolutions = Resolutions::of(&manifest);
    let dropped: OnceCell<Dropped> = OnceCell::new();
    let mut drift = Drift::IN_SYNC;
    for (wanted, pattern) in wanted.iter().zip(&patterns) {
        let dropped =
            || dropped.get_or_init(|| resolutions.dropped(&lockfile, &patterns, &members.asks));
        match state(wanted, pattern, &lockfile, &members.versions, dropped) {
            State::Unknown if drift.verdict == Verdict::InSync => {
                drift.verdict = Verdict::Undecided;
            }
            State::Found | State::Unknown => {}
            State::Missing => {
                drift.verdict = Verdict::OutOfSync;
                drift.changes.push(change(wanted, &lockfile));
            }
        }
    }
    Some(drift)
}

enum State {
    Found,
    Missing,
    Unknown,
}

/// yarn takes the bare name where the lockfile has it.
fn pattern(wanted: &Wanted, lockfile: &ClassicLockfile) -> String {
    if lockfile.get(&wanted.name).is_some() {
        return wanted.name.clone();
    }
    format!("{}@{}", wanted.name, wanted.range)
}

fn state<'a>(
    wanted: &Wanted,
    pattern: &str,
    lockfile: &ClassicLockfile,
    members: &HashMap<String, String>,
    dropped: impl Fn() -> &'a Dropped,
) -> State {
    match members.get(&wanted.name).map(|version| satisfies(version, &wanted.range)) {
        Some(Some(true)) => return State::Found,
        Some(None) => return State::Unknown,
        Some(Some(false)) | None => {}
    }
    let Some(entry) = lockfile.get(pattern) else { return State::Missing };
    if pattern != wanted.name
        && let Some(version) = &entry.version
        && !wanted.range.is_empty()
        && Version::parse(version).is_ok()
        && NodeRange::parse(&wanted.range).is_some()
    {
        // `isLockfileEntryOutdated`: what does not lie in its own range is dropped.
        match satisfies(version, &wanted.range) {
            Some(true) => {}
            Some(false) => return State::Missing,
            None => return State::Unknown,
        }
    }
    let dropped = dropped();
    if dropped.certain.contains(pattern) {
        State::Missing
    } else if dropped.perhaps.contains(pattern) {
        State::Unknown
    } else {
        State::Found
    }
}

/// `semver.satisfies` of a stable version; nothing where a pre-release makes it a question of its own.
fn satisfies(version: &str, range: &str) -> Option<bool> {
    let Some(parsed) = NodeRange::parse(range) else { return Some(false) };
    if version == range.trim() {
        return Some(true);
    }
    let version = Version::parse(version).ok()?;
    let holds = parsed.contains(&version);
    // Without a pre-release in the range none is accepted, whatever the numbers.
    if version.is_prerelease() && holds {
        return if range.contains('-') { None } else { Some(false) };
    }
    Some(holds)
}

fn change(wanted: &Wanted, lockfile: &ClassicLockfile) -> Change {
    let prefix = format!("{}@", wanted.name);
    let mut locked: Vec<&str> = lockfile
        .entries
        .iter()
        .flat_map(|entry| entry.patterns.iter().map(move |pattern| (pattern, entry)))
        .filter_map(|(pattern, entry)| {
            let range = pattern.strip_prefix(&prefix)?;
            if range == wanted.range { entry.version.as_deref() } else { Some(range) }
        })
        .collect();
    locked.dedup();
    Change {
        kind: if locked.is_empty() { ChangeKind::Missing } else { ChangeKind::Changed },
        file: "package.json".to_owned(),
        section: wanted.section.to_owned(),
        name: wanted.name.clone(),
        wanted: Some(wanted.range.clone()),
        locked: (!locked.is_empty()).then(|| locked.join(", ")),
    }
}
