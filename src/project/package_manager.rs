use std::{fmt, path::Path};

use super::{
    lockfile::{Lockfile, LockfileKind},
    manager_program::ManagerProgram,
    manifest::{FILE, Manifest},
};
use crate::report::{Evidence, Finding, FindingId, Location, Severity};

/// The managers that deployfix knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ManagerKind {
    /// npm
    Npm,
    /// pnpm
    Pnpm,
    /// yarn 1
    YarnClassic,
    /// yarn 2 and later
    YarnBerry,
    /// bun
    Bun,
}

impl ManagerKind {
    /// The command that adds a package.
    pub(crate) fn add_command(self) -> &'static str {
        match self {
            Self::Npm => "npm install",
            Self::Pnpm => "pnpm add",
            Self::YarnClassic | Self::YarnBerry => "yarn add",
            Self::Bun => "bun add",
        }
    }

    /// The program on PATH.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// Version of the program on `PATH`, told by the package that it lies in; nothing where it is no package, and
    /// for corepack's stand-in.
    pub(crate) fn installed_version(self, path: Option<&str>, folder: &Path) -> Option<String> {
        ManagerProgram::find(self, path, folder).version().map(|version| version.to_string())
    }

    /// The install that changes neither manifest nor lockfile.
    pub(crate) fn frozen_install(self) -> &'static [&'static str] {
        match self {
            Self::Npm => &["npm", "ci"],
            Self::Pnpm => &["pnpm", "install", "--frozen-lockfile"],
            Self::YarnClassic => &["yarn", "install", "--frozen-lockfile"],
            Self::YarnBerry => &["yarn", "install", "--immutable"],
            Self::Bun => &["bun", "install", "--frozen-lockfile"],
        }
    }

    /// The command that runs a script of the manifest.
    pub(crate) fn run_script(self, script: &str) -> Vec<String> {
        [self.program(), "run", script].map(ToOwned::to_owned).to_vec()
    }

    /// The lockfile it writes.
    pub(crate) fn lockfile_name(self) -> &'static str {
        match self {
            Self::Npm => "package-lock.json",
            Self::Pnpm => "pnpm-lock.yaml",
            Self::YarnClassic | Self::YarnBerry => "yarn.lock",
            Self::Bun => "bun.lock",
        }
    }
}

impl fmt::Display for ManagerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::YarnClassic => "yarn 1",
            Self::YarnBerry => "yarn 2 or later",
            other => other.program(),
        })
    }
}

/// The manifest's `packageManager`, as `pnpm@10.4.1+sha512.abc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestedManager {
    /// Which one.
    pub(crate) kind: ManagerKind,
    /// Its exact version; absent for a URL.
    pub(crate) version: Option<semver::Version>,
    /// `<algorithm>.<digest>`.
    pub(crate) hash: Option<String>,
}

impl RequestedManager {
    /// Parses the field as corepack does; nothing where corepack refuses it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, specification) = text.split_once('@')?;
        if specification.starts_with("https://") || specification.starts_with("http://") {
            return Some(Self { kind: kind_of(name, None)?, version: None, hash: None });
        }
        let (version, hash) = match specification.split_once('+') {
            Some((version, hash)) => (version, Some(hash.to_owned())),
            None => (specification, None),
        };
        let version = semver::Version::parse(version).ok()?;
        Some(Self { kind: kind_of(name, Some(version.major))?, version: Some(version), hash })
    }
}

fn kind_of(name: &str, major: Option<u64>) -> Option<ManagerKind> {
    match name {
        "npm" => Some(ManagerKind::Npm),
        "pnpm" => Some(ManagerKind::Pnpm),
        "yarn" if major.is_some_and(|major| major < 2) => Some(ManagerKind::YarnClassic),
        "yarn" => Some(ManagerKind::YarnBerry),
        "bun" => Some(ManagerKind::Bun),
        _ => None,
    }
}

/// What decided for a manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecidedBy {
    /// Its lockfile.
    Lockfile,
    /// The manifest's `packageManager`.
    PackageManagerField,
    /// Nothing: npm comes with Node.
    Default,
}

/// The manager that installs the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageManager {
    /// Which one.
    pub(crate) kind: ManagerKind,
    /// What decided.
    pub(crate) decided_by: DecidedBy,
    /// What `packageManager` asks for, where it can be read.
    pub(crate) requested: Option<RequestedManager>,
}

