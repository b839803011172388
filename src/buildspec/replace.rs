use std::{
    fs::{self, Metadata},
    io::{self, Write},
    os::unix::fs::{MetadataExt, fchown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::find::SpecFile;
use crate::project::{conflict_marker, repository};

/// A file is not replaced; it is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplaceError {
    /// It holds the markers that git leaves in both sides' place.
    #[error("it holds conflict markers of an unfinished merge")]
    ConflictMarkers,
    /// Git's index holds several versions of it.
    #[error("git still counts it as unmerged")]
    Unmerged,
    /// Its owner did not want it written.
    #[error("it is read-only")]
    ReadOnly,
    /// A pipe or a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// Its bytes are not those that were read.
    #[error("it was changed by somebody else in the meantime")]
    Changed,
    /// Some of its bytes are no text, and would be lost.
    #[error("it is not UTF-8")]
    NotText,
    /// The file system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Puts the new text in the place of the old one in one step: owner and permissions stay, a
/// symbolic link goes on to point to the file.
pub(crate) fn replace(old: &SpecFile, new: &SpecFile) -> Result<(), ReplaceError> {
    if old.text.invalid_at.is_some() {
        return Err(ReplaceError::NotText);
    }
    if conflict_marker(&old.text.content).is_some() {
        return Err(ReplaceError::ConflictMarkers);
    }
    let metadata = old.path.metadata()?;
    if !metadata.is_file() {
        return Err(ReplaceError::NotAFile);
    }
    let path = old.path.canonicalize()?;
    if metadata.permissions().readonly() {
        return Err(ReplaceError::ReadOnly);
    }
    if is_unmerged(&path) {
        return Err(ReplaceError::Unmerged);
    }
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes(new))?;
    own_alike(file.as_file(), &metadata)?;
    file.as_file().sync_all()?;
    if fs::read(&path)? != bytes(old) {
        return Err(ReplaceError::Changed);
    }
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// The file as it lies on disk.
pub(crate) fn bytes(file: &SpecFile) -> Vec<u8> {
    let mark: &[u8] = if file.text.byte_order_mark { b"\xef\xbb\xbf" } else { b"" };
    [mark, file.text.content.as_bytes()].concat()
}

fn own_alike(file: &fs::File, metadata: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    file.set_permissions(metadata.permissions())
}

/// Whether git's index holds several versions of a file; without git it does not.
fn is_unmerged(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    if repository::root(folder).is_none() {
        return false;
    }
    Command::new("git")
        .args(["--literal-pathspecs", "ls-files", "--unmerged", "--"])
        .arg(name)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
}
