use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    thread,
};

use serde::{Deserialize, Serialize};

use super::{external, files, machine::Machine, place::Place, settings::relevant_variables};
use crate::{
    process::CommandSpec,
    project::{Project, locked_packages},
};

/// Everything that decides what an installation becomes. No value of a setting is kept, only what tells that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Inputs {
    /// What installs, and for which machine.
    pub(super) machine: Machine,
    /// The command line.
    pub(super) command: String,
    /// `NODE_ENV`, which is no secret.
    pub(super) node_environment: Option<String>,
    /// Digests of the variables that change what is installed.
    pub(super) variables: BTreeMap<String, String>,
    /// Digests of files by their paths from the root, in parts: keys of a manifest, or the whole.
    pub(super) files: BTreeMap<String, BTreeMap<String, String>>,
    /// The path of the lockfile among them.
    pub(super) lockfile: String,
    /// Versions of each locked package.
    pub(super) packages: BTreeMap<String, BTreeSet<String>>,
    /// Packages that keep more than `node_modules` elsewhere, with where it was.
    pub(super) external: BTreeMap<String, String>,
}

/// Where the inputs come from.
pub(crate) struct Sources<'a> {
    pub(crate) project: &'a Project,
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) command: &'a CommandSpec,
}

impl Inputs {
    /// The inputs of an installation that would begin now.
    pub(super) fn gather(place: &Place, sources: &Sources<'_>) -> Self {
        let environment = sources.environment;
        let lockfile = sources.project.lockfile();
        let (machine, packages, files) = thread::scope(|scope| {
            // Asking Node for its version takes as long as everything else.
            let machine = scope.spawn(|| Machine::of(place, environment, &sources.project.root));
            let packages = lockfile.map(versions).unwrap_or_default();
            let files = files::digests(place, environment, &sources.project.root);
            (machine.join().unwrap_or_default(), packages, files)
        });
        Self {
            machine,
            command: sources.command.display(),
            node_environment: environment.get("NODE_ENV").cloned(),
            variables: relevant_variables(environment),
            files,
            lockfile: lockfile
                .and_then(|lockfile| lockfile.path.strip_prefix(&place.root).ok())
                .map(|path| path.to_string_lossy().into_owned())
                .unwrap_or_default(),
            packages,
            external: external::present(place, sources),
        }
    }
}

fn versions(lockfile: &crate::project::Lockfile) -> BTreeMap<String, BTreeSet<String>> {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in locked_packages(lockfile) {
        if let Some(version) = package.version {
            versions.entry(package.name).or_default().insert(version);
        }
    }
    versions
}

/// What tells one content from another.
pub(super) fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}

/// The digest of a file; nothing where it is not there.
pub(super) fn file_digest(path: &Path) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| digest(&bytes))
}
