use std::path::{Path, PathBuf};

use super::scan::Range;
use crate::project::{ManagerKind, Project, read_raw_manifest, workspace_members};

/// The folder of installed packages.
pub(super) const MODULES: &str = "node_modules";
/// The fingerprint's own name. npm removes it with everything else in `node_modules`, which is right.
pub(super) const FILE: &str = ".deployfix-install";
/// A fingerprint that is not whole yet.
pub(super) const NEW_FILE: &str = ".deployfix-install.new";
/// yarn's folder; a fingerprint lies here where there is no `node_modules`.
const YARN_FOLDER: &str = ".yarn";
/// What tells that yarn installs without `node_modules`.
const PLUG_AND_PLAY: &str = ".pnp.cjs";

/// Names directly in a project's `node_modules` that are left out: tools keep caches there while the project is built or
/// run, no package has such a name, and pnpm writes the time of its last look into its state.
const EXCUSED: &[&str] = &[
    FILE,
    NEW_FILE,
    ".cache",
    ".tmp",
    ".vite",
    ".vite-temp",
    ".vitest",
    ".pnpm-workspace-state.json",
    ".pnpm-workspace-state-v1.json",
];

/// What yarn writes besides `node_modules`. Its cache needs no check of the whole: every archive is looked at.
const YARN_FILES: &[&str] =
    &[PLUG_AND_PLAY, ".pnp.data.json", ".pnp.loader.mjs", ".yarn/install-state.gz"];
const YARN_FOLDERS: &[&str] = &[".yarn/cache", ".yarn/unplugged"];

/// Where an installation lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder of the lockfile, absolute.
    pub(crate) root: PathBuf,
    /// The projects that are installed together, from the root; the root itself, an empty path, comes first.
    pub(crate) projects: Vec<String>,
    /// What installs.
    pub(crate) manager: ManagerKind,
}

impl Place {
    /// The place of the app's installation.
    pub(crate) fn of(project: &Project) -> Self {
        let root = project
            .lockfile()
            .and_then(|lockfile| lockfile.path.parent())
            .unwrap_or(&project.root)
            .to_path_buf();
        let manager = project.manager.kind;
        let mut projects = vec![String::new()];
        projects.extend(workspace_members(&root, &patterns(&root, manager)));
        if let Ok(app) = project.root.strip_prefix(&root) {
            projects.push(app.to_string_lossy().into_owned());
        }
        let mut seen = std::collections::HashSet::new();
        projects.retain(|path| seen.insert(path.clone()));
        Self { root, projects, manager }
    }

    /// Everything that the installation consists of.
    pub(super) fn range(&self) -> Range {
        let mut folders: Vec<_> =
            self.projects.iter().map(|project| below(project, MODULES)).collect();
        if self.manager == ManagerKind::Npm {
            // What a linked folder needs is installed in it.
            let linked = super::files::linked_folders(self);
            folders.extend(linked.iter().map(|folder| below(folder, MODULES)));
        }
        let mut files = Vec::new();
        // yarn 4.6 runs scripts without its install state; with `node_modules` nothing else needs it either.
        if self.manager == ManagerKind::YarnBerry && self.root.join(PLUG_AND_PLAY).is_file() {
            folders.extend(YARN_FOLDERS.iter().map(ToString::to_string));
            files.extend(YARN_FILES.iter().map(ToString::to_string));
            files.extend(super::archives::outside(&self.root));
        }
        Range { folders, files, excused: EXCUSED }
    }

    /// The folders of installed packages that a manager fills.
    pub(super) fn module_folders(&self) -> impl Iterator<Item = PathBuf> {
        self.projects.iter().map(|project| self.root.join(project).join(MODULES))
    }

    /// Where a fingerprint is read and written now.
    pub(super) fn fingerprint(&self) -> PathBuf {
        let folder = if self.root.join(PLUG_AND_PLAY).is_file() { YARN_FOLDER } else { MODULES };
        self.root.join(folder).join(FILE)
    }

    /// Everywhere an earlier fingerprint may lie.
    pub(super) fn fingerprints(&self) -> [PathBuf; 2] {
        [MODULES, YARN_FOLDER].map(|folder| self.root.join(folder).join(FILE))
    }

    /// What yarn goes on from without reading it. Its loader it writes anew each time, its archives it checks.
    pub(super) fn made_anew(&self) -> Vec<PathBuf> {
        if self.manager != ManagerKind::YarnBerry {
            return Vec::new();
        }
        [".yarn/unplugged", ".yarn/install-state.gz"].map(|name| self.root.join(name)).to_vec()
    }
}

/// The globs of a workspace's members.
fn patterns(root: &Path, manager: ManagerKind) -> Vec<String> {
    let strings = |value: &serde_json::Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(ToOwned::to_owned))
            .collect()
    };
    if manager == ManagerKind::Pnpm {
        let text = std::fs::read_to_string(root.join("pnpm-workspace.yaml")).unwrap_or_default();
        let settings: Option<serde_json::Value> = serde_yaml::from_str(&text).ok();
        return settings
            .and_then(|settings| settings.get("packages").map(strings))
            .unwrap_or_default();
    }
    let Some(workspaces) = read_raw_manifest(root).and_then(|mut raw| raw.remove("workspaces"))
    else {
        return Vec::new();
    };
    workspaces.get("packages").map_or_else(|| strings(&workspaces), strings)
}

/// A path below a project.
pub(super) fn below(project: &str, name: &str) -> String {
    if project.is_empty() { name.to_owned() } else { format!("{project}/{name}") }
}
