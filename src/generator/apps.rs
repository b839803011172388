use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

use super::settings::setting_list;
use crate::project::{Manifest, matches_any, read_manifest};

/// How deep below a folder apps are looked for; `packages/<group>/<app>` and one more.
const SEARCH_DEPTH: usize = 4;
/// Folders that hold no app of the repository, or only what a build or an install wrote.
const PASSED_OVER: &[&str] = &["node_modules", "out", "dist", "build", "coverage", "vendor"];
/// Folders whose apps are shown or tested with, not deployed.
const FOR_SHOW: &[&str] = &[
    "example",
    "examples",
    "fixture",
    "fixtures",
    "template",
    "templates",
    "test",
    "tests",
    "e2e",
];
/// Names of Next's configuration.
const NEXT_CONFIGS: &[&str] =
    &["next.config.js", "next.config.mjs", "next.config.ts", "next.config.mts", "next.config.cjs"];
/// Folders that hold the routes of a Next app.
const ROUTES: &[&str] = &["app", "pages", "src/app", "src/pages"];

/// The Next apps that a folder stands for: itself where it is one, else those below it.
pub(crate) fn find_apps(folder: &Path) -> Vec<PathBuf> {
    if is_app(folder) {
        return vec![folder.to_path_buf()];
    }
    let mut found: Vec<PathBuf> = packages(folder).filter(|path| is_app(path)).collect();
    let shown = |path: &PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        below.components().any(|part| FOR_SHOW.iter().any(|name| part.as_os_str() == *name))
    };
    if !found.iter().all(shown) {
        found.retain(|path| !shown(path));
    }
    if found.is_empty() && depends_on_next(folder) {
        found.push(folder.to_path_buf());
    }
    found
}

/// The folders below a folder that may hold a package; of a workspace, those that belong to it.
fn packages(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let members = members(folder);
    let root = folder.to_path_buf();
    let belongs = move |path: &PathBuf| {
        let relative = path.strip_prefix(&root).unwrap_or(path).to_string_lossy();
        members.as_ref().is_none_or(|patterns| matches_any(patterns, &relative))
    };
    WalkDir::new(folder)
        .min_depth(1)
        .max_depth(SEARCH_DEPTH)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.file_type().is_dir()
                && !name.starts_with('.')
                && !PASSED_OVER.contains(&name.as_ref())
        })
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(belongs)
}

/// The packages of a workspace with a build of their own that an app depends on, in the order of
/// their builds: path below the workspace, and manifest.
pub(super) fn packages_to_build(workspace: &Path, app: &Manifest) -> Vec<(String, Manifest)> {
    let members: BTreeMap<String, (String, Manifest)> = packages(workspace)
        .filter_map(|path| {
            let manifest = manifest(&path)?;
            let below = path.strip_prefix(workspace).ok()?.to_string_lossy().into_owned();
            Some((manifest.name.clone()?, (below, manifest)))
        })
        .collect();
    let mut order = Vec::new();
    add_dependencies(app, &members, &mut BTreeSet::new(), &mut order);
    order
}

fn add_dependencies(
    of: &Manifest,
    members: &BTreeMap<String, (String, Manifest)>,
    seen: &mut BTreeSet<String>,
    order: &mut Vec<(String, Manifest)>,
) {
    let kinds = [&of.dependencies, &of.dev_dependencies, &of.optional_dependencies];
    for name in kinds.into_iter().flat_map(|kind| kind.keys()) {
        let Some((path, manifest)) = members.get(name) else { continue };
        if seen.insert(name.clone()) {
            add_dependencies(manifest, members, seen, order);
            if manifest.scripts.contains_key("build") {
                order.push((path.clone(), manifest.clone()));
            }
        }
    }
}

/// A root manifest may name `next` for the apps below it, so something of an app must be there as well.
fn is_app(folder: &Path) -> bool {
    depends_on_next(folder)
        && (NEXT_CONFIGS.iter().any(|name| folder.join(name).is_file())
            || ROUTES.iter().any(|name| folder.join(name).is_dir())
            || (members(folder).is_none() && builds_with_next(folder)))
}

fn depends_on_next(folder: &Path) -> bool {
    manifest(folder).is_some_and(|manifest| manifest.range_of("next").is_some())
}

fn builds_with_next(folder: &Path) -> bool {
    manifest(folder)
        .and_then(|manifest| manifest.scripts.get("build").cloned())
        .is_some_and(|script| script.contains("next build"))
}

fn manifest(folder: &Path) -> Option<Manifest> {
    read_manifest(folder).manifest
}

/// The patterns of a workspace's members; nothing where the folder is no workspace.
fn members(folder: &Path) -> Option<Vec<String>> {
    setting_list(&folder.join("pnpm-workspace.yaml"), "packages")
        .or_else(|| manifest(folder)?.workspaces)
}
