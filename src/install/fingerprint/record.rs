use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{
    compare::{Difference, differences},
    external,
    format::Fingerprint,
    inputs::{Inputs, Sources},
    place::{MODULES, NEW_FILE, Place},
    scan::{Depth, Stopped, scan},
    tree::{Extent, Kind, Tree, shown},
    verify::{Damage, Verified},
};
use crate::project::ManagerKind;

/// How often a tree that changes while it is read is read again.
const LOOKS: usize = 5;

/// Why an installation was not recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unrecorded {
    #[error("nothing was installed")]
    Nothing,
    #[error("someone asked to stop")]
    Stopped,
    #[error("{0} as before, so what the manager installs from may be damaged itself")]
    Unmended(String),
    #[error("it was still being changed")]
    Unsettled,
    #[error("{0}, which deployfix does not verify")]
    Unverifiable(String),
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
}

impl Place {
    /// Takes back what was recorded, before anything is changed; when this returns, no kill brings it back.
    pub(crate) fn forget(&self) -> io::Result<()> {
        for path in self.fingerprints() {
            match fs::remove_file(&path) {
                Ok(()) => sync_folder(&path)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What an installation that begins now is made of. Whoever edits a file meanwhile must not see it taken for the new one.
    pub(crate) fn inputs(&self, sources: &Sources<'_>) -> Inputs {
        Inputs::gather(self, sources)
    }

    /// Records what was just installed from inputs, unless that mended nothing of the damage before.
    pub(crate) fn record(
        &self,
        mut inputs: Inputs,
        sources: &Sources<'_>,
        damage: Option<&Damage>,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Extent, Unrecorded> {
        let tree = scan(&self.root, &self.range(), Depth::Content, is_stopped);
        let tree = tree.map_err(|Stopped| Unrecorded::Stopped)?;
        let (tree, _) = self.settled(tree, is_stopped)?;
        if let Some(persisting) = damage.and_then(|damage| damage.persisting(&tree)) {
            return Err(Unrecorded::Unmended(persisting));
        }
        inputs.external = external::present(self, sources);
        self.write(&Fingerprint { inputs, tree })
    }

    /// Records the installation once more after scripts, which may change it; whether they did.
    pub(crate) fn record_changes(
        &self,
        verified: Verified,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<bool, Unrecorded> {
        let Verified { tree: seen, recorded, .. } = verified;
        let mut start = recorded.tree.clone();
        // What was recorded has the contents, what was seen has the identities.
        for directory in &mut start.directories {
            for entry in &mut directory.entries {
                if let (Kind::File(file), Some(Kind::File(seen))) =
                    (&mut entry.kind, seen.find(&directory.path, &entry.name))
                {
                    file.identity = seen.identity;
                }
            }
        }
        let (tree, changed) = self.settled(start, is_stopped)?;
        let differs =
            changed && differences(&recorded.tree, &tree).iter().any(Difference::is_certain);
        self.write(&Fingerprint { inputs: recorded.inputs, tree }).map(|_| differs)
    }

    /// Looks again until nothing changes between two looks, and reads again what did; whether anything did.
    fn settled(
        &self,
        mut tree: Tree,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Tree, bool), Unrecorded> {
        let mut changed = false;
        for _ in 0..LOOKS {
            let mut now = scan(&self.root, &self.range(), Depth::State, is_stopped)
                .map_err(|Stopped| Unrecorded::Stopped)?;
            if !self.carry(&tree, &mut now) {
                return Ok((now, changed));
            }
            changed = true;
            tree = now;
        }
        Err(Unrecorded::Unsettled)
    }

    /// Gives the files of a later look the contents that are known, or reads them; whether anything changed.
    fn carry(&self, known: &Tree, now: &mut Tree) -> bool {
        let mut changed = known.entries() != now.entries();
        for directory in &mut now.directories {
            for entry in &mut directory.entries {
                let before = known.find(&directory.path, &entry.name);
                match (&mut entry.kind, before) {
                    (Kind::File(now), Some(Kind::File(before)))
                        if now.identity == before.identity && now.size == before.size =>
                    {
                        now.hash = before.hash;
                    }
                    (Kind::File(now), _) => {
                        changed = true;
                        let path = self.root.join(shown(&directory.path, &entry.name));
                        now.hash =
                            fs::read(path).ok().map(|bytes| *blake3::hash(&bytes).as_bytes());
                    }
                    (now, before) => changed |= before != Some(&*now),
                }
            }
        }
        changed
    }

    fn write(&self, fingerprint: &Fingerprint) -> Result<Extent, Unrecorded> {
        let path = self.fingerprint();
        let extent = fingerprint.tree.extent();
        if extent.files == 0 || !path.parent().is_some_and(Path::is_dir) {
            return Err(Unrecorded::Nothing);
        }
        if let Some(reason) = self.unverifiable(&fingerprint.tree) {
            return Err(Unrecorded::Unverifiable(reason));
        }
        let Some(bytes) = fingerprint.encode() else {
            return Err(Unrecorded::Unverifiable(
                "a pipe, a device or an unreadable file lies among the packages".into(),
            ));
        };
        replace(&path, &bytes).map_err(|source| Unrecorded::Unwritable { path, source })?;
        Ok(extent)
    }

    /// Why a tree that was just installed cannot be verified later.
    fn unverifiable(&self, tree: &Tree) -> Option<String> {
        let shown =
            |path: &Path| path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        if let Some(link) = self.module_folders().find(|folder| folder.is_symlink()) {
            return Some(format!("`{}` is a link", shown(&link)));
        }
        if self.root.join(".pnp.js").is_file() {
            return Some("yarn 1 keeps the packages of `.pnp.js` in its own cache".into());
        }
        if self.manager == ManagerKind::Pnpm && self.virtual_store_is_outside() {
            return Some(format!("pnpm keeps the packages outside of `{MODULES}`"));
        }
        self.dangling(tree).map(|path| format!("`{path}` points to nothing"))
    }

    /// `virtualStoreDir`, as pnpm 9 writes it: a path from `node_modules`, or an absolute one.
    fn virtual_store_is_outside(&self) -> bool {
        let path = self.root.join(MODULES).join(".modules.yaml");
        let text = fs::read_to_string(path).unwrap_or_default();
        let settings: Option<serde_json::Value> = serde_yaml::from_str(&text).ok();
        let folder = settings
            .and_then(|settings| Some(settings.get("virtualStoreDir")?.as_str()?.to_owned()));
        folder.is_some_and(|folder| {
            let folder = self.root.join(MODULES).join(folder);
            folder.components().any(|part| part == std::path::Component::ParentDir)
                || !folder.starts_with(self.root.join(MODULES))
        })
    }

    /// Removes what is installed, as `npm ci` does by itself, where the manager would otherwise go on from it without reading it.
    pub(crate) fn clear(&self) -> io::Result<()> {
        if self.manager == ManagerKind::Npm {
            return Ok(());
        }
        for folder in self.module_folders().filter(|folder| !folder.is_symlink()) {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                remove(&entry?.path())?;
            }
        }
        self.made_anew().iter().try_for_each(|path| remove(path))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts a file into its place whole, or not at all, whatever happens meanwhile.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_file_name(NEW_FILE);
    remove(&new)?;
    let mut file = File::create_new(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// Makes what happened to the names beside a path survive a crash.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
