use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::project::{TextError, read_text, relative};

/// Bytes above which a file is none of those that are written here.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;
/// As git keeps files; the process's mask takes away from it.
const MODE: u32 = 0o666;

/// A file that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Where.
    pub(crate) path: PathBuf,
    /// The same as messages show it: relative to the repository.
    pub(crate) shown: String,
    /// Its new text.
    pub(crate) text: String,
    /// The text that stands there now.
    pub(crate) old: Option<String>,
}

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    /// It would replace one.
    #[error("`{path}` exists already")]
    Exists {
        /// The file.
        path: String,
    },
    /// A link, a folder or a device stands there.
    #[error("`{path}` is {what}")]
    NotRegular {
        /// What stands there.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// What stands there cannot be read, so that it could not be shown before it is replaced.
    #[error("`{path}` {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: TextError,
    },
    /// The file system refused.
    #[error("cannot write `{path}`: {reason}")]
    Unwritable {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl Placement {
    /// Whether the file holds the text already.
    pub(crate) fn is_current(&self) -> bool {
        self.old.as_deref() == Some(self.text.as_str())
    }
}

/// Looks whether a text may be written to a path; an equal one may always stand there.
pub(crate) fn prepare(
    repository: &Path,
    path: PathBuf,
    text: String,
    replace: bool,
) -> Result<Placement, PlaceError> {
    let shown = relative(repository, &path);
    let Ok(metadata) = fs::symlink_metadata(&path) else {
        return Ok(Placement { path, shown, text, old: None });
    };
    let what = if metadata.is_symlink() {
        Some("a symbolic link")
    } else if metadata.is_dir() {
        Some("a folder")
    } else if !metadata.is_file() {
        Some("no regular file")
    } else {
        None
    };
    if let Some(what) = what {
        return Err(PlaceError::NotRegular { path: shown, what });
    }
    let old = match read_text(&path, MAXIMUM_SIZE) {
        Ok(old) => old.content,
        Err(source) => return Err(PlaceError::Unreadable { path: shown, source }),
    };
    if !replace && old != text {
        return Err(PlaceError::Exists { path: shown });
    }
    Ok(Placement { path, shown, text, old: Some(old) })
}

/// Writes a file in one step. A file that appeared since it was prepared is not overwritten.
pub(crate) fn place(placement: &Placement) -> Result<(), PlaceError> {
    let path = &placement.path;
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        let mode = fs::metadata(path).map_or(MODE, |metadata| metadata.permissions().mode());
        let mut file = tempfile::Builder::new()
            .prefix(".deployfix-")
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(placement.text.as_bytes())?;
        file.as_file().sync_all()?;
        let persisted = match placement.old {
            Some(_) => file.persist(path),
            None => file.persist_noclobber(path),
        };
        persisted.map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| PlaceError::Unwritable {
        path: placement.shown.clone(),
        reason: error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("amplify.yml");
        let prepared = prepare(folder.path(), path.clone(), "new".into(), false).unwrap();
        fs::write(&path, "appeared meanwhile").unwrap();
        assert!(matches!(place(&prepared), Err(PlaceError::Unwritable { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "appeared meanwhile");
        assert!(matches!(
            prepare(folder.path(), path.clone(), "new".into(), false),
            Err(PlaceError::Exists { .. })
        ));
        place(&prepare(folder.path(), path.clone(), "new".into(), true).unwrap()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(prepare(folder.path(), path.clone(), "new".into(), false).unwrap().is_current());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(matches!(
            prepare(folder.path(), path, "new".into(), true),
            Err(PlaceError::NotRegular { what: "a symbolic link", .. })
        ));
        let absent =
            prepare(folder.path(), folder.path().join("absent/amplify.yml"), String::new(), true);
        assert!(matches!(place(&absent.unwrap()), Err(PlaceError::Unwritable { .. })));
    }
}
