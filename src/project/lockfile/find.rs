use std::path::{Path, PathBuf};

use crate::project::{
    package_manager::ManagerKind,
    text::{Text, TextError, read_text},
    workspace::{self, WorkspaceRoots},
};

/// Bytes above which a file is no lockfile; the largest public ones have some 10 MB.
const MAXIMUM_SIZE: u64 = 128 * 1024 * 1024;

/// What wrote a lockfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LockfileKind {
    /// npm-shrinkwrap.json, which npm prefers.
    NpmShrinkwrap,
    /// package-lock.json
    Npm,
    /// pnpm-lock.yaml
    Pnpm,
    /// yarn.lock of yarn 1
    YarnClassic,
    /// yarn.lock of yarn 2 and later
    YarnBerry,
    /// bun.lock
    Bun,
    /// bun.lockb
    BunBinary,
}

impl LockfileKind {
    /// The manager that installs from it.
    pub(crate) fn manager(self) -> ManagerKind {
        match self {
            Self::NpmShrinkwrap | Self::Npm => ManagerKind::Npm,
            Self::Pnpm => ManagerKind::Pnpm,
            Self::YarnClassic => ManagerKind::YarnClassic,
            Self::YarnBerry => ManagerKind::YarnBerry,
            Self::Bun | Self::BunBinary => ManagerKind::Bun,
        }
    }
}

/// A lockfile that applies to the app.
#[derive(Debug)]
pub(crate) struct Lockfile {
    /// What wrote it.
    pub(crate) kind: LockfileKind,
    /// Where it is, absolute.
    pub(crate) path: PathBuf,
    /// The same as reports show it: relative to the app root.
    pub(crate) relative_path: String,
    /// Its text; the binary kind is not read.
    pub(crate) text: Result<Text, TextError>,
}

/// Names of lockfiles by manager, the one that wins first.
const NAMES: &[&[(&str, LockfileKind)]] = &[
    &[
        ("npm-shrinkwrap.json", LockfileKind::NpmShrinkwrap),
        ("package-lock.json", LockfileKind::Npm),
    ],
    &[("pnpm-lock.yaml", LockfileKind::Pnpm)],
    &[("yarn.lock", LockfileKind::YarnClassic)],
    &[("bun.lock", LockfileKind::Bun), ("bun.lockb", LockfileKind::BunBinary)],
];

/// The lockfiles that the managers use for the app: its own, and those of the workspace that it belongs to.
///
/// A workspace's lockfile stands in the place of the app's own of the same manager, as it does for the managers.
pub(crate) fn find(app_root: &Path, roots: &WorkspaceRoots) -> Vec<Lockfile> {
    let mut found = Vec::new();
    for names in NAMES {
        let root = match names[0].1 {
            LockfileKind::Pnpm => roots.pnpm.as_deref(),
            _ => roots.manifest.as_deref(),
        };
        let candidates = root.into_iter().chain([app_root]);
        let lockfile = candidates
            .flat_map(|folder| names.iter().map(move |(name, kind)| (folder.join(name), *kind)))
            .find(|(path, _)| path.symlink_metadata().is_ok());
        if let Some((path, kind)) = lockfile {
            found.push(read(app_root, &path, kind));
        }
    }
    found
}

/// The lockfiles that the managers use when they are started in a folder.
pub(crate) fn lockfiles_of(folder: &Path, repository_root: Option<&Path>) -> Vec<Lockfile> {
    find(folder, &workspace::roots(folder, repository_root))
}

fn read(app_root: &Path, path: &Path, kind: LockfileKind) -> Lockfile {
    let text = match kind {
        LockfileKind::BunBinary => {
            Ok(Text { content: String::new(), byte_order_mark: false, invalid_at: None })
        }
        _ => read_text(path, MAXIMUM_SIZE),
    };
    let berry = kind == LockfileKind::YarnClassic
        && text.as_ref().is_ok_and(|text| is_berry(&text.content, path));
    Lockfile {
        kind: if berry { LockfileKind::YarnBerry } else { kind },
        path: path.to_path_buf(),
        relative_path: relative(app_root, path),
        text,
    }
}

/// yarn 2 and later write `__metadata:`; where the file is too short to tell, their settings file tells.
fn is_berry(content: &str, path: &Path) -> bool {
    if content.contains("# yarn lockfile v1") {
        return false;
    }
    content.lines().any(|line| line.starts_with("__metadata:"))
        || path.with_file_name(".yarnrc.yml").is_file()
}

/// A path below or above the app root, relative to it.
pub(crate) fn relative(app_root: &Path, path: &Path) -> String {
    for (steps, folder) in app_root.ancestors().enumerate() {
        if let Ok(rest) = path.strip_prefix(folder) {
            return format!("{}{}", "../".repeat(steps), rest.to_string_lossy());
        }
    }
    path.to_string_lossy().into_owned()
}
