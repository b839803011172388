use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{
    inputs::{digest, file_digest},
    place::{Place, below},
    settings::{npmrc_digest, settings_digest},
};
use crate::project::{ManagerKind, read_raw_manifest};

/// What stands for a whole file among the parts of one.
pub(super) const WHOLE: &str = "";
/// Local packages inside local packages are followed this far.
const DEEPEST_LOCAL: usize = 8;

/// Lockfiles of every manager; the one that is used is among them.
const LOCKFILES: &[&str] = &[
    "npm-shrinkwrap.json",
    "package-lock.json",
    "pnpm-lock.yaml",
    "yarn.lock",
    "bun.lock",
    "bun.lockb",
];
/// Files of a project that are hashed as they are.
const WHOLE_FILES: &[&str] =
    &["pnpm-workspace.yaml", ".pnpmfile.cjs", ".pnpmfile.mjs", "pnpmfile.js", "binding.gyp"];
/// Settings with lines that may hold credentials.
const SETTINGS: &[&str] = &[".yarnrc", ".yarnrc.yml", "bunfig.toml"];
/// Settings of the user.
const USER_SETTINGS: &[&str] = &[".yarnrc", ".yarnrc.yml", ".bunfig.toml"];
/// Folders with changes of packages, and with the program of yarn itself.
const FOLDERS: &[&str] = &["patches", ".yarn/patches", ".yarn/plugins", ".yarn/releases"];

type Parts = BTreeMap<String, String>;

/// Digests of every file that decides what an installation becomes, by their paths from the root.
pub(super) fn digests(
    place: &Place,
    environment: &BTreeMap<String, String>,
    app: &Path,
) -> BTreeMap<String, Parts> {
    let mut files = Files { root: &place.root, found: BTreeMap::new() };
    let used: Vec<_> = LOCKFILES.iter().filter(|name| belongs_to(name, place.manager)).collect();
    for name in used {
        files.whole(name);
    }
    for project in &place.projects {
        files.project(project, place.manager);
    }
    for folder in FOLDERS {
        files.folder(folder);
    }
    files.user(environment, place.manager);
    files.generated_from(app, &place.root);
    files.found
}

fn belongs_to(name: &str, manager: ManagerKind) -> bool {
    let stem = manager.lockfile_name();
    name == stem
        || (manager == ManagerKind::Npm && name == "npm-shrinkwrap.json")
        || (manager == ManagerKind::Bun && name == "bun.lockb")
}

struct Files<'a> {
    root: &'a Path,
    found: BTreeMap<String, Parts>,
}

impl Files<'_> {
    fn whole(&mut self, path: &str) {
        if let Some(digest) = file_digest(&self.root.join(path)) {
            self.found.insert(path.to_owned(), [(WHOLE.to_owned(), digest)].into());
        }
    }

    /// A file whose digest leaves something out.
    fn partly(&mut self, shown: String, path: &Path, read: fn(&str) -> Option<String>) {
        if let Some(digest) =
            fs::read(path).ok().and_then(|bytes| read(&String::from_utf8_lossy(&bytes)))
        {
            self.found.insert(shown, [(WHOLE.to_owned(), digest)].into());
        }
    }

    fn folder(&mut self, path: &str) {
        let walk = walkdir::WalkDir::new(self.root.join(path)).into_iter().filter_entry(|entry| {
            !matches!(entry.file_name().to_str(), Some("node_modules" | ".git" | ".next"))
        });
        for entry in walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
            if let Ok(relative) = entry.path().strip_prefix(self.root) {
                self.whole(&relative.to_string_lossy());
            }
        }
    }

    fn project(&mut self, project: &str, manager: ManagerKind) {
        for name in WHOLE_FILES {
            self.whole(&below(project, name));
        }
        let npmrc = below(project, ".npmrc");
        self.partly(npmrc.clone(), &self.root.join(&npmrc), npmrc_digest);
        for name in SETTINGS {
            let path = below(project, name);
            self.partly(path.clone(), &self.root.join(&path), settings_digest);
        }
        self.manifest(project, manager, &mut BTreeSet::new());
    }

    /// A manifest by its keys, and what it names besides published packages.
    fn manifest(&mut self, project: &str, manager: ManagerKind, seen: &mut BTreeSet<String>) {
        let folder = self.root.join(project);
        let path = below(project, "package.json");
        let Some(raw) = read_raw_manifest(&folder) else { return self.whole(&path) };
        let parts =
            raw.iter().map(|(key, value)| (key.clone(), digest(value.to_string().as_bytes())));
        self.found.insert(path, parts.collect());
        for patch in patched(&raw) {
            self.whole(&below(project, &patch));
        }
        if seen.len() > DEEPEST_LOCAL {
            return;
        }
        for (target, is_linked) in local_packages(&raw) {
            let Some(path) = within(project, &target).filter(|path| seen.insert(path.clone()))
            else {
                continue;
            };
            if self.root.join(&path).is_file() {
                self.whole(&path);
            } else if manager == ManagerKind::Npm || is_linked {
                // A linked folder's files are read where they lie.
                self.manifest(&path, manager, seen);
            } else {
                self.folder(&path);
                self.manifest(&path, manager, seen);
            }
        }
    }

    fn user(&mut self, environment: &BTreeMap<String, String>, manager: ManagerKind) {
        let Some(home) = environment.get("HOME").map(PathBuf::from) else { return };
        let named = ["npm_config_userconfig", "NPM_CONFIG_USERCONFIG"]
            .iter()
            .find_map(|name| environment.get(*name));
        let npmrc = named.map_or_else(|| home.join(".npmrc"), PathBuf::from);
        self.partly("~/.npmrc".into(), &npmrc, npmrc_digest);
        if matches!(manager, ManagerKind::Npm | ManagerKind::Pnpm) {
            return;
        }
        for name in USER_SETTINGS {
            self.partly(format!("~/{name}"), &home.join(name), settings_digest);
        }
    }

    /// What `@prisma/client` generates code from when it is installed.
    fn generated_from(&mut self, app: &Path, root: &Path) {
        let Some(raw) = read_raw_manifest(app) else { return };
        for schema in schemas(app, root, &raw) {
            self.whole(&schema);
        }
    }
}

