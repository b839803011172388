//! What `artifacts.files` takes of `baseDirectory`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::patterns::Patterns;
use crate::{
    buildspec::Artifacts,
    report::{Evidence, Finding, FindingId, Location},
};

/// The files that a build delivers.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    /// Relative to the base directory, sorted.
    pub(crate) files: Vec<PathBuf>,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// Whether they are put side by side.
    flat: bool,
}

/// Collects the files of a base directory, given absolute and as reports show it.
pub(crate) fn collect(
    base: &Path,
    shown: &str,
    artifacts: &Artifacts,
) -> Result<Collection, Box<Finding>> {
    let texts: Vec<_> = artifacts.files.iter().map(|file| file.value.as_str()).collect();
    let patterns = Patterns::new(Path::new(""), texts.iter().copied());
    let listing = patterns.list(base, usize::MAX).map_err(|error| {
        Box::new(
            Finding::new(
                FindingId::ArtifactIncomplete,
                error.to_string(),
                "the build output must be readable for the user that deploys it",
            )
            .location(Location::file(shown)),
        )
    })?;
    if !listing.files.is_empty() {
        let (files, bytes) = (listing.files, listing.bytes);
        return Ok(Collection { files, bytes, flat: artifacts.discards_paths() });
    }
    let mut finding = Finding::new(
        FindingId::ArtifactMissing,
        format!("no file of `{shown}` matches `artifacts.files`"),
        "nothing would be deployed; the patterns are relative to `baseDirectory`",
    )
    .location(Location::file(shown))
    .evidence(Evidence::new("artifacts.files", texts.join(", ")))
    .hint("files: ['**/*']");
    for (text, reason) in &patterns.refused {
        finding = finding.evidence(Evidence::new("artifacts.files", format!("`{text}`: {reason}")));
    }
    Err(Box::new(finding))
}

/// Whether a folder can take the files without mixing them with others.
pub(crate) fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Copies a collection into a free folder; links stay links.
pub(crate) fn copy(base: &Path, collection: &Collection, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for path in &collection.files {
        let source = base.join(path);
        let target = match path.file_name().filter(|_| collection.flat) {
            Some(name) => folder.join(name),
            None => folder.join(path),
        };
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let link = fs::symlink_metadata(&source)?.is_symlink();
        if link {
            std::os::unix::fs::symlink(fs::read_link(&source)?, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}
