use std::{collections::BTreeMap, path::Path};

use nodejs_semver::Range;
use regex::Regex;
use serde_json::{Map, Value};

use super::{
    projects::{Project, table},
    rules::Rules,
    specifiers::FIELDS,
};

/// One entry of `overrides`.
#[derive(Debug)]
pub(super) struct Override {
    parent: Option<String>,
    name: String,
    range: Option<String>,
    replacement: String,
}

/// Which override is meant depends on more than is looked at.
struct Unclear;

/// Puts what `$name` refers to in its place; nothing where pnpm would stop, because the root does not want that package.
pub(super) fn replace_references(
    overrides: &mut BTreeMap<String, String>,
    manifest: &Map<String, Value>,
) -> Option<()> {
    for value in overrides.values_mut() {
        if let Some(name) = value.strip_prefix('$') {
            let mut wanted = None;
            for field in FIELDS {
                wanted = wanted.or_else(|| table(manifest, field)?.remove(name));
            }
            *value = wanted.filter(|wanted| !wanted.is_empty())?;
        }
    }
    Some(())
}

/// The package that a selector chooses.
pub(super) fn target(selector: &str) -> Option<String> {
    let selector = BTreeMap::from([(selector.to_owned(), String::new())]);
    parse(&selector)?.pop().map(|entry| entry.name)
}

/// Takes selectors apart; nothing where one is written in a way that pnpm refuses or is not understood.
pub(super) fn parse(overrides: &BTreeMap<String, String>) -> Option<Vec<Override>> {
    let selector =
        Regex::new(r"^(?:(?<parent>(?:@[\w.~-]+/)?[\w.~-]+)>)?(?<name>(?:@[\w.~-]+/)?[\w.~-]+)(?:@(?<range>[^>].*|>.*))?$")
            .ok()?;
    overrides
        .iter()
        .map(|(key, replacement)| {
            let parts = selector.captures(key)?;
            let part = |name| parts.name(name).map(|part| part.as_str().to_owned());
            let range = part("range");
            // `a@1>b` chooses by the version of the parent.
            if range.as_deref().is_some_and(|range| {
                range.char_indices().any(|(at, character)| {
                    character == '>' && at > 0 && !range[..at].ends_with([' ', '|', '@'])
                })
            }) {
                return None;
            }
            Some(Override {
                parent: part("parent"),
                name: part("name")?,
                range,
                replacement: replacement.clone(),
            })
        })
        .collect()
}

/// Changes a project's manifest as pnpm does before it compares; nothing where versions of pnpm differ in what they choose.
pub(super) fn apply(
    project: &mut Project,
    overrides: &[Override],
    root: &Path,
    rules: &Rules,
) -> Option<()> {
    for field in 0..FIELDS.len() {
        for name in project.wanted[field].clone().keys() {
            let range = project.wanted[field][name].clone();
            match chosen(project, overrides, name, &range).ok()? {
                None => {}
                Some(chosen) if removes(chosen, rules)? => {
                    project.wanted[field].remove(name);
                }
                Some(chosen) => {
                    let replacement = replacement(chosen, &project.id, root, rules)?;
                    project.wanted[field].insert(name.clone(), replacement);
                }
            }
        }
    }
    for (name, range) in project.peers.clone() {
        let Some(chosen) = chosen(project, overrides, &name, &range).ok()? else { continue };
        match rules.major() {
            // 8 began to within its major.
            6 | 7 => {}
            8 => return None,
            _ if removes(chosen, rules)? => {
                project.peers.remove(&name);
            }
            major => {
                let replacement = replacement(chosen, &project.id, root, rules)?;
                let is_peer_range = Range::parse(&replacement).is_ok()
                    || ["workspace:", "catalog:"]
                        .iter()
                        .any(|protocol| replacement.contains(protocol));
                if major == 9 || is_peer_range {
                    project.peers.insert(name, replacement);
                } else {
                    project.wanted[1].insert(name, replacement);
                }
            }
        }
    }
    Some(())
}

fn removes(chosen: &Override, rules: &Rules) -> Option<bool> {
    match (chosen.replacement.as_str(), rules.major()) {
        ("-", 10..) => Some(true),
        // 9 began to within its major.
        ("-", 9) => None,
        _ => Some(false),
    }
}

/// The one override that fits; nothing at the outside where it depends on how specific pnpm finds each.
fn chosen<'a>(
    project: &Project,
    overrides: &'a [Override],
    name: &str,
    range: &str,
) -> Result<Option<&'a Override>, Unclear> {
    for with_parent in [true, false] {
        let mut fitting = Vec::new();
        for entry in overrides.iter().filter(|entry| entry.name == name) {
            let is_considered = match &entry.parent {
                Some(parent) => with_parent && Some(parent) == project.name.as_ref(),
                None => !with_parent,
            };
            if is_considered && fits(entry.range.as_deref(), range).ok_or(Unclear)? {
                fitting.push(entry);
            }
        }
        match &fitting[..] {
            [] => {}
            [one] => return Ok(Some(one)),
            _ => return Err(Unclear),
        }
    }
    Ok(None)
}

/// Until 8 the wanted range had to lie within the selector's, then to meet it; decided where both say the same.
fn fits(selector: Option<&str>, range: &str) -> Option<bool> {
    let Some(selector) = selector else { return Some(true) };
    if selector == range {
        return Some(true);
    }
    match (Range::parse(selector), Range::parse(range)) {
        (Ok(selector), Ok(range)) => {
            let (within, meets) = (selector.allows_all(&range), selector.allows_any(&range));
            (within == meets).then_some(meets)
        }
        // A tag or an address is no range for pnpm either; anything else may only be none for this parser.
        (Ok(_), Err(_))
            if !range.starts_with(|first: char| {
                first.is_ascii_digit() || "^~<>=*vx ".contains(first)
            }) =>
        {
            Some(false)
        }
        _ => None,
    }
}

fn replacement(chosen: &Override, id: &str, root: &Path, rules: &Rules) -> Option<String> {
    let replacement = &chosen.replacement;
    let (protocol, path) =
        match (replacement.strip_prefix("link:"), replacement.strip_prefix("file:")) {
            (Some(path), _) => ("link:", path),
            // An absolute path, which no other machine has.
            (_, Some(_)) if rules.major() < 9 => return None,
            (_, Some(path)) => ("file:", path),
            (None, None) => return Some(replacement.clone()),
        };
    if Path::new(path).is_absolute() || path.contains("..") || !root.is_absolute() {
        return None;
    }
    let clean = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !matches!(*part, "" | ".")).map(ToOwned::to_owned).collect()
    };
    let (from, to) = (clean(id), clean(path));
    let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let mut relative = vec!["..".to_owned(); from.len() - common];
    relative.extend_from_slice(&to[common..]);
    Some(format!("{protocol}{}", relative.join("/")))
}
