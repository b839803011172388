use std::collections::{BTreeMap, BTreeSet};

use super::{lockfile::Locked, manifest::Wanted};

/// What of a lockfile's tree the manifests still reach.
pub(super) struct Reached<'a> {
    /// By what is needed.
    certainly: BTreeSet<&'a str>,
    /// By peers that need not be there, too.
    perhaps: BTreeSet<&'a str>,
}

/// How a package stands after a dependency on it was taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Stays,
    Goes,
    /// It may stay or move to another place.
    Unclear,
}

impl<'a> Reached<'a> {
    pub(super) fn from(locked: &'a Locked, manifests: &BTreeMap<String, Wanted>) -> Self {
        Self { certainly: walk(locked, manifests, false), perhaps: walk(locked, manifests, true) }
    }

    pub(super) fn standing(&self, locked: &Locked, key: &str) -> Standing {
        if !self.perhaps.contains(key) {
            return Standing::Goes;
        }
        let name = last_name(key);
        let is_alone = locked.packages.keys().filter(|other| last_name(other) == name).count() == 1;
        if is_alone && self.certainly.contains(key) { Standing::Stays } else { Standing::Unclear }
    }
}

fn walk<'a>(
    locked: &'a Locked,
    manifests: &BTreeMap<String, Wanted>,
    with_optional_peers: bool,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = Vec::new();
    for wanted in manifests.values() {
        let path = manifests
            .get("")
            .filter(|root| !std::ptr::eq(*root, wanted))
            .and(wanted.name.as_deref())
            .unwrap_or_default();
        // A workspace is there even where nothing depends on it.
        next.extend(locked.packages.get_key_value(path).map(|(key, _)| key.as_str()));
        let peers = wanted
            .peers
            .keys()
            .filter(|name| with_optional_peers || !wanted.optional_peers.contains(*name));
        next.extend(wanted.needs.keys().chain(peers).filter_map(|name| locked.resolve(path, name)));
    }
    while let Some(key) = next.pop() {
        if !reached.insert(key) {
            continue;
        }
        let Some(package) = locked.packages.get(key) else { continue };
        // What a workspace wants stands in its manifest.
        if package.resolution.starts_with("workspace:") {
            continue;
        }
        let peers = package.may_use.iter().filter(|_| with_optional_peers);
        next.extend(package.needs.iter().chain(peers).filter_map(|name| locked.resolve(key, name)));
    }
    reached
}

fn last_name(key: &str) -> &str {
    let before = key.rfind('/').unwrap_or(0);
    let scope = key[..before].rfind('/').map_or(0, |slash| slash + 1);
    if before == 0 {
        key
    } else if key[scope..].starts_with('@') {
        &key[scope..]
    } else {
        &key[before + 1..]
    }
}
