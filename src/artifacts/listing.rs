use std::{
    fs, io,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file and its bytes.
    File(u64),
    /// A symbolic link and its target as written; never followed.
    Link(String),
}

/// A file or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Relative to the app root, `/` as separator.
    pub(super) path: String,
    /// What it is.
    pub(super) kind: Kind,
    /// Where to open it.
    pub(super) absolute: PathBuf,
}

impl Entry {
    /// Bytes of a file; a link has none of its own.
    pub(super) fn size(&self) -> u64 {
        match self.kind {
            Kind::File(size) => size,
            Kind::Link(_) => 0,
        }
    }
}

/// A folder could not be listed in full.
#[derive(Debug, thiserror::Error)]
#[error("cannot list `{path}`: {source}")]
pub(super) struct ListingError {
    /// The place that was refused, relative to the app root.
    pub(super) path: String,
    source: io::Error,
}

/// Everything below a folder of the app root, sorted by path; folders in `passed_over` (relative to the app root) are left out.
pub(super) fn list(
    app_root: &Path,
    directory: &str,
    passed_over: &[String],
) -> Result<Vec<Entry>, ListingError> {
    let start = app_root.join(directory);
    let passed_over: Vec<PathBuf> =
        passed_over.iter().map(|folder| app_root.join(folder)).collect();
    let walk = WalkDir::new(&start)
        .into_iter()
        .filter_entry(|entry| !passed_over.iter().any(|folder| folder == entry.path()));
    let mut entries = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| ListingError {
            path: relative(app_root, error.path().unwrap_or(&start)),
            source: error.into(),
        })?;
        if entry.file_type().is_dir() || (entry.depth() == 0 && entry.path().is_dir()) {
            continue;
        }
        let failed = |source| ListingError { path: relative(app_root, entry.path()), source };
        let kind = if entry.file_type().is_symlink() {
            Kind::Link(fs::read_link(entry.path()).map_err(failed)?.to_string_lossy().into_owned())
        } else {
            Kind::File(entry.metadata().map_err(|error| failed(error.into()))?.len())
        };
        let path = relative(app_root, entry.path());
        entries.push(Entry { path, kind, absolute: entry.into_path() });
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(entries)
}

/// A path relative to the app root, with `..` where it lies outside; both must be of the same form.
pub(super) fn relative(app_root: &Path, path: &Path) -> String {
    let shared = app_root
        .components()
        .zip(path.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = app_root.components().skip(shared).map(|_| Path::new(".."));
    let down = path.components().skip(shared).map(|component| Path::new(component.as_os_str()));
    up.chain(down).collect::<PathBuf>().to_string_lossy().into_owned()
}
