use std::collections::HashMap;

use super::{
    LockedPackage, Source,
    lines::split_name,
    pnpm_entries::{self, Entry},
    source::of_address,
};

/// pnpm-lock.yaml of versions 5, 6 and 9.
pub(super) fn packages(text: &str) -> Vec<LockedPackage> {
    let entries = pnpm_entries::read(text);
    let major = entries.version.split('.').next().and_then(|it| it.parse::<u64>().ok());
    let major = major.unwrap_or(9);
    // Version 9 says in `snapshots`, once for every set of peers, what is only optional, and no longer what has scripts.
    let mut optional: HashMap<&str, bool> = HashMap::new();
    for snapshot in &entries.snapshots {
        let is_optional = snapshot.is_set("optional");
        optional
            .entry(without_peers(&snapshot.key))
            .and_modify(|all| *all &= is_optional)
            .or_insert(is_optional);
    }
    entries
        .packages
        .iter()
        .map(|entry| {
            let mut package = of_entry(entry, major);
            if major < 9 {
                package.has_install_script = Some(entry.is_set("requiresBuild"));
                package.development = Some(entry.is_set("dev"));
                package.optional = Some(entry.is_set("optional"));
            } else {
                package.optional = optional.get(without_peers(&entry.key)).copied();
            }
            package
        })
        .collect()
}

fn of_entry(entry: &Entry<'_>, major: u64) -> LockedPackage {
    let (name, reference) = identity(&entry.key, major);
    let name = entry.field("name").unwrap_or(name);
    let mut package = LockedPackage::new(name, &entry.key, Some(entry.line));
    let is_version = |text: &&str| text.starts_with(|first: char| first.is_ascii_digit());
    package.version = entry
        .field("version")
        .or_else(|| Some(reference).filter(is_version))
        .filter(|version| !version.is_empty())
        .map(ToOwned::to_owned);
    package.integrity = entry.resolution("integrity").map(ToOwned::to_owned);
    package.source = match (entry.resolution("type"), entry.resolution("tarball")) {
        (Some("git"), _) => {
            let repository = entry.resolution("repo").unwrap_or_default();
            let commit = entry.resolution("commit").unwrap_or_default();
            Source::Git(format!("{repository}#{commit}"))
        }
        (Some("directory"), _) => {
            Source::Local(entry.resolution("directory").unwrap_or_default().to_owned())
        }
        (_, Some(address)) => of_address(address),
        _ => match reference.split_once(':') {
            Some(("file" | "link", path)) => Source::Local(path.to_owned()),
            _ => Source::Registry,
        },
    };
    package
}

/// A key without the peers that it was resolved with.
fn without_peers(key: &str) -> &str {
    key.find('(').map_or(key, |at| &key[..at])
}

/// Name and version, or address, of a key.
fn identity(key: &str, major: u64) -> (&str, &str) {
    let path = key.strip_prefix('/').unwrap_or(key);
    if path.starts_with("file:") || path.starts_with("link:") {
        return ("", path);
    }
    if major >= 6 {
        let path = without_peers(path);
        return split_name(path).unwrap_or((path, ""));
    }
    // `/@scope/name/1.0.0_react@18.2.0`; of another registry with its host in front.
    let path = if path.len() == key.len() {
        path.split_once('/').map_or(path, |(_, rest)| rest)
    } else {
        path
    };
    let scope = if path.starts_with('@') { path.find('/').map_or(0, |at| at + 1) } else { 0 };
    match path[scope..].find('/') {
        Some(slash) => {
            let version = &path[scope + slash + 1..];
            let end = version.find(['_', '(', '/']).unwrap_or(version.len());
            (&path[..scope + slash], &version[..end])
        }
        None => (path, ""),
    }
}
