use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value};

use crate::project::{read_raw_manifest, workspace_members};

/// The kinds that are installed in any case, the one that wins first.
pub(super) const KINDS: [&str; 3] = ["dependencies", "devDependencies", "optionalDependencies"];
pub(super) const OPTIONAL: &str = KINDS[2];

/// What a manifest asks for, or what a lockfile says that it asked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) name: Option<String>,
    /// Package to kind and range.
    pub(super) needs: BTreeMap<String, (&'static str, String)>,
    /// Packages that stand in several kinds with different ranges.
    pub(super) ambiguous: BTreeSet<String>,
    /// Package to range.
    pub(super) peers: BTreeMap<String, String>,
    pub(super) optional_peers: BTreeSet<String>,
}

impl Wanted {
    /// Nothing where a field is of a type that bun refuses.
    pub(super) fn read(raw: &Map<String, Value>) -> Option<Self> {
        let mut wanted = Self {
            name: raw.get("name").and_then(Value::as_str).map(ToOwned::to_owned),
            peers: table(raw, "peerDependencies")?,
            ..Self::default()
        };
        for kind in KINDS {
            for (name, range) in table(raw, kind)? {
                let known = wanted.needs.get(&name);
                if known.is_some_and(|(_, known)| *known != range) {
                    wanted.ambiguous.insert(name.clone());
                }
                wanted.needs.entry(name).or_insert((kind, range));
            }
        }
        if let Some(meta) = raw.get("peerDependenciesMeta").and_then(Value::as_object) {
            let optional = meta.iter().filter(|(_, meta)| meta["optional"] == Value::Bool(true));
            wanted.optional_peers.extend(optional.map(|(name, _)| name.clone()));
        }
        if let Some(optional) = raw.get("optionalPeers").and_then(Value::as_array) {
            wanted
                .optional_peers
                .extend(optional.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
        }
        Some(wanted)
    }
}

/// The manifest of the root and those of its workspaces.
pub(super) struct Manifests {
    pub(super) root: Map<String, Value>,
    /// By path from the root, empty for the root.
    pub(super) all: BTreeMap<String, Wanted>,
}

impl Manifests {
    /// Nothing where one cannot be read, or is chosen in a way that is not understood.
    pub(super) fn read(root: &Path) -> Option<Self> {
        let manifest = read_raw_manifest(root)?;
        let mut all = BTreeMap::from([(String::new(), Wanted::read(&manifest)?)]);
        let patterns = match manifest.get("workspaces") {
            None => Vec::new(),
            Some(workspaces) => {
                let list = workspaces.as_array().or_else(|| workspaces.get("packages")?.as_array());
                list.into_iter()
                    .flatten()
                    .map(|pattern| pattern.as_str().map(ToOwned::to_owned))
                    .collect::<Option<Vec<_>>>()?
            }
        };
        if patterns.iter().any(|pattern| pattern.starts_with('!') || pattern.contains("..")) {
            return None;
        }
        if !patterns.is_empty() {
            for path in workspace_members(root, &patterns) {
                let wanted = Wanted::read(&read_raw_manifest(&root.join(&path))?)?;
                wanted.name.as_ref()?;
                all.insert(path, wanted);
            }
        }
        Some(Self { root: manifest, all })
    }
}

fn table(raw: &Map<String, Value>, key: &str) -> Option<BTreeMap<String, String>> {
    match raw.get(key) {
        None => Some(BTreeMap::new()),
        Some(Value::Object(table)) => table
            .iter()
            .map(|(name, range)| Some((name.clone(), range.as_str()?.to_owned())))
            .collect(),
        Some(_) => None,
    }
}
