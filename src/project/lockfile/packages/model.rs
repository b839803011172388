/// One package of a lockfile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// Whether it comes inside another package, which its checksum covers.
    pub(crate) bundled: bool,
    /// Its key in the lockfile: `node_modules/zod`, `/zod/3.25.0`, `zod@npm:^3.25.0`.
    pub(crate) key: String,
    /// The line of that key, from 1.
    pub(crate) line: Option<u64>,
}

/// Where a locked package comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// The registry that is configured when it is installed: the lockfile names no address.
    #[default]
    Registry,
    /// A tarball at an address, of a registry or not.
    Tarball(String),
    /// A git repository, with what is checked out.
    Git(String),
    /// A folder or an archive of this repository.
    Local(String),
}

impl LockedPackage {
    /// A package of the configured registry, of which nothing else is known.
    pub(super) fn new(name: &str, key: &str, line: Option<u64>) -> Self {
        Self { name: name.to_owned(), key: key.to_owned(), line, ..Self::default() }
    }

    /// Remembers the published name, where it is another.
    pub(super) fn published_as(&mut self, name: &str) {
        self.published_name = (!name.is_empty() && name != self.name).then(|| name.to_owned());
    }

    /// What tells two packages of one name apart: the version, else where it comes from.
    pub(super) fn identity(&self) -> String {
        let version = self.version.clone();
        let published = self.published_name.as_deref().map(|name| format!("npm:{name}@"));
        let version = version.map(|version| published.unwrap_or_default() + &version);
        match &self.source {
            Source::Git(address) => address.clone(),
            Source::Local(path) => version.unwrap_or_else(|| path.clone()),
            Source::Tarball(address) => version.unwrap_or_else(|| address.clone()),
            Source::Registry => version.unwrap_or_default(),
        }
    }
}
