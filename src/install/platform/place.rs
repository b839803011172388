use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Component, Path, PathBuf},
};

use flate2::read::GzDecoder;
use serde_json::Value;

use super::{MissingPackage, machine::allows_this_machine};

/// What became of a fetched package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It lies where its parent finds it.
    There(PathBuf),
    /// It is for another machine, whatever its name says.
    NotForThisMachine,
}

/// Unpacks an archive that npm fetched and checked, and moves it to where its parent's manager would have put it.
/// Nothing else of `node_modules` changes.
pub(crate) fn place(package: &MissingPackage, archive: &Path) -> io::Result<Placed> {
    let beside = beside(&package.parent_folder);
    let unpacked = tempfile::Builder::new().prefix(".deployfix-").tempdir_in(&beside)?;
    unpack(archive, unpacked.path())?;
    let manifest: Value = serde_json::from_slice(&fs::read(unpacked.path().join("package.json"))?)?;
    let is_meant = manifest.get("name").and_then(Value::as_str) == Some(&package.name)
        && manifest.get("version").and_then(Value::as_str) == Some(&package.version);
    if !is_meant {
        return Err(io::Error::other(format!(
            "the archive does not hold {}",
            package.specification()
        )));
    }
    if !allows_this_machine(&manifest) {
        return Ok(Placed::NotForThisMachine);
    }
    let target = target(package, &beside);
    if let Some(parent) = target.folder.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(unpacked.path(), &target.folder)?;
    if let Some((link, to)) = &target.link {
        if let Some(parent) = link.parent() {
            fs::create_dir_all(parent)?;
        }
        std::os::unix::fs::symlink(to, link)?;
    }
    Ok(Placed::There(target.folder))
}

/// The `node_modules` that a package lies in.
fn beside(folder: &Path) -> PathBuf {
    let found = folder
        .ancestors()
        .skip(1)
        .find(|ancestor| ancestor.file_name().is_some_and(|name| name == "node_modules"));
    found.unwrap_or(folder).to_path_buf()
}

struct Target {
    folder: PathBuf,
    /// A link and what it points to, in pnpm's store.
    link: Option<(PathBuf, PathBuf)>,
}

/// npm and yarn put it beside the parent, or inside it where another version is there already; pnpm into its store, with a link.
fn target(package: &MissingPackage, beside: &Path) -> Target {
    let inside = |folder: &Path| folder.join(&package.name);
    let store = beside
        .parent()
        .and_then(Path::parent)
        .filter(|store| store.file_name().is_some_and(|name| name == ".pnpm"));
    if let Some(store) = store {
        let entry = format!("{}@{}", package.name.replace('/', "+"), package.version);
        let folder = inside(&store.join(&entry).join("node_modules"));
        let depth = package.name.matches('/').count();
        let to = PathBuf::from("../".repeat(depth + 2)).join(&entry).join("node_modules");
        // Another parent may have brought it already.
        if !folder.exists() {
            return Target { folder, link: Some((inside(beside), inside(&to))) };
        }
    }
    let folder = inside(beside);
    if folder.symlink_metadata().is_ok() {
        return Target { folder: inside(&package.parent_folder.join("node_modules")), link: None };
    }
    Target { folder, link: None }
}

/// As npm does: without the first folder of every path, links left out, files readable and programs executable (pacote 21).
fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(archive)?));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if !kind.is_file() {
            continue;
        }
        let path: PathBuf = entry.path()?.components().skip(1).collect();
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if path.as_os_str().is_empty() || !is_plain {
            continue;
        }
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        let mut file = File::create(&target)?;
        io::copy(&mut entry, &mut file)?;
        let mode = if executable { 0o755 } else { 0o644 };
        file.set_permissions(fs::Permissions::from_mode(mode))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}
