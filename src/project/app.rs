use std::path::{Path, PathBuf};

use super::{
    lockfile::{self, Lockfile},
    manifest::{self, ManifestRead},
    next::{self, Next},
    next_config::{self, NextConfig},
    package_manager::PackageManager,
    workspace,
};

/// The app as it lies on disk.
#[derive(Debug)]
pub(crate) struct Project {
    /// The app root, absolute, its links resolved.
    pub(crate) root: PathBuf,
    /// The nearest folder, from the app root up, that is a git repository.
    pub(crate) repository_root: Option<PathBuf>,
    /// package.json and what is wrong with it.
    pub(crate) manifest: ManifestRead,
    /// The lockfiles that the managers use for the app.
    pub(crate) lockfiles: Vec<Lockfile>,
    /// The manager that installs it.
    pub(crate) manager: PackageManager,
    /// What is known about Next.
    pub(crate) next: Next,
    /// What next.config says about the output.
    pub(crate) next_config: NextConfig,
}

impl Project {
    /// Reads a project; what cannot be read is among the findings of its part.
    pub(crate) fn read(root: &Path) -> Self {
        // The managers see the folder as the kernel does: links and `..` resolved.
        let absolute = root
            .canonicalize()
            .or_else(|_| std::path::absolute(root))
            .unwrap_or_else(|_| root.to_path_buf());
        let repository_root = workspace::repository_root(&absolute);
        let roots = workspace::roots(&absolute, repository_root.as_deref());
        let (manifest, lockfiles) =
            rayon::join(|| manifest::read(&absolute), || lockfile::find(&absolute, &roots));
        let manager = PackageManager::choose(manifest.manifest.as_ref(), &lockfiles);
        let used = used_lockfile(&lockfiles, &manager);
        let next = next::read(&absolute, manifest.manifest.as_ref(), used);
        let next_config = next_config::read(&absolute, repository_root.as_deref(), &next);
        Self { root: absolute, repository_root, manifest, lockfiles, manager, next, next_config }
    }

    /// The lockfile that the manager installs from.
    pub(crate) fn lockfile(&self) -> Option<&Lockfile> {
        used_lockfile(&self.lockfiles, &self.manager)
    }
}

fn used_lockfile<'a>(lockfiles: &'a [Lockfile], manager: &PackageManager) -> Option<&'a Lockfile> {
    lockfiles.iter().find(|lockfile| lockfile.kind.manager().program() == manager.kind.program())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{ManagerKind, lockfile::LockfileKind};

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        folder
    }

    /// The manager chosen and the lockfile it uses, for the app at `app`.
    fn chosen(files: &[(&str, &str)], app: &str) -> (ManagerKind, Option<(LockfileKind, String)>) {
        let folder = folder(files);
        let project = Project::read(&folder.path().join(app));
        let lockfile = project.lockfile().map(|file| (file.kind, file.relative_path.clone()));
        (project.manager.kind, lockfile)
    }

    #[test]
    fn the_manager_follows_lockfile_field_and_workspace() {
        use LockfileKind as Kind;
        use ManagerKind as Manager;
        const LOCK: (&str, &str) = ("package-lock.json", "{}");
        let file = |kind, path: &str| Some((kind, path.to_owned()));
        assert_eq!(chosen(&[], ""), (Manager::Npm, None));
        assert_eq!(chosen(&[LOCK], ""), (Manager::Npm, file(Kind::Npm, "package-lock.json")));
        assert_eq!(
            chosen(&[LOCK, ("npm-shrinkwrap.json", "{}")], ""),
            (Manager::Npm, file(Kind::NpmShrinkwrap, "npm-shrinkwrap.json"))
        );
        assert_eq!(
            chosen(&[LOCK, ("pnpm-lock.yaml", "")], ""),
            (Manager::Pnpm, file(Kind::Pnpm, "pnpm-lock.yaml"))
        );
        let field = ("package.json", r#"{"packageManager":"npm@10.0.0"}"#);
        assert_eq!(
            chosen(&[LOCK, ("pnpm-lock.yaml", ""), field], ""),
            (Manager::Npm, file(Kind::Npm, "package-lock.json"))
        );
        let yarn = ("package.json", r#"{"packageManager":"yarn@4.1.0"}"#);
        assert_eq!(chosen(&[yarn], ""), (Manager::YarnBerry, None));
        let classic = ("yarn.lock", "# yarn lockfile v1\n");
        let berry = ("yarn.lock", "__metadata:\n  version: 8\n");
        assert_eq!(
            chosen(&[classic], ""),
            (Manager::YarnClassic, file(Kind::YarnClassic, "yarn.lock"))
        );
        assert_eq!(chosen(&[berry], ""), (Manager::YarnBerry, file(Kind::YarnBerry, "yarn.lock")));
        assert_eq!(chosen(&[classic, yarn], "").0, Manager::YarnBerry);
        let root = ("package.json", r#"{"workspaces":["apps/*"]}"#);
        let app = ("apps/web/package.json", "{}");
        assert_eq!(
            chosen(&[root, app, LOCK, ("apps/web/package-lock.json", "{}")], "apps/web"),
            (Manager::Npm, file(Kind::Npm, "../../package-lock.json"))
        );
        assert_eq!(chosen(&[app, LOCK], "apps/web"), (Manager::Npm, None));
        assert_eq!(
            chosen(&[app, ("pnpm-workspace.yaml", ""), ("pnpm-lock.yaml", "")], "apps/web"),
            (Manager::Pnpm, file(Kind::Pnpm, "../../pnpm-lock.yaml"))
        );
    }
}
