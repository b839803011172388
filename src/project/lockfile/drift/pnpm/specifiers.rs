use std::collections::{BTreeMap, BTreeSet};

use nodejs_semver::{Range, Version};
use serde_json::Value;

use super::{
    compare::Judgement,
    config::Config,
    lockfile::{Importer, Locked},
    projects::Project,
    rules::Rules,
};
use crate::project::lockfile::drift::{Change, ChangeKind};

/// Kinds of dependencies, the one that wins first.
pub(super) const FIELDS: [&str; 3] = ["optionalDependencies", "dependencies", "devDependencies"];
const DEPENDENCIES: usize = 1;

/// `satisfiesPackageManifest`: a project against its importer.
pub(super) fn compare(
    project: &Project,
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) {
    let nothing = Importer::default();
    // pnpm itself puts an empty importer in the place of one that is not there.
    let importer = locked.importers.get(&project.id).unwrap_or(&nothing);
    let wanted = wanted(project, config);
    let all: BTreeMap<&String, (&str, &String)> = wanted.all(config);
    let specifiers: BTreeMap<&String, &String> = importer
        .specifiers
        .iter()
        .filter(|(_, specifier)| !(config.exclude_links && specifier.starts_with("link:")))
        .collect();

    let before = judgement.len();
    let mut is_unclear = false;
    let mut names: BTreeSet<&String> = all.keys().copied().collect();
    names.extend(specifiers.keys());
    for name in names {
        let (found, specifier) = (all.get(name).copied(), specifiers.get(name).copied());
        if found.map(|(_, wanted)| wanted) == specifier {
            continue;
        }
        let change = Change {
            kind: match (found, specifier) {
                (Some(_), Some(_)) => ChangeKind::Changed,
                (Some(_), None) => ChangeKind::Missing,
                (None, _) => ChangeKind::Removed,
            },
            file: project.file(),
            section: found
                .map_or_else(|| section_of(importer, name), |(section, _)| section)
                .to_owned(),
            name: name.clone(),
            wanted: found.map(|(_, wanted)| wanted.clone()),
            locked: specifier.cloned(),
        };
        if rules.is_modern() && is_special(&change) {
            is_unclear = true;
        } else {
            judgement.add(change);
        }
    }
    if is_unclear {
        judgement.doubt();
    }
    if judgement.len() > before || is_unclear {
        return;
    }
    meta(project, importer, rules, judgement);
    if judgement.len() > before {
        return;
    }
    for field in 0..FIELDS.len() {
        compare_field(project, importer, &wanted, field, (config, rules), judgement);
    }
}

/// What 11 and later may find equal: another spelling of a git address, and an optional package that could not be resolved.
fn is_special(change: &Change) -> bool {
    let is_address =
        |specifier: &Option<String>| specifier.as_ref().is_some_and(|text| text.contains('/'));
    let is_asked_for = change.wanted.is_some();
    (change.section == FIELDS[0] && is_asked_for)
        || (is_address(&change.wanted) && is_address(&change.locked))
}

/// What a project wants after the peers that pnpm installs by itself were added.
struct WantedDependencies {
    fields: [BTreeMap<String, String>; 3],
    /// With the manifest's names of the fields: a peer is one of `dependencies` for pnpm only.
    peers: BTreeMap<String, String>,
}

fn wanted(project: &Project, config: &Config) -> WantedDependencies {
    let mut fields = project.wanted.clone();
    for (name, _) in project.wanted[0]
        .iter()
        .filter(|(name, _)| matches_any(&config.ignored_optional.value, name))
    {
        fields[0].remove(name);
        fields[DEPENDENCIES].remove(name);
    }
    let mut peers = BTreeMap::new();
    if config.auto_install_peers {
        for (name, range) in &project.peers {
            if !fields.iter().any(|field| field.contains_key(name)) {
                fields[DEPENDENCIES].insert(name.clone(), range.clone());
                peers.insert(name.clone(), range.clone());
            }
        }
    }
    WantedDependencies { fields, peers }
}

impl WantedDependencies {
    fn all(&self, config: &Config) -> BTreeMap<&String, (&str, &String)> {
        let mut all = BTreeMap::new();
        for (field, wanted) in FIELDS.iter().zip(&self.fields).rev() {
            for (name, range) in wanted {
                if !(config.exclude_links && range.starts_with("link:")) {
                    let section =
                        if self.peers.contains_key(name) { "peerDependencies" } else { field };
                    all.insert(name, (section, range));
                }
            }
        }
        all
    }

    /// JavaScript takes an empty range for none.
    fn has(&self, field: usize, name: &str) -> bool {
        self.fields[field].get(name).is_some_and(|range| !range.is_empty())
    }
}

