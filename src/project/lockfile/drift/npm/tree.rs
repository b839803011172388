//! The tree of the lockfile under the root of package.json (`load-virtual.js`, `node.js`).

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{entry::Entry, packages::Packages, settings::Settings, specification::normal};
use crate::project::{read_raw_manifest, workspace_members};

/// One package at one place.
#[derive(Debug)]
pub(super) struct Node {
    /// `node_modules/a`; the root's is empty.
    pub(super) location: String,
    /// The last part of the place, which edges ask for.
    pub(super) name: String,
    pub(super) entry: Entry,
    /// Where it is, absolute.
    pub(super) path: PathBuf,
    /// Whose `node_modules` it lies in.
    pub(super) parent: Option<usize>,
    /// The package whose folder it lies in, where that is not by `node_modules`.
    outer: Option<usize>,
    children: HashMap<String, usize>,
    /// Where a link leads.
    pub(super) target: Option<usize>,
    /// Inside a package that brings its own lockfile.
    pub(super) in_shrinkwrap: bool,
}

/// Why a package wants another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EdgeKind {
    Workspace,
    Peer,
    OptionalPeer,
    Needed,
    Optional,
    Development,
}

impl EdgeKind {
    /// The table of the manifest.
    pub(super) fn section(self) -> &'static str {
        match self {
            Self::Workspace => "workspaces",
            Self::Peer | Self::OptionalPeer => "peerDependencies",
            Self::Needed => "dependencies",
            Self::Optional => "optionalDependencies",
            Self::Development => "devDependencies",
        }
    }

    pub(super) fn is_optional(self) -> bool {
        matches!(self, Self::Optional | Self::OptionalPeer)
    }

    pub(super) fn is_peer(self) -> bool {
        matches!(self, Self::Peer | Self::OptionalPeer)
    }
}

/// One package wants another.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) name: String,
    pub(super) kind: EdgeKind,
    /// As the manifest writes it.
    pub(super) asked: String,
    /// What does as well (`acceptDependencies`).
    pub(super) accepted: Option<String>,
    /// What the name leads to from there.
    pub(super) to: Option<usize>,
}

/// The whole tree; the root is the first node.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    places: HashMap<String, usize>,
    pub(super) manifest: Map<String, Value>,
    /// Name and folder of each workspace, the folder relative to the root.
    pub(super) workspaces: BTreeMap<String, String>,
    pub(super) root: PathBuf,
    pub(super) is_old: bool,
    /// What the lockfile says of the root.
    pub(super) locked_root: Option<Entry>,
    /// A link of the lockfile whose target it does not hold.
    pub(super) broken_link: Option<String>,
    /// Tables of manifests outside `node_modules` by node, for what the lockfile says of them.
    pub(super) locked_members: HashMap<usize, Entry>,
    settings: Settings,
}

impl Tree {
    /// Nothing where the root has no manifest.
    pub(super) fn build(root: &Path, packages: Packages, settings: Settings) -> Option<Self> {
        let manifest = read_raw_manifest(root)?;
        let Packages { mut entries, is_old } = packages;
        let locked_root = entries.remove("");
        let workspaces = workspaces(root, &manifest);
        let mut tree = Self {
            nodes: Vec::with_capacity(entries.len() + 1),
            places: HashMap::with_capacity(entries.len() + 1),
            workspaces,
            root: root.to_path_buf(),
            is_old,
            locked_root,
            broken_link: None,
            locked_members: HashMap::new(),
            settings,
            manifest,
        };
        tree.push(String::new(), Entry::from_manifest(&tree.manifest));
        // In the order of places a folder comes before what lies in it.
        for (place, entry) in entries {
            tree.push(place, entry);
        }
        tree.link();
        Some(tree)
    }

    fn push(&mut self, location: String, entry: Entry) {
        let index = self.nodes.len();
        let name = name_of(&location);
        let path = normal(&self.root.join(&location));
        let (mut parent, mut outer) = (None, None);
        let mut folder = location.as_str();
        while !folder.is_empty() {
            folder = folder.rfind('/').map_or("", |end| &folder[..end]);
            let is_above = folder == ".." || folder.ends_with("/..");
            if let Some(&above) = self.places.get(folder)
                && !is_above
                && !self.nodes[above].entry.link
                && !(folder.is_empty() && location.starts_with("../"))
            {
                if location == super::packages::join(folder, &name) {
                    parent = Some(above);
                } else {
                    outer = Some(above);
                }
                break;
            }
        }
        let in_shrinkwrap = parent.is_some_and(|parent| {
            let parent = &self.nodes[parent];
            parent.entry.has_shrinkwrap || parent.in_shrinkwrap
        });
        if let Some(parent) = parent {
            self.nodes[parent].children.insert(name.to_lowercase(), index);
        }
        self.places.insert(location.clone(), index);
        let children = HashMap::new();
        self.nodes.push(Node {
            location,
            name,
            entry,
            path,
            parent,
            outer,
            children,
            target: None,
            in_shrinkwrap,
        });
    }

