//! The lockfile's packages by place, from either form (`shrinkwrap.js`).

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{
    entry::{Entry, Table},
    specification::{Specification, relative_path},
};

/// A lockfile.
#[derive(Debug)]
pub(super) struct Packages {
    /// By place: `node_modules/a/node_modules/b`; the root's is empty.
    pub(super) entries: BTreeMap<String, Entry>,
    /// Written before npm 7: manifests are fetched before anything is decided.
    pub(super) is_old: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    lockfile_version: Value,
    #[serde(default)]
    packages: Option<BTreeMap<String, Entry>>,
    #[serde(default)]
    dependencies: Option<BTreeMap<String, Old>>,
}

/// An entry of lockfile version 1, which nests.
#[derive(Deserialize, Default)]
struct Old {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    resolved: Option<String>,
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    requires: Value,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    bundled: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

impl Packages {
    /// Reads a lockfile; nothing where it has another shape than npm writes.
    pub(super) fn read(content: &str, root: &Path) -> Option<Self> {
        let file: File = serde_json::from_str(content).ok()?;
        let version = file.lockfile_version.as_f64().unwrap_or(0.0);
        let is_old = version < 2.0;
        let entries = match (file.packages, file.dependencies) {
            (Some(packages), _) => packages,
            (None, Some(dependencies)) => {
                let mut conversion = Conversion::default();
                conversion.below("", &dependencies, root);
                conversion.finish()
            }
            (None, None) => BTreeMap::new(),
        };
        Some(Self { entries, is_old })
    }
}

#[derive(Default)]
struct Conversion {
    entries: BTreeMap<String, Entry>,
    /// What each place requires, and which places are optional.
    requires: Vec<(String, Table)>,
    optional: BTreeMap<String, bool>,
}

impl Conversion {
    fn below(&mut self, location: &str, dependencies: &BTreeMap<String, Old>, root: &Path) {
        for (name, old) in dependencies {
            let slash = if location.is_empty() { "" } else { "/" };
            let mut place = format!("{location}{slash}node_modules/{name}");
            let entry = entry_of(name, old, root);
            if let (true, Some(target)) = (entry.link, &entry.resolved) {
                let target = target.clone();
                self.entries.entry(target.clone()).or_default();
                self.entries.insert(place, entry);
                place = target;
            } else {
                self.entries.insert(place.clone(), entry);
            }
            self.optional.insert(place.clone(), old.optional);
            let requires = old.requires.as_object().into_iter().flatten();
            let requires: Table = requires
                .filter_map(|(name, range)| Some((name.clone(), range.as_str()?.to_owned())))
                .collect();
            self.requires.push((place.clone(), requires));
            self.below(&place, &old.dependencies, root);
        }
    }

    /// What is required of an optional package by one that is not becomes an optional dependency, as npm guesses.
    fn finish(mut self) -> BTreeMap<String, Entry> {
        for (place, requires) in self.requires {
            let is_optional = |place: &str| self.optional.get(place).copied().unwrap_or_default();
            let (optional, needed): (Table, Table) = requires.into_iter().partition(|(name, _)| {
                !is_optional(&place)
                    && ancestors(&place)
                        .map(|folder| join(folder, name))
                        .find(|place| self.entries.contains_key(place))
                        .is_some_and(|place| is_optional(&place))
            });
            if let Some(entry) = self.entries.get_mut(&place) {
                entry.optional_dependencies = optional;
                entry.dependencies = needed;
            }
        }
        self.entries
    }
}

/// The place of a package in a folder's `node_modules`.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        format!("node_modules/{name}")
    } else {
        format!("{folder}/node_modules/{name}")
    }
}

/// A place and every folder above it, the root last.
fn ancestors(place: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(place), |place| {
        (!place.is_empty()).then(|| place.rfind('/').map_or("", |end| &place[..end]))
    })
}

/// `#metaFromLock`
fn entry_of(name: &str, old: &Old, root: &Path) -> Entry {
    let parse =
        |text: &Option<String>| text.as_deref().map(|text| Specification::parse(text, root));
    let by_version = parse(&old.version);
    let specification = match &by_version {
        Some(found) if old.integrity.is_some() || matches!(found, Specification::Git(_)) => {
            by_version.clone()
        }
        _ => match parse(&old.from) {
            Some(from) if from.is_registry() && old.version.is_some() => by_version.clone(),
            Some(from) if old.resolved.is_none() => Some(from),
            _ => by_version.clone().or_else(|| parse(&old.resolved)),
        },
    };
    let mut entry = Entry { in_bundle: old.bundled, ..Entry::default() };
    match specification {
        Some(Specification::Directory(folder)) => {
            entry.link = true;
            entry.resolved = Some(relative_path(root, &folder));
        }
        Some(Specification::Git(_)) => entry.resolved.clone_from(&old.version),
        Some(Specification::File(path)) => {
            entry.version = version_of_archive(name, &path.to_string_lossy());
            entry.resolved = Some(format!("file:{}", relative_path(root, &path)));
        }
        Some(Specification::Remote(url)) => {
            entry.version = version_of_archive(name, &url);
            entry.resolved = Some(url);
        }
        Some(Specification::Alias { name, range }) => {
            entry.name = Some(name);
            entry.version = Some(range);
            entry.resolved.clone_from(&old.resolved);
        }
        _ => {
            entry.version.clone_from(&old.version);
            entry.resolved.clone_from(&old.resolved);
        }
    }
    entry
}

/// The version in the name of an archive: `…/leaf-1.0.0.tgz`.
fn version_of_archive(name: &str, path: &str) -> Option<String> {
    let base = name.rsplit('/').next()?;
    let file = path.rsplit('/').next()?.split(['?', '#']).next()?;
    let rest = file.strip_suffix(".tgz").or_else(|| file.strip_suffix(".tar.gz"))?;
    let version = rest.strip_prefix(base)?.strip_prefix('-')?;
    version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.to_owned())
}
