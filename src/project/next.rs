use std::path::Path;

use serde::Deserialize;

use super::{
    lockfile::{Lockfile, locked_next},
    manifest::Manifest,
    text::read_text,
};

/// What is known about Next in the project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Next {
    /// The range in the manifest.
    pub(crate) requested: Option<String>,
    /// The version in the lockfile.
    pub(crate) locked: Option<String>,
    /// The version in `node_modules`.
    pub(crate) installed: Option<String>,
    /// `engines.node` of the installed one.
    pub(crate) installed_engines: Option<String>,
}

impl Next {
    /// The version that runs or will run, as far as known for certain.
    pub(crate) fn version(&self) -> Option<semver::Version> {
        let exact = self.requested.as_deref();
        [self.locked.as_deref(), self.installed.as_deref(), exact]
            .into_iter()
            .flatten()
            .find_map(|text| semver::Version::parse(text).ok())
    }

    /// Its major version; a range such as `^14.1` is enough to tell it.
    pub(crate) fn major(&self) -> Option<u64> {
        if let Some(version) = self.version() {
            return Some(version.major);
        }
        let range = self.requested.as_deref()?.trim().trim_start_matches(['^', '~', '=', 'v']);
        let is_single = !range.contains([' ', '|', '<', '>']);
        range.split('.').next()?.parse().ok().filter(|_| is_single)
    }
}

/// The package.json of an installed package; only what is asked of it.
#[derive(Deserialize)]
struct Installed {
    version: Option<String>,
    engines: Option<Engines>,
}

#[derive(Deserialize)]
struct Engines {
    node: Option<String>,
}

/// Reads what manifest, lockfile and `node_modules` say about Next.
pub(crate) fn read(
    app_root: &Path,
    manifest: Option<&Manifest>,
    lockfile: Option<&Lockfile>,
) -> Next {
    let installed = app_root
        .ancestors()
        .take(4)
        .map(|folder| folder.join("node_modules/next/package.json"))
        .find_map(|path| read_text(&path, 1024 * 1024).ok())
        .and_then(|text| serde_json::from_str::<Installed>(&text.content).ok());
    Next {
        requested: manifest.and_then(|manifest| manifest.range_of("next")).map(ToOwned::to_owned),
        locked: lockfile.and_then(locked_next),
        installed_engines: installed
            .as_ref()
            .and_then(|installed| installed.engines.as_ref()?.node.clone()),
        installed: installed.and_then(|installed| installed.version),
    }
}