impl PackageManager {
    /// Chooses by lockfile, then by `packageManager`, else npm; among several lockfiles `packageManager` decides.
    pub(crate) fn choose(manifest: Option<&Manifest>, lockfiles: &[Lockfile]) -> Self {
        let requested = manifest
            .and_then(|manifest| manifest.package_manager.as_deref())
            .and_then(RequestedManager::parse);
        let wanted = requested.as_ref().map(|requested| requested.kind);
        let chosen = lockfiles
            .iter()
            .find(|lockfile| {
                wanted.is_some_and(|kind| kind.program() == lockfile.kind.manager().program())
            })
            .or_else(|| lockfiles.iter().max_by_key(|lockfile| preference(lockfile.kind)));
        match (chosen, wanted) {
            (Some(lockfile), wanted) => Self {
                kind: wanted
                    .filter(|kind| kind.program() == lockfile.kind.manager().program())
                    .unwrap_or(lockfile.kind.manager()),
                decided_by: DecidedBy::Lockfile,
                requested,
            },
            (None, Some(kind)) => {
                Self { kind, decided_by: DecidedBy::PackageManagerField, requested }
            }
            (None, None) => {
                Self { kind: ManagerKind::Npm, decided_by: DecidedBy::Default, requested }
            }
        }
    }
}

/// Among several lockfiles npm's is the likeliest to be left over from one stray `npm install`.
fn preference(kind: LockfileKind) -> u8 {
    match kind {
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => 0,
        LockfileKind::YarnClassic => 1,
        LockfileKind::YarnBerry => 2,
        LockfileKind::Bun | LockfileKind::BunBinary => 3,
        LockfileKind::Pnpm => 4,
    }
}

/// Where lockfiles, `packageManager` and each other disagree.
pub(crate) fn conflicts(
    manifest: Option<&Manifest>,
    lockfiles: &[Lockfile],
    manager: &PackageManager,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(several_lockfiles(lockfiles, manager));
    findings.extend(manifest.and_then(|manifest| field_mismatch(manifest, lockfiles, manager)));
    findings
}

fn several_lockfiles(lockfiles: &[Lockfile], manager: &PackageManager) -> Option<Finding> {
    let used = lockfiles
        .iter()
        .find(|lockfile| lockfile.kind.manager().program() == manager.kind.program())?;
    let others: Vec<_> = lockfiles
        .iter()
        .filter(|lockfile| lockfile.kind.manager().program() != manager.kind.program())
        .collect();
    let first = others.first()?;
    let names: Vec<_> =
        others.iter().map(|lockfile| format!("`{}`", lockfile.relative_path)).collect();
    Some(
        Finding::new(
            FindingId::LockfileConflict,
            format!(
                "`{}` stands beside {}: lockfiles of several package managers",
                used.relative_path,
                names.join(" and ")
            ),
            format!(
                "deployfix installs with {}; a tool that picks another lockfile installs other versions, so keep one",
                manager.kind
            ),
        )
        .location(Location::file(first.relative_path.clone()))
        .hint(format!("git rm {}", first.relative_path)),
    )
}

fn field_mismatch(
    manifest: &Manifest,
    lockfiles: &[Lockfile],
    manager: &PackageManager,
) -> Option<Finding> {
    let field = manifest.package_manager.as_deref()?;
    let evidence = Evidence::new(FILE, format!("\"packageManager\": \"{field}\""));
    let Some(requested) = &manager.requested else {
        return Some(
            Finding::new(
                FindingId::ManifestInvalid,
                format!("`packageManager` is `{field}`, which names no package manager with an exact version"),
                "corepack refuses it; write the name, `@` and an exact version",
            )
            .severity(Severity::Warning)
            .location(Location::file(FILE))
            .evidence(evidence)
            .hint(format!("\"packageManager\": \"{}@<version>\"", manager.kind.program())),
        );
    };
    let fits = |lockfile: &&Lockfile| lockfile.kind.manager() == requested.kind;
    if lockfiles.is_empty() || lockfiles.iter().any(|lockfile| fits(&lockfile)) {
        return None;
    }
    let found = lockfiles.iter().max_by_key(|lockfile| preference(lockfile.kind))?;
    Some(
        Finding::new(
            FindingId::PackageManagerMismatch,
            format!(
                "`packageManager` asks for `{field}`, but `{}` was written by {}",
                found.relative_path,
                found.kind.manager()
            ),
            format!(
                "{} cannot install exactly from that lockfile; install once with the manager that is meant and commit its lockfile, or correct `packageManager`",
                requested.kind
            ),
        )
        .location(Location::file(FILE))
        .evidence(evidence),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_read_as_corepack_reads_it() {
        let parsed = |text| RequestedManager::parse(text).map(|requested| requested.kind);
        for (text, expected) in [
            ("npm@10.2.0", Some(ManagerKind::Npm)),
            ("pnpm@10.4.1+sha512.abc", Some(ManagerKind::Pnpm)),
            ("yarn@1.22.22", Some(ManagerKind::YarnClassic)),
            ("yarn@4.5.0", Some(ManagerKind::YarnBerry)),
            ("yarn@https://example.com/yarn.js", Some(ManagerKind::YarnBerry)),
            ("bun@1.1.0", Some(ManagerKind::Bun)),
            ("pnpm@10", None),
            ("pnpm", None),
            ("@", None),
            ("cnpm@1.0.0", None),
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
        let hash = RequestedManager::parse("pnpm@10.4.1+sha512.abc").unwrap().hash;
        assert_eq!(hash.as_deref(), Some("sha512.abc"));
    }
}
