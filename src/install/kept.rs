use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use crate::report::store::DIRECTORY;

/// Copies of the files of the checkout that a recovery lets a package manager change.
///
/// They are put back byte for byte when the value goes out of scope; after a kill, by the next installation, which finds the index.
#[derive(Debug)]
pub(crate) struct KeptFiles {
    folder: PathBuf,
    files: Vec<KeptFile>,
}

/// A file as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptFile {
    path: PathBuf,
    /// The name of its copy; nothing where there was no file.
    copy: Option<String>,
    mode: u32,
    modified: Option<SystemTime>,
}

/// Written last, so that only complete copies are ever put back.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    checkout: Checkout,
    files: Vec<KeptFile>,
}

/// Which folder on which boot of which machine: copies that came out of a cache must not reach another checkout.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checkout {
    device: u64,
    inode: u64,
    boot: String,
}

impl Checkout {
    fn of(app_root: &Path) -> io::Result<Self> {
        let metadata = app_root.metadata()?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Ok(Self { device: metadata.dev(), inode: metadata.ino(), boot: boot.trim().to_owned() })
    }
}

const INDEX: &str = "index.json";

impl KeptFiles {
    /// Copies files, also those that do not exist yet and must not stay.
    pub(crate) fn keep(app_root: &Path, paths: &[PathBuf]) -> io::Result<Self> {
        let folder = folder(app_root);
        if folder.join(INDEX).exists() {
            return Err(io::Error::other("an earlier copy was not put back"));
        }
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let files = paths
            .iter()
            .enumerate()
            .map(|(number, path)| keep(&folder, number, path))
            .collect::<io::Result<Vec<_>>>()?;
        let index = Index { checkout: Checkout::of(app_root)?, files };
        write(&folder.join(INDEX), &serde_json::to_vec(&index)?, 0o600)?;
        Ok(Self { folder, files: index.files })
    }

    /// Puts back what differs from its copy.
    pub(crate) fn restore(&self) -> io::Result<()> {
        self.files.iter().try_for_each(|file| restore(&self.folder, file).map(drop))
    }

    /// Lets a file stay as it is now.
    pub(crate) fn give_up(&mut self, path: &Path) {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        self.files.retain(|file| file.path != real && file.path != path);
    }

    /// The bytes of a file as they were.
    pub(crate) fn original(&self, path: &Path) -> Option<Vec<u8>> {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let file = self.files.iter().find(|file| file.path == real || file.path == path)?;
        fs::read(self.folder.join(file.copy.as_ref()?)).ok()
    }
}

