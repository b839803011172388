use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::{project::ManagerKind, report::render::format_bytes};

/// Removes caches of the build and of the manager from the disk of the project; the bytes freed, and what was removed.
///
/// Nothing but caches: what lies there is fetched or made again when it is needed. The manager's belongs to every project of a
/// person, so it goes only in a CI.
pub(super) fn free_caches(
    manager: ManagerKind,
    app_root: &Path,
    variables: &BTreeMap<String, String>,
    in_ci: bool,
) -> Result<(u64, String), String> {
    let mut freed = 0;
    let mut removed = Vec::new();
    let own = [("the build cache", Some(app_root.join(".next/cache")))];
    let shared = in_ci.then(|| manager_cache(manager, variables));
    for (name, folder) in own.into_iter().chain(shared) {
        let Some(folder) = folder.filter(|folder| is_on_disk_of(folder, app_root)) else {
            continue;
        };
        let size = size(&folder);
        if size > 0 && fs::remove_dir_all(&folder).is_ok() {
            freed += size;
            removed.push(format!("{name}, {}", format_bytes(size)));
        }
    }
    if removed.is_empty() {
        return Err("there is no cache on this disk that could be removed".into());
    }
    Ok((freed, format!("removed {} ({freed} bytes)", removed.join(", and "))))
}

/// pnpm's store and the folders of yarn 2 and later are what `node_modules` and `.pnp.cjs` point into, and stay.
fn manager_cache(
    manager: ManagerKind,
    variables: &BTreeMap<String, String>,
) -> (&'static str, Option<PathBuf>) {
    let set = |wanted: &str| {
        let found = variables
            .iter()
            .find(|(name, value)| name.eq_ignore_ascii_case(wanted) && !value.is_empty());
        found.map(|(_, value)| PathBuf::from(value))
    };
    let home = |path: &str| variables.get("HOME").map(|home| Path::new(home).join(path));
    match manager {
        ManagerKind::Npm => (
            "npm's cache",
            set("npm_config_cache").or_else(|| home(".npm")).map(|root| root.join("_cacache")),
        ),
        ManagerKind::YarnClassic => (
            "yarn's cache",
            set("YARN_CACHE_FOLDER").or_else(|| home(".cache/yarn")).map(|root| root.join("v6")),
        ),
        ManagerKind::Bun => {
            ("bun's cache", set("BUN_INSTALL_CACHE_DIR").or_else(|| home(".bun/install/cache")))
        }
        ManagerKind::Pnpm | ManagerKind::YarnBerry => ("", None),
    }
}

fn is_on_disk_of(folder: &Path, app_root: &Path) -> bool {
    let device = |path: &Path| path.symlink_metadata().ok().map(|metadata| metadata.dev());
    device(folder).is_some() && device(folder) == device(app_root)
}

fn size(folder: &Path) -> u64 {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_caches_are_removed_and_their_bytes_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, size) in [
            (".next/cache/webpack/0.pack", 1000),
            (".next/BUILD_ID", 10),
            ("home/.npm/_cacache/content", 500),
            ("home/.npm/_logs/a.log", 10),
            ("node_modules/a/index.js", 10),
        ] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), vec![0; size]).unwrap();
        }
        let home = root.join("home").to_string_lossy().into_owned();
        let variables = BTreeMap::from([("HOME".to_owned(), home)]);
        let (freed, text) = free_caches(ManagerKind::Npm, root, &variables, true).unwrap();
        assert_eq!(freed, 1500);
        assert!(text.ends_with("(1500 bytes)") && text.contains("npm's cache"), "{text}");
        for kept in [".next/BUILD_ID", "home/.npm/_logs/a.log", "node_modules/a/index.js"] {
            assert!(root.join(kept).exists(), "{kept}");
        }
        assert!(free_caches(ManagerKind::Npm, root, &variables, true).is_err());
        assert!(free_caches(ManagerKind::Pnpm, root, &variables, true).is_err());
        fs::create_dir_all(root.join("home/.npm/_cacache")).unwrap();
        fs::write(root.join("home/.npm/_cacache/content"), "shared").unwrap();
        assert!(free_caches(ManagerKind::Npm, root, &variables, false).is_err());
    }
}
