//! What to tell: each problem in the words of the manifests.

use super::{
    entry::Entry,
    problems::Problem,
    tree::{Edge, EdgeKind, Tree},
};
use crate::project::lockfile::drift::{Change, ChangeKind};

/// The problems, then what else manifests and lockfile say differently of what is asked for.
pub(super) fn changes(tree: &Tree, lockfile: &str, problems: &[&Problem]) -> Vec<Change> {
    let mut changes: Vec<_> = problems
        .iter()
        .map(|problem| {
            let Problem { edge, wish, .. } = problem;
            let wanted = if edge.kind == EdgeKind::Workspace {
                tree.workspaces.get(&edge.name).cloned().unwrap_or_default()
            } else {
                wish.text.clone()
            };
            change(tree, lockfile, edge, wanted, wish.is_overridden)
        })
        .collect();
    let members = tree.locked_members.iter().map(|(index, locked)| (*index, locked));
    let mut said: Vec<_> =
        tree.locked_root.iter().map(|locked| (0, locked)).chain(members).collect();
    said.sort_by_key(|(index, _)| *index);
    for (index, locked) in said {
        let Some(file) = tree.manifest_of(index) else { continue };
        for other in differences(&file, &tree.nodes[index].entry, locked) {
            if !changes.iter().any(|known| known.file == other.file && known.name == other.name) {
                changes.push(other);
            }
        }
    }
    // The reader mends manifests in their order, the root's first.
    changes.sort_by_key(|change| (change.file == lockfile, change.file.matches('/').count()));
    changes
}

/// Optional packages of locked packages that the lockfile lacks.
pub(super) fn missing_optional(tree: &Tree, lockfile: &str, edges: &[Edge]) -> Vec<Change> {
    edges.iter().map(|edge| change(tree, lockfile, edge, edge.asked.clone(), false)).collect()
}

fn change(tree: &Tree, lockfile: &str, edge: &Edge, wanted: String, is_overridden: bool) -> Change {
    let (file, section) = match tree.manifest_of(edge.from) {
        _ if is_overridden => ("package.json".to_owned(), "overrides".to_owned()),
        Some(file) => (file, edge.kind.section().to_owned()),
        None => (lockfile.to_owned(), tree.nodes[edge.from].location.clone()),
    };
    let locked = edge.to.map(|to| match tree.version(to) {
        "" => "without a version".to_owned(),
        version => version.to_owned(),
    });
    let is_platform = edge.kind == EdgeKind::Optional && tree.manifest_of(edge.from).is_none();
    let kind = match (&locked, is_platform) {
        (None, true) => ChangeKind::PlatformOptional,
        (None, false) => ChangeKind::Missing,
        (Some(_), _) if is_overridden => ChangeKind::Setting,
        (Some(_), _) => ChangeKind::Changed,
    };
    Change { kind, file, section, name: edge.name.clone(), wanted: Some(wanted), locked }
}

/// Ranges that differ between a manifest and what the lockfile was made for.
fn differences(file: &str, manifest: &Entry, locked: &Entry) -> Vec<Change> {
    let tables = |entry: &Entry| {
        [
            ("dependencies", entry.dependencies.clone()),
            ("devDependencies", entry.dev_dependencies.clone()),
            ("optionalDependencies", entry.optional_dependencies.clone()),
            ("peerDependencies", entry.peer_dependencies.clone()),
        ]
    };
    let mut changes = Vec::new();
    for ((section, wanted), (_, locked)) in tables(manifest).into_iter().zip(tables(locked)) {
        for (name, range) in &wanted {
            let before = locked.get(name);
            if before == Some(range) {
                continue;
            }
            changes.push(Change {
                kind: if before.is_some() { ChangeKind::Changed } else { ChangeKind::Missing },
                file: file.to_owned(),
                section: section.to_owned(),
                name: name.clone(),
                wanted: Some(range.clone()),
                locked: before.cloned(),
            });
        }
        for (name, range) in locked.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
            changes.push(Change {
                kind: ChangeKind::Removed,
                file: file.to_owned(),
                section: section.to_owned(),
                name: name.clone(),
                wanted: None,
                locked: Some(range.clone()),
            });
        }
    }
    changes
}
