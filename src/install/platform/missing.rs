use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde_json::Value;

use super::machine::is_named_for_this_machine;

/// Bytes above which no manifest is read.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;
/// `node_modules` within each other.
const MAXIMUM_DEPTH: usize = 32;

/// An optional package for this machine that an installed package pins and Node would not find.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MissingPackage {
    /// Its name.
    pub(crate) name: String,
    /// The exact version that is pinned.
    pub(crate) version: String,
    /// The package that pins it.
    pub(crate) parent: String,
    /// Where that lies, its links resolved.
    pub(crate) parent_folder: PathBuf,
}

impl MissingPackage {
    /// As the manager names it.
    pub(crate) fn specification(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

/// Looks at every package below the `node_modules` of some folders. `own_words` is what the project itself says about packages
/// (overrides, packages to ignore): what is named there is left to it.
pub(crate) fn missing_packages(folders: &[PathBuf], own_words: &str) -> Vec<MissingPackage> {
    let mut packages = BTreeSet::new();
    for folder in folders {
        collect(&folder.join("node_modules"), 0, &mut packages);
    }
    let mut missing: Vec<_> = packages
        .into_par_iter()
        .flat_map_iter(|folder| missing_of(&folder))
        .filter(|package| !own_words.contains(&package.name))
        .collect();
    missing.sort();
    missing
}

/// The package folders of a `node_modules`, with those inside them and those of pnpm's store; links are not followed.
fn collect(node_modules: &Path, depth: usize, packages: &mut BTreeSet<PathBuf>) {
    if depth > MAXIMUM_DEPTH {
        return;
    }
    for (folder, name) in folders(node_modules) {
        if name == ".pnpm" {
            for (entry, _) in folders(&folder) {
                collect(&entry.join("node_modules"), depth + 1, packages);
            }
        } else if name.starts_with('@') {
            for (folder, _) in folders(&folder) {
                add(folder, depth, packages);
            }
        } else if !name.starts_with('.') {
            add(folder, depth, packages);
        }
    }
}

fn add(folder: PathBuf, depth: usize, packages: &mut BTreeSet<PathBuf>) {
    collect(&folder.join("node_modules"), depth + 1, packages);
    packages.insert(folder);
}

/// The folders in a folder, with their names.
fn folders(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn missing_of(folder: &Path) -> Vec<MissingPackage> {
    let Some(manifest) = manifest(folder) else { return Vec::new() };
    let Some(optional) = manifest.get("optionalDependencies").and_then(Value::as_object) else {
        return Vec::new();
    };
    let parent_folder = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let parent = manifest.get("name").and_then(Value::as_str).unwrap_or_default();
    optional
        .iter()
        .filter(|(name, _)| is_named_for_this_machine(name) && is_package_name(name))
        .filter_map(|(name, version)| Some((name, version.as_str()?)))
        // Anything but an exact version is the manager's to choose.
        .filter(|(_, version)| semver::Version::parse(version).is_ok())
        .filter(|(name, _)| !is_found(&parent_folder, name))
        .map(|(name, version)| MissingPackage {
            name: name.clone(),
            version: version.to_owned(),
            parent: parent.to_owned(),
            parent_folder: parent_folder.clone(),
        })
        .collect()
}

/// Reads a manifest only where it lists optional packages.
fn manifest(folder: &Path) -> Option<Value> {
    let path = folder.join("package.json");
    if path.metadata().ok()?.len() > MAXIMUM_SIZE {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    memchr::memmem::find(&bytes, b"\"optionalDependencies\"")?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether a name can be a path below `node_modules` and nothing else.
fn is_package_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    match name.strip_prefix('@').map(|rest| rest.split_once('/')) {
        Some(Some((scope, name))) => part(scope) && part(name),
        Some(None) => false,
        None => part(name),
    }
}

/// Node's search: every `node_modules` from the package upwards.
fn is_found(folder: &Path, name: &str) -> bool {
    folder
        .ancestors()
        .filter(|ancestor| ancestor.file_name().is_none_or(|name| name != "node_modules"))
        .any(|ancestor| ancestor.join("node_modules").join(name).join("package.json").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str) -> String {
        let architecture = if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" };
        format!("{name}-linux-{architecture}")
    }

    fn package(root: &Path, path: &str, manifest: &str) {
        let folder = root.join(path);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), manifest).unwrap();
    }

    fn found(root: &Path, own_words: &str) -> Vec<String> {
        let found = missing_packages(&[root.to_path_buf()], own_words);
        found
            .iter()
            .map(|package| format!("{} {}", package.parent, package.specification()))
            .collect()
    }

    #[test]
    fn what_a_parent_pins_for_this_machine_must_be_there() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (one, two) = (own("one"), own("two"));
        let pins = |name: &str, optional: &str, version: &str| {
            format!(
                r#"{{"name":"{name}","optionalDependencies":{{"{optional}":"{version}","x-darwin-arm64":"1.0.0","sharp":"1.0.0"}}}}"#
            )
        };
        package(root, "node_modules/one", &pins("one", &one, "1.0.0"));
        package(root, "node_modules/@scope/two", &pins("@scope/two", &two, "2.0.0"));
        package(root, "node_modules/ranged", &pins("ranged", &own("ranged"), "^1.0.0"));
        package(root, "node_modules/outer/node_modules/one", &pins("one", &one, "3.0.0"));
        package(root, "node_modules/evil", &pins("evil", &own("../../evil"), "1.0.0"));
        package(root, "node_modules/broken", "{\"optionalDependencies\"");
        let pnpm = "node_modules/.pnpm/deep@1.0.0/node_modules";
        package(root, &format!("{pnpm}/deep"), &pins("deep", &own("deep"), "1.0.0"));
        std::os::unix::fs::symlink(root, root.join("node_modules/one/node_modules")).unwrap();
        assert_eq!(
            found(root, ""),
            [
                format!("deep {}@1.0.0", own("deep")),
                format!("one {one}@1.0.0"),
                format!("one {one}@3.0.0"),
                format!("@scope/two {two}@2.0.0"),
            ]
        );
        assert!(
            !found(root, &format!("{{\"{two}\":\"-\"}}")).iter().any(|line| line.contains("two"))
        );
        package(root, &format!("node_modules/{one}"), "{}");
        package(root, &format!("node_modules/@scope/two/node_modules/{two}"), "{}");
        package(root, &format!("{pnpm}/{}", own("deep")), "{}");
        assert!(found(root, "").is_empty());
    }
}