impl Drop for KeptFiles {
    fn drop(&mut self) {
        // Where this fails the index stays, and the next installation tries again.
        if self.restore().is_ok() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Puts back what a killed installation left changed; the files with their present state set aside, where that was another.
pub(crate) fn restore_left_over(app_root: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = folder(app_root);
    let Ok(text) = fs::read(folder.join(INDEX)) else { return Ok(Vec::new()) };
    let index = serde_json::from_slice::<Index>(&text).ok();
    let Some(index) = index
        .filter(|index| Checkout::of(app_root).is_ok_and(|checkout| checkout == index.checkout))
    else {
        fs::remove_dir_all(&folder)?;
        return Ok(Vec::new());
    };
    let replaced = app_root.join(DIRECTORY).join("replaced");
    let mut restored = Vec::new();
    for file in &index.files {
        let present = fs::read(&file.path).ok();
        if restore(&folder, file)? {
            // Someone may have worked on it since; nothing is lost.
            if let (Some(present), Some(name)) = (present, file.path.file_name()) {
                fs::create_dir_all(&replaced)?;
                fs::write(replaced.join(name), present)?;
            }
            restored.push(file.path.clone());
        }
    }
    fs::remove_dir_all(&folder)?;
    Ok(restored)
}

fn folder(app_root: &Path) -> PathBuf {
    app_root.join(DIRECTORY).join("kept")
}

fn keep(folder: &Path, number: usize, path: &Path) -> io::Result<KeptFile> {
    let absent = || KeptFile { path: path.to_path_buf(), copy: None, mode: 0, modified: None };
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(absent()),
        Err(error) => return Err(error),
    };
    let metadata = real.metadata()?;
    let copy = number.to_string();
    write(&folder.join(&copy), &fs::read(&real)?, 0o600)?;
    Ok(KeptFile {
        path: real,
        copy: Some(copy),
        mode: metadata.permissions().mode() & 0o7777,
        modified: metadata.modified().ok(),
    })
}

/// Whether something had to be changed.
fn restore(folder: &Path, file: &KeptFile) -> io::Result<bool> {
    let Some(copy) = &file.copy else {
        return match fs::remove_file(&file.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        };
    };
    let bytes = fs::read(folder.join(copy))?;
    if fs::read(&file.path).is_ok_and(|present| present == bytes) {
        return Ok(false);
    }
    write(&file.path, &bytes, file.mode)?;
    if let Some(modified) = file.modified {
        File::options().write(true).open(&file.path)?.set_modified(modified)?;
    }
    Ok(true)
}

/// Writes beside and renames: a kill leaves the old bytes or the new ones.
fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".deployfix-").tempfile_in(parent)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        folder: tempfile::TempDir,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("lock"), "old\n").unwrap();
            Self { folder }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn keep(&self) -> KeptFiles {
            KeptFiles::keep(self.folder.path(), &[self.path("lock"), self.path("new")]).unwrap()
        }

        fn change(&self) {
            fs::write(self.path("lock"), "changed").unwrap();
            fs::write(self.path("new"), "made").unwrap();
        }
    }

    #[test]
    fn what_changed_is_put_back_and_what_was_made_is_removed() {
        let case = Case::new();
        fs::set_permissions(case.path("lock"), fs::Permissions::from_mode(0o640)).unwrap();
        let before = case.path("lock").metadata().unwrap();
        let kept = case.keep();
        case.change();
        drop(kept);
        let after = case.path("lock").metadata().unwrap();
        assert_eq!(fs::read_to_string(case.path("lock")).unwrap(), "old\n");
        assert_eq!(after.permissions().mode(), before.permissions().mode());
        assert_eq!(after.modified().unwrap(), before.modified().unwrap());
        assert!(!case.path("new").exists());
        assert!(!folder(case.folder.path()).exists());
    }

    #[test]
    fn after_a_kill_the_next_run_puts_it_back_and_loses_nothing() {
        let case = Case::new();
        std::mem::forget(case.keep());
        case.change();
        let restored = restore_left_over(case.folder.path()).unwrap();
        assert_eq!(restored.len(), 2);
        assert_eq!(fs::read_to_string(case.path("lock")).unwrap(), "old\n");
        assert!(!case.path("new").exists());
        assert_eq!(fs::read_to_string(case.path(".deployfix/replaced/lock")).unwrap(), "changed");
        assert!(restore_left_over(case.folder.path()).unwrap().is_empty());
    }

    #[test]
    fn copies_of_another_checkout_are_not_put_back() {
        let (first, second) = (Case::new(), Case::new());
        std::mem::forget(first.keep());
        fs::create_dir_all(second.path(".deployfix")).unwrap();
        fs::rename(folder(first.folder.path()), folder(second.folder.path())).unwrap();
        second.change();
        assert!(restore_left_over(second.folder.path()).unwrap().is_empty());
        assert_eq!(fs::read_to_string(second.path("lock")).unwrap(), "changed");
    }

    #[test]
    fn an_index_that_is_not_complete_changes_nothing() {
        let case = Case::new();
        std::mem::forget(case.keep());
        case.change();
        fs::write(folder(case.folder.path()).join(INDEX), "{\"checkout\":").unwrap();
        assert!(restore_left_over(case.folder.path()).unwrap().is_empty());
        assert_eq!(fs::read_to_string(case.path("lock")).unwrap(), "changed");
    }

    #[test]
    fn a_file_that_was_given_up_stays() {
        let case = Case::new();
        let mut kept = case.keep();
        case.change();
        kept.give_up(&case.path("lock"));
        kept.give_up(&case.path("new"));
        drop(kept);
        assert_eq!(fs::read_to_string(case.path("lock")).unwrap(), "changed");
        assert!(case.path("new").exists());
    }
}
