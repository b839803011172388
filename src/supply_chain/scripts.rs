use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::{
    config::{InstallScripts, OtherScripts},
    project::{LockedPackage, read_raw_manifest},
};

/// Scripts of a package that run when it is installed.
const LIFECYCLE: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Where pnpm lists whose scripts run and whose do not: in the manifest until version 10, in pnpm-workspace.yaml since.
/// Read in pnpm 11: `allowBuilds` takes the place of the others.
const PNPM_LISTS: [&str; 4] =
    ["onlyBuiltDependencies", "ignoredBuiltDependencies", "neverBuiltDependencies", "allowBuilds"];
/// Bytes above which a manifest is not read.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;

/// Which packages' install scripts somebody has reviewed.
#[derive(Debug, Default)]
pub(crate) struct ReviewedScripts {
    /// Whether there is a list that scripts outside of it are measured by.
    pub(crate) is_policy: bool,
    names: BTreeSet<String>,
}

impl ReviewedScripts {
    /// Reads the list of deployfix.yml and those that managers take from the root's manifest.
    pub(crate) fn read(root: &Path, scripts: &InstallScripts) -> Self {
        let mut names: BTreeSet<_> = scripts.allow.iter().cloned().collect();
        let manifest = read_raw_manifest(root).unwrap_or_default();
        let list = |value: Option<&Value>| -> Vec<String> {
            match value {
                Some(Value::Array(names)) => {
                    names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
                }
                Some(Value::Object(table)) => table.keys().cloned().collect(),
                _ => Vec::new(),
            }
        };
        let npm = list(manifest.get("allowScripts"));
        let is_policy =
            !scripts.allow.is_empty() || scripts.others == OtherScripts::Skip || !npm.is_empty();
        names.extend(npm.iter().map(|key| without_version(key).to_owned()));
        let workspace = pnpm_workspace(root);
        for settings in [manifest.get("pnpm"), workspace.as_ref()].into_iter().flatten() {
            for key in PNPM_LISTS {
                names.extend(
                    list(settings.get(key)).iter().map(|key| without_version(key).to_owned()),
                );
            }
        }
        names.extend(list(manifest.get("trustedDependencies")));
        names.extend(
            list(manifest.get("dependenciesMeta"))
                .iter()
                .map(|key| without_version(key).to_owned()),
        );
        Self { is_policy, names }
    }

    /// Whether the package is on a list.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

fn pnpm_workspace(root: &Path) -> Option<Value> {
    let bytes = bounded(&root.join("pnpm-workspace.yaml"))?;
    serde_yaml::from_slice(&bytes).ok()
}

/// `canvas@2.11.2 || 2.11.3` without the versions.
fn without_version(key: &str) -> &str {
    let scope = usize::from(key.starts_with('@'));
    key[scope..].find('@').map_or(key, |at| &key[..scope + at])
}

/// The packages that run scripts when they are installed: by the lockfile, or, where it does not tell, by `node_modules`.
pub(crate) fn with_scripts<'p>(
    root: &Path,
    packages: &'p [LockedPackage],
) -> Vec<&'p LockedPackage> {
    let mut seen = BTreeSet::new();
    packages
        .iter()
        .filter(|package| {
            package
                .has_install_script
                .unwrap_or_else(|| has_scripts(&root.join("node_modules").join(&package.name)))
        })
        .filter(|package| seen.insert(&package.name))
        .collect()
}

/// Whether an installed package has install scripts; `node-gyp` builds what has a `binding.gyp` and no such script.
fn has_scripts(folder: &Path) -> bool {
    let Some(manifest) = manifest(&folder.join("package.json")) else { return false };
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    scripts.is_some_and(|scripts| LIFECYCLE.iter().any(|name| scripts.contains_key(*name)))
        || (folder.join("binding.gyp").is_file()
            && manifest.get("gypfile") != Some(&Value::Bool(false)))
}

fn manifest(path: &Path) -> Option<Value> {
    serde_json::from_slice(&bounded(path)?).ok()
}

fn bounded(path: &Path) -> Option<Vec<u8>> {
    let metadata = path.metadata().ok()?;
    (metadata.is_file() && metadata.len() <= MAXIMUM_SIZE).then_some(())?;
    fs::read(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pnpm_s_lists_name_is_reviewed_wherever_they_stand() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
        write("package.json", r#"{"pnpm":{"onlyBuiltDependencies":["sharp"]}}"#);
        write(
            "pnpm-workspace.yaml",
            "ignoredBuiltDependencies: [core-js]\nallowBuilds:\n  esbuild: true\n  '@scope/native@1.0.0': false\n",
        );
        let reviewed = ReviewedScripts::read(root.path(), &InstallScripts::default());
        for name in ["sharp", "core-js", "esbuild", "@scope/native"] {
            assert!(reviewed.contains(name), "{name}");
        }
        assert!(!reviewed.contains("canvas"));
    }
}
