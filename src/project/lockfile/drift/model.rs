use std::{collections::BTreeMap, path::Path};

use crate::project::lockfile::Lockfile;

/// What the comparison looks at; manifests of workspaces and settings are read from the folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DriftInput<'a> {
    /// The folder of the lockfile, absolute: where the manager resolves.
    pub(crate) root: &'a Path,
    /// The lockfile itself.
    pub(crate) lockfile: &'a Lockfile,
    /// The version of the manager that will install, where it is known; its rules differ by version.
    pub(crate) manager_version: Option<&'a semver::Version>,
    /// The environment that it will install in; flags of its command stand there as the settings that they are.
    pub(crate) variables: &'a BTreeMap<String, String>,
}

/// What the manager's frozen install would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It installs.
    InSync,
    /// It refuses.
    OutOfSync,
    /// It cannot be said from the files alone; nothing is reported as an error.
    Undecided,
}

/// Manifests against lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drift {
    /// What the manager would say.
    pub(crate) verdict: Verdict,
    /// What differs, in the order of the manifests.
    pub(crate) changes: Vec<Change>,
}

impl Drift {
    /// Nothing differs.
    pub(crate) const IN_SYNC: Self = Self { verdict: Verdict::InSync, changes: Vec::new() };
}

/// One thing that manifest and lockfile say differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// What kind of difference.
    pub(crate) kind: ChangeKind,
    /// The file that asks, relative to the lockfile's folder: `package.json`, `apps/web/package.json`, `pnpm-workspace.yaml`.
    pub(crate) file: String,
    /// The key that asks: `dependencies`, `overrides`, `catalogs.default`.
    pub(crate) section: String,
    /// The package, or the name of the setting.
    pub(crate) name: String,
    /// What the manifest asks for; nothing where it no longer asks.
    pub(crate) wanted: Option<String>,
    /// What the lockfile holds instead; nothing where it holds none.
    pub(crate) locked: Option<String>,
}

/// How manifest and lockfile differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// The lockfile does not know the package.
    Missing,
    /// The lockfile was made for another range, or holds a version outside it.
    Changed,
    /// The lockfile holds what no manifest asks for any more.
    Removed,
    /// A setting that the lockfile was made with: overrides, patches, catalogs, checksums.
    Setting,
    /// An optional package of another platform that a locked package lists: the lockfile was made where the registry, or npm's
    /// own fault, left it out; nobody forgot to run the manager.
    PlatformOptional,
}