    /// Links lead to their targets, whose manifests on disk count, not what the lockfile says of them.
    fn link(&mut self) {
        for index in 0..self.nodes.len() {
            if !self.nodes[index].entry.link {
                continue;
            }
            let resolved = self.nodes[index].entry.resolved.clone().unwrap_or_default();
            let place = resolved.trim_end_matches('/');
            let Some(target) = self.at(place) else {
                self.broken_link.get_or_insert(self.nodes[index].location.clone());
                continue;
            };
            self.nodes[index].target = Some(target);
            if self.nodes[target].parent.is_none()
                && target != 0
                && !self.locked_members.contains_key(&target)
                && let Some(manifest) = read_raw_manifest(&self.nodes[target].path)
            {
                let node = &mut self.nodes[target];
                let current = Entry {
                    resolved: node.entry.resolved.take(),
                    ..Entry::from_manifest(&manifest)
                };
                let locked = std::mem::replace(&mut node.entry, current);
                self.locked_members.insert(target, locked);
            }
        }
    }

    /// What a name leads to from a node.
    pub(super) fn resolve(&self, from: usize, name: &str) -> Option<usize> {
        self.candidates(from, name).next()
    }

    /// Every package of a name that lies on the way from a node to the root, the nearest first.
    pub(super) fn candidates(&self, from: usize, name: &str) -> impl Iterator<Item = usize> {
        let name = name.to_lowercase();
        std::iter::successors(Some(from), |&node| {
            self.nodes[node].parent.or(self.nodes[node].outer)
        })
        .filter_map(move |node| self.nodes[node].children.get(&name).copied())
    }

    /// The node at a place.
    pub(super) fn at(&self, location: &str) -> Option<usize> {
        self.places.get(location).copied()
    }

    /// A version as npm compares it; a link has that of its target.
    pub(super) fn version(&self, index: usize) -> &str {
        let node = &self.nodes[self.nodes[index].target.unwrap_or(index)];
        node.entry.version.as_deref().unwrap_or_default()
    }

    /// Whether an entry's archive is of another version than the entry, as by hand.
    pub(super) fn contradicts_itself(&self, index: usize) -> bool {
        let entry = &self.nodes[index].entry;
        let archive = entry.resolved.as_deref().filter(|resolved| resolved.contains("/-/"));
        archive.is_some_and(|address| {
            let version = entry.version.as_deref().unwrap_or_default();
            !address.ends_with(&format!("-{}.tgz", version.split('+').next().unwrap_or_default()))
        })
    }

    /// Whether it is the root or the folder of a workspace.
    pub(super) fn is_ours(&self, index: usize) -> bool {
        index == 0 || self.workspaces.values().any(|folder| *folder == self.nodes[index].location)
    }

    /// What a package wants, in the order in which npm lets later tables win.
    pub(super) fn edges(&self, from: usize) -> Vec<Edge> {
        let node = &self.nodes[from];
        if node.entry.link {
            return Vec::new();
        }
        let mut edges: BTreeMap<&str, (EdgeKind, String)> = BTreeMap::new();
        if from == 0 {
            for (name, folder) in &self.workspaces {
                edges.insert(
                    name,
                    (EdgeKind::Workspace, format!("file:{}", self.root.join(folder).display())),
                );
            }
        }
        let entry = &node.entry;
        let mut tables = Vec::with_capacity(4);
        if !self.settings.legacy_peer_deps {
            tables.push((EdgeKind::Peer, &entry.peer_dependencies));
        }
        tables.push((EdgeKind::Needed, &entry.dependencies));
        tables.push((EdgeKind::Optional, &entry.optional_dependencies));
        if node.parent.is_none() {
            tables.push((EdgeKind::Development, &entry.dev_dependencies));
        }
        for (kind, table) in tables {
            for (name, asked) in table {
                let kind = match kind {
                    EdgeKind::Peer if entry.peer_dependencies_meta.contains(name) => {
                        EdgeKind::OptionalPeer
                    }
                    kind => kind,
                };
                if edges.get(name.as_str()).is_none_or(|(kind, _)| *kind != EdgeKind::Workspace) {
                    edges.insert(name, (kind, asked.clone()));
                }
            }
        }
        edges
            .into_iter()
            .map(|(name, (kind, asked))| Edge {
                from,
                name: name.to_owned(),
                kind,
                asked,
                accepted: entry.accept_dependencies.get(name).cloned(),
                to: self.resolve(from, name),
            })
            .collect()
    }

    /// The manifest of a node, relative to the root, or nothing for what is installed.
    pub(super) fn manifest_of(&self, index: usize) -> Option<String> {
        let location = &self.nodes[index].location;
        match index {
            0 => Some("package.json".to_owned()),
            _ if self.locked_members.contains_key(&index) => {
                Some(format!("{location}/package.json"))
            }
            _ => None,
        }
    }
}

/// The name that a place gives: its last part, with its scope.
fn name_of(location: &str) -> String {
    let (folder, base) = location.rsplit_once('/').unwrap_or(("", location));
    match folder.rsplit('/').next() {
        Some(scope) if scope.starts_with('@') => format!("{scope}/{base}"),
        _ => base.to_owned(),
    }
}

/// Names and folders of the workspaces that the root manifest chooses.
fn workspaces(root: &Path, manifest: &Map<String, Value>) -> BTreeMap<String, String> {
    let Some(value) = manifest.get("workspaces") else { return BTreeMap::new() };
    let list = value.as_array().or_else(|| value.get("packages")?.as_array());
    let patterns: Vec<_> =
        list.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    if patterns.is_empty() {
        return BTreeMap::new();
    }
    workspace_members(root, &patterns)
        .into_iter()
        .map(|folder| {
            let manifest = read_raw_manifest(&root.join(&folder));
            let name = manifest.as_ref().and_then(|manifest| manifest.get("name")?.as_str());
            (name.map_or_else(|| name_of(&folder), ToOwned::to_owned), folder)
        })
        .collect()
}
