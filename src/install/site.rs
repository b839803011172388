use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::project::{
    LockedPackage, Lockfile, LockfileKind, ManagerKind, Project, locked_packages, lockfiles_of,
    relative, workspace_members, workspace_roots,
};

/// The folders and files of one installation.
pub(crate) struct InstallSite {
    /// Where deployfix works and the manager is started, absolute.
    pub(super) app_root: PathBuf,
    /// Where the manager resolves: the app, or the workspace that it belongs to.
    pub(super) root: PathBuf,
    /// The lockfile, or where the manager would write one.
    pub(super) lockfile: PathBuf,
    /// What wrote it; nothing where there is none yet.
    pub(super) kind: Option<LockfileKind>,
    /// The folders of the workspace that may have a `node_modules`.
    pub(super) folders: Vec<PathBuf>,
    manager: ManagerKind,
    repository_root: Option<PathBuf>,
}

impl InstallSite {
    /// Finds them.
    pub(crate) fn of(project: &Project) -> Self {
        let manager = project.manager.kind;
        let roots = workspace_roots(&project.root, project.repository_root.as_deref());
        let workspace = match manager {
            ManagerKind::Pnpm => roots.pnpm,
            _ => roots.manifest,
        };
        let found = project.lockfile();
        let root = found
            .and_then(|lockfile| lockfile.path.parent().map(Path::to_path_buf))
            .or(workspace)
            .unwrap_or_else(|| project.root.clone());
        let lockfile = found
            .map_or_else(|| root.join(manager.lockfile_name()), |lockfile| lockfile.path.clone());
        let mut folders = vec![root.clone()];
        folders.extend(members(&root).into_iter().map(|member| root.join(member)));
        if !folders.contains(&project.root) {
            folders.push(project.root.clone());
        }
        Self {
            app_root: project.root.clone(),
            root,
            lockfile,
            kind: found.map(|lockfile| lockfile.kind),
            folders,
            manager,
            repository_root: project.repository_root.clone(),
        }
    }

    /// The lockfile as reports show it.
    pub(super) fn lockfile_name(&self) -> String {
        relative(&self.app_root, &self.lockfile)
    }

    /// Every file of the checkout that an install without a frozen lockfile may write, there or not.
    ///
    /// Seen in yarn 4.6: it writes every manifest anew in its own form.
    pub(super) fn written_files(&self) -> Vec<PathBuf> {
        let lockfiles: &[&str] = match self.manager {
            ManagerKind::Npm => &["package-lock.json", "npm-shrinkwrap.json"],
            ManagerKind::Pnpm => &["pnpm-lock.yaml", "pnpm-workspace.yaml"],
            ManagerKind::YarnClassic => &["yarn.lock"],
            ManagerKind::YarnBerry => &["yarn.lock", ".yarnrc.yml"],
            ManagerKind::Bun => &["bun.lock", "bun.lockb"],
        };
        let mut files: Vec<_> = self
            .folders
            .iter()
            .filter(|folder| **folder == self.root || **folder == self.app_root)
            .flat_map(|folder| lockfiles.iter().map(|name| folder.join(name)))
            .collect();
        files.push(self.lockfile.clone());
        files.extend(self.folders.iter().map(|folder| folder.join("package.json")));
        files.sort();
        files.dedup();
        files
    }

    /// Removes what is installed, as `npm ci` does before it installs.
    pub(super) fn remove_node_modules(&self) -> Result<(), String> {
        self.folders.iter().map(|folder| folder.join("node_modules")).try_for_each(|folder| {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(format!("cannot remove `{}`: {error}", folder.display()))
                }
                _ => Ok(()),
            }
        })
    }

    /// What the lockfile on disk locks now.
    pub(super) fn locked(&self) -> Vec<LockedPackage> {
        self.read_lockfile().as_ref().map(locked_packages).unwrap_or_default()
    }

    /// The lockfile on disk.
    pub(super) fn read_lockfile(&self) -> Option<Lockfile> {
        lockfiles_of(&self.root, self.repository_root.as_deref())
            .into_iter()
            .find(|lockfile| lockfile.kind.manager().program() == self.manager.program())
    }

    /// What the project itself says about packages: overrides, packages to ignore.
    pub(super) fn own_words(&self) -> String {
        let files = ["package.json", "pnpm-workspace.yaml"];
        let texts = self.folders.iter().flat_map(|folder| files.map(|name| folder.join(name)));
        texts.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }
}

/// The folders of a workspace's packages, relative to its root.
fn members(root: &Path) -> Vec<String> {
    let of_manifest =
        crate::project::read_manifest(root).manifest.and_then(|manifest| manifest.workspaces);
    let of_pnpm = || {
        let text = fs::read_to_string(root.join("pnpm-workspace.yaml")).ok()?;
        let settings: serde_yaml::Value = serde_yaml::from_str(&text).ok()?;
        let packages = settings.get("packages")?.as_sequence()?;
        Some(packages.iter().filter_map(|pattern| Some(pattern.as_str()?.to_owned())).collect())
    };
    let patterns: Vec<String> = of_manifest.or_else(of_pnpm).unwrap_or_default();
    if patterns.is_empty() { Vec::new() } else { workspace_members(root, &patterns) }
}
