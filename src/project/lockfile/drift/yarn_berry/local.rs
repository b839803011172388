use std::path::{Component, Path, PathBuf};

use super::{
    block::Block,
    range::{Style, unescaped},
    workspaces::{Workspaces, short_hash},
};
use crate::project::{
    lockfile::{
        drift::{Change, ChangeKind},
        yarn_format::{BerryEntry, split_descriptor},
    },
    read_raw_manifest,
};

/// Bytes above which an archive is not summed up.
const LARGEST_ARCHIVE: u64 = 256 * 1024 * 1024;

/// What a look at the folder or archive of a locked package gives.
pub(super) enum Look {
    /// It is as it was locked.
    Same,
    /// It is not.
    Differs(Vec<Change>),
    /// It cannot be said.
    Unknown,
}

/// Compares what is locked of a folder, an archive or a program with what stands there now.
pub(super) fn look(root: &Path, workspaces: &Workspaces, entry: &BerryEntry, style: Style) -> Look {
    let Some(resolution) = entry.text("resolution") else { return Look::Unknown };
    let reference = split_descriptor(resolution).1;
    if reference.starts_with("link:") {
        return Look::Same;
    }
    let (place, parameters) = reference.split_once("::").unwrap_or((reference, ""));
    let parameter = |name: &str| {
        let found = parameters.split('&').find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        found.and_then(unescaped)
    };
    let Some((protocol, path)) = place.split_once(':') else { return Look::Unknown };
    // `file:` repeats the path behind a number sign.
    let path = path.rsplit('#').next().unwrap_or(path);
    let parent = parameter("locator").unwrap_or_default();
    let Some(parent) = workspaces.of_locator(&parent) else { return Look::Unknown };
    let Some(path) = below(root, &parent.folder, path) else { return Look::Unknown };
    match protocol {
        "portal" => manifest(root, &path, entry, style, Look::Same),
        // The sum of a folder is that of an archive that only yarn can make.
        "file" if path.is_dir() => manifest(root, &path, entry, style, Look::Unknown),
        "file" => match parameter("hash") {
            Some(locked) => archive(root, &path, &locked),
            // yarn 2 and 3 keep an archive as it was locked.
            None if style < Style::Normalized => Look::Same,
            None => Look::Unknown,
        },
        _ => Look::Unknown,
    }
}

fn below(root: &Path, folder: &str, path: &str) -> Option<PathBuf> {
    if path.contains('%') {
        return None;
    }
    let joined = root.join(folder).join(path);
    let mut clean = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    Some(clean)
}

fn manifest(root: &Path, folder: &Path, entry: &BerryEntry, style: Style, otherwise: Look) -> Look {
    let Some(manifest) = read_raw_manifest(folder) else { return Look::Unknown };
    // The portals of yarn 2 bring their development's dependencies along.
    let development = style == Style::Oldest && entry.text("linkType") == Some("soft");
    let Some(wanted) = Block::of_manifest(&manifest, style, development) else {
        return Look::Unknown;
    };
    let file = folder.join("package.json");
    let file = file.strip_prefix(root).unwrap_or(&file).to_string_lossy();
    let changes = wanted.changes(&Block::of_entry(entry), &manifest, &file);
    if changes.is_empty() { otherwise } else { Look::Differs(changes) }
}

fn archive(root: &Path, path: &Path, locked: &str) -> Look {
    let readable =
        path.metadata().is_ok_and(|found| found.is_file() && found.len() <= LARGEST_ARCHIVE);
    if !readable {
        return Look::Unknown;
    }
    let Ok(bytes) = std::fs::read(path) else { return Look::Unknown };
    let found = short_hash(&bytes);
    if found == locked {
        return Look::Same;
    }
    let file = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    Look::Differs(vec![Change {
        kind: ChangeKind::Setting,
        section: "hash".to_owned(),
        name: file.clone(),
        file,
        wanted: Some(found),
        locked: Some(locked.to_owned()),
    }])
}