fn section_of<'a>(importer: &Importer, name: &str) -> &'a str {
    FIELDS
        .iter()
        .zip(&importer.resolved)
        .find(|(_, resolved)| resolved.contains_key(name))
        .map_or(FIELDS[DEPENDENCIES], |(field, _)| field)
}

/// `publishConfig.directory` and `dependenciesMeta`.
fn meta(project: &Project, importer: &Importer, rules: &Rules, judgement: &mut Judgement) {
    let change = |section: &str, name: &str, wanted: &Value, locked: &Value| {
        let shown = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        Change {
            kind: ChangeKind::Setting,
            file: project.file(),
            section: section.to_owned(),
            name: name.to_owned(),
            wanted: shown(wanted),
            locked: shown(locked),
        }
    };
    let directory = project.publish_config.get("directory").unwrap_or(&Value::Null);
    if rules.at_least(7, 0) && *directory != importer.publish_directory {
        judgement.add(change("publishConfig", "directory", directory, &importer.publish_directory));
    }
    let nothing = Value::Object(serde_json::Map::new());
    let or_nothing = |value: &Value| if value.is_null() { nothing.clone() } else { value.clone() };
    let (wanted, locked) =
        (or_nothing(&project.dependencies_meta), or_nothing(&importer.dependencies_meta));
    if wanted != locked {
        let names: BTreeSet<&String> = [&wanted, &locked]
            .into_iter()
            .filter_map(Value::as_object)
            .flat_map(serde_json::Map::keys)
            .collect();
        for name in names {
            let (wanted, locked) = (wanted.get(name), locked.get(name));
            if wanted != locked {
                let null = Value::Null;
                judgement.add(change(
                    "dependenciesMeta",
                    name,
                    wanted.unwrap_or(&null),
                    locked.unwrap_or(&null),
                ));
            }
        }
    }
}

/// One kind of dependencies: as many as the lockfile has, each there, and each version within its range.
fn compare_field(
    project: &Project,
    importer: &Importer,
    wanted: &WantedDependencies,
    field: usize,
    (config, rules): (&Config, &Rules),
    judgement: &mut Judgement,
) {
    let resolved = &importer.resolved[field];
    let is_elsewhere = |name: &str, range: &str| {
        (config.exclude_links && range.starts_with("link:"))
            || (field > 0 && wanted.has(0, name))
            || (field == 2 && wanted.has(DEPENDENCIES, name))
    };
    let names: Vec<_> =
        wanted.fields[field].iter().filter(|(name, range)| !is_elsewhere(name, range)).collect();
    let change = |name: &str, wanted: Option<&str>, locked: Option<&str>| Change {
        kind: if wanted.is_some() { ChangeKind::Changed } else { ChangeKind::Removed },
        file: project.file(),
        section: FIELDS[field].to_owned(),
        name: name.to_owned(),
        wanted: wanted.map(ToOwned::to_owned),
        locked: locked.map(ToOwned::to_owned),
    };
    let before = judgement.len();
    for (name, range) in &names {
        if resolved.get(*name).is_none_or(String::is_empty)
            || importer.specifiers.get(*name) != Some(*range)
        {
            judgement.add(change(
                name,
                Some(range),
                Some(&format!("in {}", section_of(importer, name))),
            ));
        }
    }
    if judgement.len() > before {
        return;
    }
    let local = |version: &&String| !version.contains("link:") && !version.contains("file:");
    let (whole, registry) = (resolved.len(), resolved.values().filter(local).count());
    if names.len() != whole && names.len() != registry {
        for name in resolved.keys().filter(|name| !names.iter().any(|(wanted, _)| wanted == name)) {
            judgement.add(change(name, None, Some(&format!("in {}", FIELDS[field]))));
        }
    }
    // Before this was checked, a version outside its range was installed.
    if !rules.at_least(10, 15) {
        return;
    }
    for (name, range) in names {
        let version = resolved[name].split('(').next().unwrap_or_default();
        let (Ok(parsed), Ok(version)) = (Range::parse(range), Version::parse(version)) else {
            continue;
        };
        let is_any = matches!(range.trim(), "" | "*" | "x");
        if !(parsed.satisfies(&version) || rules.is_modern() && is_any) {
            // It came between 10.14 and 10.16.
            if rules.at_least(10, 17) {
                judgement.add(change(name, Some(range), Some(&version.to_string())));
            } else {
                judgement.doubt();
            }
        }
    }
}

/// `createMatcher` of pnpm for lists without `!`.
fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| {
        let mut parts = pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        let parts: Vec<_> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    })
}