/// Prisma's schemas of an app and its settings, from the root; none where the app does not need its client.
pub(super) fn schemas(app: &Path, root: &Path, manifest: &Map<String, Value>) -> Vec<String> {
    let depends = ["dependencies", "devDependencies"]
        .iter()
        .any(|kind| manifest.get(*kind).and_then(|kind| kind.get("@prisma/client")).is_some());
    if !depends {
        return Vec::new();
    }
    let project = app.strip_prefix(root).unwrap_or(Path::new("")).to_string_lossy();
    let named =
        manifest.get("prisma").and_then(|prisma| prisma.get("schema")).and_then(Value::as_str);
    let places = named.into_iter().chain(["schema.prisma", "prisma"]);
    let mut schemas: Vec<_> = places
        .map(|place| root.join(below(&project, place.trim_start_matches("./"))))
        .flat_map(|place| walkdir::WalkDir::new(place).sort_by_file_name())
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|kind| kind == "prisma"))
        .filter_map(|entry| {
            Some(entry.path().strip_prefix(root).ok()?.to_string_lossy().into_owned())
        })
        .collect();
    let settings = ["ts", "mts", "js", "mjs", "cjs"].map(|kind| format!("prisma.config.{kind}"));
    schemas.extend(settings.iter().map(|name| below(&project, name)));
    schemas
}

/// Folders that npm links besides the members of the workspace, and whose scripts it runs as well.
pub(crate) fn linked_folders(place: &Place) -> Vec<String> {
    let mut folders = BTreeSet::new();
    for project in &place.projects {
        let raw = read_raw_manifest(&place.root.join(project)).unwrap_or_default();
        let targets = local_packages(&raw).into_iter();
        folders.extend(targets.filter_map(|(target, _)| within(project, &target)));
    }
    folders.retain(|path| place.root.join(path).is_dir() && !place.projects.contains(path));
    folders.into_iter().collect()
}

/// Files of changes that pnpm applies.
fn patched(manifest: &Map<String, Value>) -> Vec<String> {
    let patches = manifest.get("pnpm").and_then(|pnpm| pnpm.get("patchedDependencies"));
    let own = manifest.get("patchedDependencies");
    patches
        .into_iter()
        .chain(own)
        .filter_map(Value::as_object)
        .flat_map(|patches| patches.values().filter_map(Value::as_str))
        .map(ToOwned::to_owned)
        .collect()
}

/// Folders and archives that a manifest takes for packages, and whether they are linked for certain.
fn local_packages(manifest: &Map<String, Value>) -> Vec<(String, bool)> {
    ["dependencies", "devDependencies", "optionalDependencies", "resolutions", "overrides"]
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_object())
        .flat_map(Map::values)
        .filter_map(Value::as_str)
        .filter_map(|range| {
            let linked = ["link:", "portal:"].iter().find_map(|kind| range.strip_prefix(kind));
            let copied = || {
                let relative = range.starts_with("./") || range.starts_with("../");
                range.strip_prefix("file:").or_else(|| relative.then_some(range))
            };
            let path = linked.or_else(copied)?;
            // yarn writes what it is bound to behind two colons.
            Some((path.split("::").next().unwrap_or(path).to_owned(), linked.is_some()))
        })
        .collect()
}

/// A path of a project's manifest, from the root; nothing where it is absolute.
fn within(project: &str, target: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for component in Path::new(project).join(target).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir => match parts.last().map(String::as_str) {
                None | Some("..") => parts.push("..".into()),
                Some(_) => {
                    parts.pop();
                }
            },
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}
