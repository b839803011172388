use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::report::render::format_bytes;

/// What Next and its compilers keep in the cache to be faster next time. Whatever else lies there is the user's:
/// the folder is the one that hosts restore, so that other tools are told to use it as well.
const OF_THE_COMPILERS: &[&str] =
    &["webpack", "turbopack", "rspack", "swc", "eslint", ".tsbuildinfo"];

/// Next's cache of builds.
#[derive(Debug, Clone)]
pub(super) struct BuildCache {
    /// As logs and people call it.
    name: String,
    folder: PathBuf,
}

impl BuildCache {
    /// The cache in a dist dir; none where that is the app itself, whose `cache` would be the user's.
    pub(super) fn new(app_root: &Path, dist_directory: &str) -> Option<Self> {
        (dist_directory != ".").then(|| Self {
            name: format!("{dist_directory}/cache"),
            folder: app_root.join(dist_directory).join("cache"),
        })
    }

    fn entries(&self) -> impl Iterator<Item = PathBuf> {
        OF_THE_COMPILERS.iter().map(|name| self.folder.join(name)).filter(|path| path.exists())
    }

    /// Removes what the next build makes again.
    pub(super) fn clear(&self) -> Result<String, String> {
        let mut removed = 0;
        for path in self.entries() {
            removed += size(&path);
            remove(&path)
                .map_err(|error| format!("cannot remove `{}`: {error}", path.display()))?;
        }
        if removed == 0 {
            return Err(format!("there is nothing in `{}` that could be the cause", self.name));
        }
        Ok(format!("removes what the compilers kept in `{}`, {}", self.name, format_bytes(removed)))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    // A link is removed itself, never what it leads to.
    if path.symlink_metadata()?.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

fn size(path: &Path) -> u64 {
    let files = walkdir::WalkDir::new(path).into_iter().filter_map(Result::ok);
    files
        .filter_map(|file| file.metadata().ok())
        .filter(fs::Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_compilers_wrote_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for path in ["webpack/server/0.pack", ".tsbuildinfo", "cypress/tool", "images/a"] {
            write(&format!(".next/cache/{path}"));
        }
        let cache = BuildCache::new(root.path(), ".next").unwrap();
        assert!(cache.clear().unwrap().contains("`.next/cache`"));
        assert!(!root.path().join(".next/cache/webpack").exists());
        assert!(root.path().join(".next/cache/cypress/tool").exists());
        assert!(root.path().join(".next/cache/images/a").exists());
        assert!(cache.clear().is_err());
        assert!(BuildCache::new(root.path(), ".").is_none());
    }
}
