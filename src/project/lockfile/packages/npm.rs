use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{
    LockedPackage, Source,
    lines::{Lines, split_name},
};

/// Levels of nested `dependencies` that are read; npm itself makes some ten.
const DEEPEST: usize = 64;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    packages: Option<Entries>,
    #[serde(default)]
    dependencies: Option<Entries>,
}

/// A mapping in the order of the file.
#[derive(Default)]
struct Entries(Vec<(String, Entry)>);

/// One package; a field of another type counts as absent.
#[derive(Default)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    link: Option<bool>,
    dev: Option<bool>,
    optional: Option<bool>,
    dev_optional: Option<bool>,
    has_install_script: Option<bool>,
    in_bundle: Option<bool>,
    dependencies: Option<Entries>,
}

/// Reads both forms: `packages` of lockfile version 2 and 3, nested `dependencies` of version 1.
pub(super) fn packages(content: &str) -> Vec<LockedPackage> {
    let Ok(file) = serde_json::from_str::<File>(content) else { return Vec::new() };
    let mut lines = Lines::new(content);
    let mut packages = Vec::new();
    match (file.packages, file.dependencies) {
        (Some(entries), _) => {
            lines.next("\"packages\"");
            for (key, entry) in entries.0 {
                let line = lines.next(&format!("\"{key}\":"));
                packages.extend(flat(key, entry, line));
            }
        }
        (None, Some(entries)) => {
            lines.next("\"dependencies\"");
            nested(entries, "", 0, &mut lines, &mut packages);
        }
        (None, None) => {}
    }
    packages
}

fn flat(key: String, entry: Entry, line: Option<u64>) -> Option<LockedPackage> {
    if key.is_empty() {
        return None;
    }
    let installed = key.rsplit_once("node_modules/").map(|(_, name)| name.to_owned());
    // A folder of a workspace is installed by the link to it.
    let name = installed.clone().or_else(|| entry.name.clone())?;
    let is_local = installed.is_none() || entry.link == Some(true);
    let source = match &entry.resolved {
        _ if installed.is_none() => Source::Local(key.clone()),
        Some(path) if is_local => Source::Local(path.clone()),
        Some(address) => Source::of(address),
        None => Source::Registry,
    };
    let both = entry.dev_optional == Some(true);
    Some(LockedPackage {
        published_name: entry.name.filter(|published| *published != name),
        version: entry.version,
        source,
        integrity: entry.integrity,
        has_install_script: Some(entry.has_install_script == Some(true)),
        development: Some(entry.dev == Some(true) || both),
        optional: Some(entry.optional == Some(true) || both),
        bundled: entry.in_bundle == Some(true),
        name,
        key,
        line,
    })
}

fn nested(
    entries: Entries,
    parent: &str,
    depth: usize,
    lines: &mut Lines<'_>,
    packages: &mut Vec<LockedPackage>,
) {
    if depth > DEEPEST {
        return;
    }
    for (name, entry) in entries.0 {
        let line = lines.next(&format!("\"{name}\":"));
        let key = format!("{parent}node_modules/{name}");
        let written = entry.version.unwrap_or_default();
        let alias = written.strip_prefix("npm:").and_then(split_name);
        // Where it is no version, `version` says where the package comes from.
        let is_version = written.bytes().next().is_some_and(|byte| byte.is_ascii_digit());
        let (published_name, version, source) = match alias {
            Some((published, version)) => (
                Some(published.to_owned()),
                Some(version.to_owned()),
                entry.resolved.as_deref().map_or(Source::Registry, Source::of),
            ),
            None if is_version => (
                None,
                Some(written),
                entry.resolved.as_deref().map_or(Source::Registry, Source::of),
            ),
            None => (None, None, Source::of(&written)),
        };
        packages.push(LockedPackage {
            published_name,
            version,
            source,
            integrity: entry.integrity,
            has_install_script: None,
            development: Some(entry.dev == Some(true)),
            optional: Some(entry.optional == Some(true)),
            bundled: entry.in_bundle == Some(true),
            name,
            key: key.clone(),
            line,
        });
        if let Some(inner) = entry.dependencies {
            nested(inner, &format!("{key}/"), depth + 1, lines, packages);
        }
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("packages by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key()? {
                    entries.push((key, map.next_value()?));
                }
                Ok(Entries(entries))
            }

            fn visit_unit<E>(self) -> Result<Entries, E> {
                Ok(Entries::default())
            }
        }
        deserializer.deserialize_any(InOrder)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Entry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a package")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut entry = Entry::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match key.as_ref() {
                        "name" => entry.name = text(&mut map)?,
                        "version" => entry.version = text(&mut map)?,
                        "resolved" => entry.resolved = text(&mut map)?,
                        "integrity" => entry.integrity = text(&mut map)?,
                        "link" => entry.link = boolean(&mut map)?,
                        "dev" => entry.dev = boolean(&mut map)?,
                        "optional" => entry.optional = boolean(&mut map)?,
                        "devOptional" => entry.dev_optional = boolean(&mut map)?,
                        "hasInstallScript" => entry.has_install_script = boolean(&mut map)?,
                        "inBundle" | "bundled" => entry.in_bundle = boolean(&mut map)?,
                        // In version 1 packages, in 2 and 3 ranges.
                        "dependencies" => entry.dependencies = Some(map.next_value()?),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(entry)
            }

            fn visit_str<E>(self, _: &str) -> Result<Entry, E> {
                Ok(Entry::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Entry, E> {
                Ok(Entry::default())
            }

            fn visit_unit<E>(self) -> Result<Entry, E> {
                Ok(Entry::default())
            }
        }
        deserializer.deserialize_any(Fields)
    }
}

fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<String>, A::Error> {
    Ok(match map.next_value::<serde_json::Value>()? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    })
}

fn boolean<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<bool>, A::Error> {
    Ok(map.next_value::<serde_json::Value>()?.as_bool())
}
