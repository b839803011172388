use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{
    range::{Style, is_range, with_protocol},
    workspaces::is_name,
};
use crate::project::lockfile::{
    drift::{Change, ChangeKind},
    yarn_format::{BerryEntry, Value, split_descriptor},
};

/// The tables of an entry that come from a manifest.
const SECTIONS: [&str; 5] =
    ["dependencies", "peerDependencies", "dependenciesMeta", "peerDependenciesMeta", "bin"];

/// Section, name and, for what has more to say, its field.
type Place = (&'static str, String, String);

/// What the lockfile holds, or would hold, of a manifest.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block(BTreeMap<Place, String>);

impl Block {
    /// What a manifest gives (`Manifest.load` of @yarnpkg/core 4.9.2); development's dependencies count in workspaces only.
    ///
    /// Nothing where yarn stumbles over it.
    pub(super) fn of_manifest(
        manifest: &Map<String, Json>,
        style: Style,
        development: bool,
    ) -> Option<Self> {
        let mut block = Self::default();
        let table = |name: &str| manifest.get(name).and_then(Json::as_object).into_iter().flatten();
        let texts = |name: &str| {
            table(name)
                .filter_map(|(name, value)| Some((name, value.as_str()?)))
                .filter(|(name, _)| is_name(name))
        };
        let kinds = ["dependencies", "optionalDependencies", "devDependencies"];
        for kind in &kinds[..if development { 3 } else { 2 }] {
            for (name, range) in texts(kind) {
                let range = match style {
                    Style::Oldest | Style::AsWritten => range.to_owned(),
                    Style::Normalized => with_protocol(range).into_owned(),
                };
                block.set("dependencies", name, "", range);
            }
        }
        for (name, range) in table("peerDependencies").filter(|(name, _)| is_name(name)) {
            let range = range
                .as_str()
                .filter(|range| range.starts_with("workspace:") || is_range(range))
                .unwrap_or("*");
            block.set("peerDependencies", name, "", range.to_owned());
        }
        for (name, meta) in table("dependenciesMeta") {
            let version = split_descriptor(name).1;
            if !version.is_empty() && nodejs_semver::Version::parse(version).is_err() {
                return None;
            }
            block.meta("dependenciesMeta", name, meta, &["built", "optional", "unplugged"]);
        }
        for (name, meta) in table("peerDependenciesMeta") {
            block.meta("peerDependenciesMeta", name, meta, &["optional"]);
        }
        for (name, _) in texts("optionalDependencies") {
            block.set("dependenciesMeta", name, "optional", "true".to_owned());
        }
        match manifest.get("bin") {
            Some(Json::String(path)) if !path.trim().is_empty() => {
                if let Some(name) = manifest.get("name").and_then(Json::as_str) {
                    let name = name.rsplit('/').next().unwrap_or(name);
                    block.set("bin", name, "", path.replace('\\', "/"));
                }
            }
            _ => {
                for (name, path) in table("bin") {
                    let Some(path) = path.as_str().filter(|path| !path.trim().is_empty()) else {
                        continue;
                    };
                    let name =
                        if is_name(name) { name.rsplit('/').next().unwrap_or(name) } else { name };
                    block.set("bin", name, "", path.replace('\\', "/"));
                }
            }
        }
        Some(block)
    }

    /// What an entry of the lockfile holds.
    pub(super) fn of_entry(entry: &BerryEntry) -> Self {
        let mut block = Self::default();
        for section in SECTIONS {
            for (name, value) in entry.table(section) {
                match value {
                    Value::Text(text) => block.set(section, name, "", text.clone()),
                    Value::Table(fields) => {
                        for (field, value) in fields {
                            let text = value.text().unwrap_or_default();
                            block.set(section, name, field, text.to_owned());
                        }
                    }
                }
            }
        }
        block
    }

    /// The dependencies, by name.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .filter(|((section, ..), _)| *section == "dependencies")
            .map(|((_, name, _), range)| (name.as_str(), range.as_str()))
    }

    fn set(&mut self, section: &'static str, name: &str, field: &str, value: String) {
        self.0.insert((section, name.to_owned(), field.to_owned()), value);
    }

    /// A field of another type than a truth value makes yarn pass over all of them.
    fn meta(&mut self, section: &'static str, name: &str, meta: &Json, fields: &[&str]) {
        let Some(meta) = meta.as_object() else { return };
        if fields.iter().any(|field| meta.get(*field).is_some_and(|value| !value.is_boolean())) {
            return;
        }
        for field in fields {
            if let Some(value) = meta.get(*field).and_then(Json::as_bool) {
                self.set(section, name, field, value.to_string());
            }
        }
    }

    /// What differs from what is locked, as changes of a manifest.
    pub(super) fn changes(
        &self,
        locked: &Self,
        manifest: &Map<String, Json>,
        file: &str,
    ) -> Vec<Change> {
        let mut places: Vec<_> = self.0.keys().chain(locked.0.keys()).collect();
        places.sort();
        places.dedup();
        let differing =
            places.into_iter().filter(|place| self.0.get(*place) != locked.0.get(*place));
        differing
            .map(|place| {
                let (section, name, field) = place;
                let of = |block: &Self| {
                    let value = block.0.get(place)?;
                    Some(if field.is_empty() { value.clone() } else { format!("{field}: {value}") })
                };
                let (wanted, locked) = (of(self), of(locked));
                Change {
                    kind: match (*section, &wanted, &locked) {
                        ("dependencies", Some(_), None) => ChangeKind::Missing,
                        ("dependencies", None, _) => ChangeKind::Removed,
                        ("dependencies", ..) => ChangeKind::Changed,
                        _ => ChangeKind::Setting,
                    },
                    file: file.to_owned(),
                    section: written_in(manifest, section, name).to_owned(),
                    name: name.clone(),
                    wanted,
                    locked,
                }
            })
            .collect()
    }
}

/// The key of the manifest under which a dependency stands; yarn keeps all in one table.
fn written_in<'a>(manifest: &Map<String, Json>, section: &'a str, name: &str) -> &'a str {
    if section != "dependencies" {
        return section;
    }
    ["devDependencies", "optionalDependencies"]
        .into_iter()
        .find(|key| manifest.get(*key).is_some_and(|table| table.get(name).is_some()))
        .unwrap_or(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_becomes_what_yarn_would_lock() {
        let manifest = serde_json::json!({
            "name": "@s/app",
            "dependencies": { "a": "^1.0.0", "b": "1", "c": 1, "d": "workspace:*" },
            "devDependencies": { "b": "latest" },
            "optionalDependencies": { "e": "*" },
            "peerDependencies": { "f": "nonsense", "g": "^1" },
            "peerDependenciesMeta": { "g": { "optional": true }, "h": {} },
            "dependenciesMeta": { "a": { "built": false }, "b": { "built": "no" } },
            "bin": ".\\bin.js",
        });
        let manifest = manifest.as_object().unwrap();
        let block = Block::of_manifest(manifest, Style::Normalized, true).unwrap();
        let all: Vec<_> = block
            .0
            .iter()
            .map(|((section, name, field), value)| format!("{section} {name} {field} {value}"))
            .collect();
        assert_eq!(
            all,
            [
                "bin app  ./bin.js",
                "dependencies a  npm:^1.0.0",
                "dependencies b  npm:latest",
                "dependencies d  workspace:*",
                "dependencies e  npm:*",
                "dependenciesMeta a built false",
                "dependenciesMeta e optional true",
                "peerDependencies f  *",
                "peerDependencies g  ^1",
                "peerDependenciesMeta g optional true",
            ]
        );
    }
}
