//! `$NAME` in `.env` files as `@next/env` expands it: its own variant of dotenv-expand.

use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use super::dotenv::Entry;

/// `{?(\w+)(?::-([^}\\]*))?}?` behind the dollar.
#[expect(clippy::expect_used, reason = "a constant pattern that every test compiles")]
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\$\{?([A-Za-z0-9_]+)(?::-([^}\\]*))?\}?").expect("a valid pattern")
});

/// Replacements in one value before it counts as endless. JavaScript ends where its stack does.
const MAXIMUM_STEPS: usize = 2_000;
/// Bytes of one value before it counts as endless.
const MAXIMUM_LENGTH: usize = 1_000_000;

/// A value refers to itself; Next.js then ignores the whole file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless {
    pub(super) name: String,
}

/// What a file's variables become.
#[derive(Default)]
pub(super) struct Expanded {
    /// In the order of first appearance.
    pub(super) values: Vec<(String, String)>,
    /// Names whose value refers to a variable that is not set and has no default.
    pub(super) unset: Vec<String>,
}

/// Expands the entries of one file. A variable of the process takes the place of the file's
/// value *and is expanded itself*: Next.js changes `pa$word` in the environment to `pa` when any
/// `.env` file names that variable.
pub(super) fn expand(
    entries: &[Entry],
    process: &BTreeMap<String, String>,
) -> Result<Expanded, Endless> {
    let mut order: Vec<&str> = Vec::new();
    let mut parsed: BTreeMap<&str, String> = BTreeMap::new();
    for entry in entries {
        if parsed.insert(&entry.name, entry.value.clone()).is_none() {
            order.push(&entry.name);
        }
    }
    let mut expanded = Expanded::default();
    for &name in &order {
        let own = parsed.get(name).cloned().unwrap_or_default();
        let in_process = process.get(name);
        let mut unset = false;
        let value = interpolate(in_process.unwrap_or(&own), process, &parsed, &mut unset)
            .ok_or_else(|| Endless { name: name.to_owned() })?
            .replace("\\$", "$");
        if unset && in_process.is_none() {
            expanded.unset.push(name.to_owned());
        }
        parsed.insert(name, value);
    }
    for name in order {
        let value = parsed.remove(name).unwrap_or_default();
        expanded.values.push((name.to_owned(), value));
    }
    Ok(expanded)
}

fn interpolate(
    value: &str,
    process: &BTreeMap<String, String>,
    parsed: &BTreeMap<&str, String>,
    unset: &mut bool,
) -> Option<String> {
    let mut value = value.to_owned();
    for _ in 0..MAXIMUM_STEPS {
        let Some(captures) = last_dollar(&value)
            .and_then(|start| REFERENCE.captures(value.get(start..).unwrap_or_default()))
        else {
            return Some(value);
        };
        let group = |index| captures.get(index).map_or("", |group| group.as_str());
        let (reference, name, default) = (group(0), group(1), group(2));
        let known = [process.get(name), Some(&default.to_owned()), parsed.get(name)]
            .into_iter()
            .flatten()
            .find(|candidate| !candidate.is_empty())
            .cloned();
        *unset |= known.is_none()
            && !process.contains_key(name)
            && !parsed.contains_key(name)
            && captures.get(2).is_none();
        // The first such text is replaced, which need not be the one that was found.
        let found = value.find(reference)?;
        let (before, rest) = value.split_at(found);
        let after = rest.get(reference.len()..)?;
        let replacement = substitute(&known.unwrap_or_default(), before, reference, after);
        let next = format!("{before}{replacement}{after}");
        if next == value || next.len() > MAXIMUM_LENGTH {
            return None;
        }
        value = next;
    }
    None
}

/// The last `$` that no backslash precedes.
fn last_dollar(value: &str) -> Option<usize> {
    value
        .rmatch_indices('$')
        .map(|(index, _)| index)
        .find(|&index| !value.get(..index).is_some_and(|before| before.ends_with('\\')))
}

/// JavaScript's patterns in the replacement of `String.replace`.
fn substitute(replacement: &str, before: &str, matched: &str, after: &str) -> String {
    let mut result = String::with_capacity(replacement.len());
    let mut rest = replacement;
    while let Some(index) = rest.find('$') {
        let (plain, from) = rest.split_at(index);
        result.push_str(plain);
        let special = match from.as_bytes().get(1) {
            Some(b'$') => Some("$"),
            Some(b'&') => Some(matched),
            Some(b'`') => Some(before),
            Some(b'\'') => Some(after),
            _ => None,
        };
        result.push_str(special.unwrap_or("$"));
        rest = from.get(if special.is_some() { 2 } else { 1 }..).unwrap_or_default();
    }
    result.push_str(rest);
    result
}

/// What Next.js makes of a variable of the process that a `.env` file names as well.
pub(super) fn expand_in_process(
    name: &str,
    value: &str,
    process: &BTreeMap<String, String>,
) -> Option<String> {
    let mut process = process.clone();
    process.insert(name.to_owned(), value.to_owned());
    let entry = Entry { name: name.to_owned(), value: String::new(), line: 1 };
    expand(&[entry], &process).ok()?.values.pop().map(|(_, value)| value)
}
