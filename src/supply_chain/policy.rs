use std::collections::{BTreeMap, BTreeSet};

use url::{Host, Url};

use super::integrity::{Strength, strength};
use crate::project::{LockedPackage, LockfileKind, Source};

/// Addresses that are looked up in the files; a lockfile with more odd ones is reported by number anyway.
const LOOKED_UP: usize = 200;

/// Why a locked package is not to be trusted as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Violation {
    /// It is published under another name than the one that its address holds.
    OtherPackage,
    /// Its host is none of the registries, and nobody asks for its address.
    ForeignHost,
    /// Its address is not encrypted.
    Unencrypted,
    /// Its checksum is none, or of another length than its kind has.
    MalformedIntegrity,
    /// Its only checksum is MD5.
    BrokenIntegrity,
    /// It has an address, and no checksum.
    MissingIntegrity,
    /// A branch or tag of git, not a commit.
    Unpinned,
    /// Its only checksum is SHA-1.
    WeakIntegrity,
}

/// What the lockfile is judged by.
pub(crate) struct Policy<'a> {
    /// What wrote the lockfile.
    pub(crate) kind: LockfileKind,
    /// Hosts of registries, as they are configured and as deployfix.yml allows them.
    pub(crate) hosts: BTreeSet<String>,
    /// Whether hosts can be judged at all.
    pub(crate) judges_hosts: bool,
    /// The lockfile's text and those of manifests, where an address that is asked for stands.
    pub(crate) texts: &'a [&'a str],
}

/// What is wrong with the packages of a lockfile, by kind, in the order of the lockfile.
pub(crate) fn violations<'p>(
    packages: &'p [LockedPackage],
    policy: &Policy<'_>,
) -> BTreeMap<Violation, Vec<&'p LockedPackage>> {
    let mut found: BTreeMap<Violation, Vec<_>> = BTreeMap::new();
    let own = own_hosts(packages);
    let mut asked = Asked { texts: policy.texts, left: LOOKED_UP };
    for package in packages {
        if package.bundled {
            continue;
        }
        let mut add = |violation| found.entry(violation).or_default().push(package);
        match &package.source {
            Source::Local(_) => {}
            Source::Git(address) => {
                if !is_pinned(address, policy.kind) {
                    add(Violation::Unpinned);
                }
            }
            Source::Registry => {
                if let Some(violation) = of_integrity(package) {
                    add(violation);
                }
            }
            Source::Tarball(address) => {
                let Ok(url) = Url::parse(address) else { continue };
                let host = url.host_str().unwrap_or_default();
                if names_another(package, &url) {
                    add(Violation::OtherPackage);
                }
                let is_known = own.contains(host) || policy.hosts.contains(host);
                let is_asked = !is_known && asked.for_address(address, policy.kind);
                if policy.judges_hosts && !is_known && !is_asked {
                    add(Violation::ForeignHost);
                }
                if url.scheme() == "http" && !is_loopback(&url) {
                    add(Violation::Unencrypted);
                }
                match of_integrity(package) {
                    Some(violation) => add(violation),
                    // pnpm 9 and older, and yarn, write none for a tarball that is asked for by its address.
                    None if package.integrity.is_none()
                        && !is_asked
                        && policy.kind != LockfileKind::YarnBerry =>
                    {
                        add(Violation::MissingIntegrity);
                    }
                    None => {}
                }
            }
        }
    }
    found
}

/// The hosts that the lockfile itself shows to be registries: one that serves a tenth of all packages, as where yarn's
/// and npm's stand side by side, and one that alone serves a scope of several packages, as the user's settings may say.
fn own_hosts(packages: &[LockedPackage]) -> BTreeSet<String> {
    let mut served = 0_usize;
    let mut hosts: BTreeMap<String, usize> = BTreeMap::new();
    let mut scopes: BTreeMap<&str, BTreeMap<Option<String>, BTreeSet<&str>>> = BTreeMap::new();
    for package in packages {
        let host = match &package.source {
            Source::Registry => None,
            Source::Tarball(address) => {
                match Url::parse(address).ok().as_ref().and_then(Url::host_str) {
                    Some(host) => Some(host.to_owned()),
                    None => continue,
                }
            }
            Source::Git(_) | Source::Local(_) => continue,
        };
        served += 1;
        if let Some(host) = &host {
            *hosts.entry(host.clone()).or_default() += 1;
        }
        let name = package.published_name.as_deref().unwrap_or(&package.name);
        if let Some((scope, _)) = name.split_once('/') {
            scopes.entry(scope).or_default().entry(host).or_default().insert(name);
        }
    }
    let of_scopes = scopes.into_values().filter(|hosts| hosts.len() == 1).flatten();
    let of_scopes = of_scopes.filter(|(_, names)| names.len() > 1).filter_map(|(host, _)| host);
    let frequent = hosts.into_iter().filter(|(_, count)| *count > 2 && count * 10 >= served);
    frequent.map(|(host, _)| host).chain(of_scopes).collect()
}

fn of_integrity(package: &LockedPackage) -> Option<Violation> {
    match strength(package.integrity.as_deref()?) {
        Strength::Malformed => Some(Violation::MalformedIntegrity),
        Strength::Broken => Some(Violation::BrokenIntegrity),
        Strength::Weak => Some(Violation::WeakIntegrity),
        Strength::Strong => None,
    }
}

/// Looks for addresses that a manifest, or a locked package, asks for.
struct Asked<'a> {
    texts: &'a [&'a str],
    left: usize,
}

impl Asked<'_> {
    fn for_address(&mut self, address: &str, kind: LockfileKind) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        // Once as what it is fetched from; bun writes an address once, in front of which the range stands.
        let once = usize::from(kind != LockfileKind::Bun);
        let finder = memchr::memmem::Finder::new(address.as_bytes());
        let count: usize = self
            .texts
            .iter()
            .map(|text| finder.find_iter(text.as_bytes()).take(once + 1).count())
            .sum();
        count > once
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether an address of git names a commit; bun shortens its hash to seven digits.
fn is_pinned(address: &str, kind: LockfileKind) -> bool {
    let shortest = if kind == LockfileKind::Bun { 7 } else { 40 };
    address
        .split(|character: char| !character.is_ascii_alphanumeric())
        .any(|part| part.len() >= shortest && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a tarball lies under the name of another package: `…/@scope/name/-/name-1.0.0.tgz`.
fn names_another(package: &LockedPackage, url: &Url) -> bool {
    let path = url.path().replace("%2f", "/").replace("%2F", "/").replace("%40", "@");
    let Some((folder, file)) = path.split_once("/-/") else { return false };
    if file.strip_suffix(".tgz").is_none() {
        return false;
    }
    let mut parts = folder.rsplit('/');
    let last = parts.next().unwrap_or_default();
    let scope = parts.next().filter(|part| part.starts_with('@'));
    let found = scope.map_or_else(|| last.to_owned(), |scope| format!("{scope}/{last}"));
    let expected = package.published_name.as_deref().unwrap_or(&package.name);
    !found.is_empty() && !found.eq_ignore_ascii_case(expected)
}
