//! Whether what a name leads to is what was asked for (`dep-valid.js`, `edge.js`).

use std::path::{Path, PathBuf};

use super::{
    overrides::Overrides,
    readings::Readings,
    rules::Rules,
    specification::{Git, Specification, normal},
    tree::{Edge, Tree},
};

/// Whether an edge is fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validity {
    Valid,
    Invalid,
    /// It hangs on what is not looked at here.
    Unknown,
}

impl From<bool> for Validity {
    fn from(holds: bool) -> Self {
        if holds { Self::Valid } else { Self::Invalid }
    }
}

/// What an edge asks for, overrides applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) specification: Specification,
    /// As it is written where it was last changed.
    pub(super) text: String,
    /// Without overrides.
    original: Specification,
    /// The range of versions that an override replaces.
    key: Option<Specification>,
    /// The scope of overrides below.
    pub(super) scope: usize,
    /// An override changed it.
    pub(super) is_overridden: bool,
}

/// Asks questions of a tree.
pub(super) struct Judge<'a> {
    pub(super) tree: &'a Tree,
    pub(super) overrides: &'a Overrides,
    pub(super) rules: Rules,
    pub(super) install_links: bool,
    pub(super) readings: &'a Readings,
}

impl Judge<'_> {
    /// What an edge asks for in a scope of overrides.
    pub(super) fn wish(&self, edge: &Edge, scope: usize) -> Wish {
        let mut wish = self.plain_wish(edge);
        if self.overrides.is_empty() || edge.kind == super::tree::EdgeKind::Workspace {
            return wish;
        }
        wish.scope = self.overrides.rule_for(scope, &edge.name, &wish.original);
        if wish.scope == 0 {
            return wish;
        }
        let rule = self.overrides.rule(wish.scope);
        wish.key = Some(Specification::parse(&rule.key, &self.tree.root));
        if let Some(text) = self.overrides.replacement(wish.scope, &edge.name, &self.tree.manifest)
        {
            wish.specification = Specification::parse(&text, &self.tree.root);
            wish.text = text;
            wish.is_overridden = true;
        }
        wish
    }

    /// What an edge asks for by itself.
    pub(super) fn plain_wish(&self, edge: &Edge) -> Wish {
        let original = self.readings.specification(&edge.asked, &self.folder_of(edge.from));
        Wish {
            specification: original.clone(),
            text: edge.asked.clone(),
            original,
            key: None,
            scope: 0,
            is_overridden: false,
        }
    }

    /// Where the paths of a package's dependencies begin.
    fn folder_of(&self, from: usize) -> PathBuf {
        let node = &self.tree.nodes[from];
        match self.archive_of(from) {
            Some(archive) => archive.parent().map_or_else(|| node.path.clone(), Path::to_path_buf),
            None => node.path.clone(),
        }
    }

    /// The archive on disk that a package came from.
    fn archive_of(&self, index: usize) -> Option<PathBuf> {
        let node = &self.tree.nodes[index];
        let path = node.entry.resolved.as_deref()?.strip_prefix("file:")?;
        (!node.entry.link).then(|| normal(&self.tree.root.join(path)))
    }

    /// Whether an edge is fulfilled by a node.
    pub(super) fn fulfils(&self, edge: &Edge, wish: &Wish, node: usize) -> Validity {
        let found = &self.tree.nodes[node];
        if found.name != edge.name {
            return Validity::Invalid;
        }
        let holds = |asked: &Specification| self.holds(edge, asked, node);
        let accepted = || match &edge.accepted {
            Some(text) => holds(&Specification::parse(text, &self.tree.nodes[edge.from].path)),
            None => Validity::Invalid,
        };
        if found.entry.has_shrinkwrap || found.in_shrinkwrap || found.entry.in_bundle {
            return either(holds(&wish.original), accepted);
        }
        let first = either(holds(&wish.specification), accepted);
        match &wish.key {
            // It may stay where the override was not meant for its version.
            Some(key) if self.rules.overrides_follow_edges && first == Validity::Invalid => {
                match (holds(&wish.original), holds(key)) {
                    (Validity::Valid, Validity::Invalid) => Validity::Valid,
                    (Validity::Unknown, _) | (_, Validity::Unknown) => Validity::Unknown,
                    _ => Validity::Invalid,
                }
            }
            _ => first,
        }
    }

    fn holds(&self, edge: &Edge, asked: &Specification, index: usize) -> Validity {
        let node = &self.tree.nodes[index];
        let resolved = node.entry.resolved.as_deref().unwrap_or_default();
        match asked.target() {
            Specification::Any => Validity::Valid,
            // Lockfile version 1 does not tell the version of what is from git; npm clones to see it.
            Specification::Range(_) if self.is_git_of_unknown_version(index) => Validity::Unknown,
            Specification::Range(range) => {
                self.readings.satisfies(self.tree.version(index), &range).into()
            }
            Specification::Tag(_) => {
                let is_remote = resolved.starts_with("http://") || resolved.starts_with("https://");
                (is_remote && !node.entry.link).into()
            }
            Specification::Remote(url) => (resolved == url).into(),
            Specification::File(path) => (self.archive_of(index) == Some(path)).into(),
            Specification::Directory(_) if self.install_links => {
                if self.tree.is_ours(node.target.unwrap_or(index))
                    && edge.kind == super::tree::EdgeKind::Workspace
                {
                    Validity::Valid
                } else {
                    Validity::Unknown
                }
            }
            Specification::Directory(path) => {
                node.target.is_some_and(|target| self.tree.nodes[target].path == path).into()
            }
            Specification::Git(git) => self.is_of_repository(edge, &git, index),
            // Both fail where npm parses them.
            Specification::Alias { .. } | Specification::Unsupported => Validity::Unknown,
        }
    }

    fn is_git_of_unknown_version(&self, index: usize) -> bool {
        let resolved = self.tree.nodes[index].entry.resolved.as_deref().unwrap_or_default();
        self.tree.version(index).is_empty()
            && matches!(Specification::parse(resolved, &self.tree.root), Specification::Git(_))
    }

    fn is_of_repository(&self, edge: &Edge, asked: &Git, index: usize) -> Validity {
        let resolved = self.tree.nodes[index].entry.resolved.as_deref().unwrap_or_default();
        let Specification::Git(found) = Specification::parse(resolved, &self.tree.root) else {
            return Validity::Invalid;
        };
        if found.repository != asked.repository {
            return Validity::Invalid;
        }
        if let Some(range) = &asked.range {
            let version = self.tree.version(index);
            // Lockfile version 1 does not tell the version.
            return if version.is_empty() {
                Validity::Unknown
            } else {
                self.readings.satisfies(version, range).into()
            };
        }
        if asked.is_commit() {
            // Only the hosts that npm knows are compared by commit.
            let is_hosted = !asked.repository.contains("//");
            return (!is_hosted || found.reference == asked.reference).into();
        }
        if self.rules.compares_git_references
            && let Some(locked) = self.locked_for(edge)
            && let Specification::Git(locked) = Specification::parse(&locked, &self.tree.root)
        {
            return (locked.reference.unwrap_or_default()
                == asked.reference.clone().unwrap_or_default())
            .into();
        }
        Validity::Valid
    }

    /// What the lockfile says that the asking package asks for.
    pub(super) fn locked_for(&self, edge: &Edge) -> Option<String> {
        let entry = match edge.from {
            0 => self.tree.locked_root.as_ref()?,
            from => self.tree.locked_members.get(&from).unwrap_or(&self.tree.nodes[from].entry),
        };
        [
            &entry.dependencies,
            &entry.optional_dependencies,
            &entry.dev_dependencies,
            &entry.peer_dependencies,
        ]
        .into_iter()
        .find_map(|table| table.get(&edge.name).cloned())
    }
}

fn either(first: Validity, second: impl FnOnce() -> Validity) -> Validity {
    match first {
        Validity::Invalid => second(),
        known => known,
    }
}
