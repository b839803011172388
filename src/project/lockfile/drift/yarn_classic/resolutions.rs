use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::project::{
    NodeRange,
    lockfile::yarn_format::{ClassicLockfile, split_descriptor},
};

/// `resolutions` of the root's manifest by package (`resolution-map.js` of yarn 1.22.22).
pub(super) struct Resolutions(HashMap<String, Vec<Resolution>>);

struct Resolution {
    /// The packages on the way, the package itself left out.
    path: Path,
    /// `name@range`
    pattern: String,
}

/// Whose dependency is replaced.
enum Path {
    /// Anybody's.
    Anywhere,
    /// That of one package, wherever it stands.
    Parent(String),
    /// What is told only by the whole way to it.
    Other,
}

/// Whether one is replaced.
enum Replaced<'a> {
    No,
    By(&'a str),
    Perhaps,
}

/// Patterns of the lockfile that yarn drops because a resolution gives them another source.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// Certainly dropped.
    pub(super) certain: HashSet<String>,
    /// Nobody can say.
    pub(super) perhaps: HashSet<String>,
}

impl Resolutions {
    pub(super) fn of(manifest: &Map<String, Value>) -> Self {
        let mut all: HashMap<String, Vec<Resolution>> = HashMap::new();
        for (glob, range) in
            manifest.get("resolutions").and_then(Value::as_object).into_iter().flatten()
        {
            let Some(range) = range.as_str() else { continue };
            // yarn leaves these out with a warning.
            if glob.ends_with('/') || glob.contains("//") || glob.ends_with('*') {
                continue;
            }
            let parts = packages(glob);
            let Some((name, path)) = parts.split_last() else { continue };
            let path = match path {
                [] | ["**"] => Path::Anywhere,
                ["**", parent] if !parent.contains('*') => Path::Parent((*parent).to_owned()),
                _ => Path::Other,
            };
            all.entry((*name).to_owned())
                .or_default()
                .push(Resolution { path, pattern: format!("{name}@{range}") });
        }
        Self(all)
    }

    fn replacement(&self, name: &str, parent: &str) -> Replaced<'_> {
        for resolution in self.0.get(name).into_iter().flatten() {
            match &resolution.path {
                Path::Anywhere => return Replaced::By(&resolution.pattern),
                Path::Parent(wanted) if wanted == parent => {
                    return Replaced::By(&resolution.pattern);
                }
                Path::Parent(_) => {}
                Path::Other => return Replaced::Perhaps,
            }
        }
        Replaced::No
    }

    /// Walks from the patterns of the manifest, and finds what `resolveToResolution` removes from the lockfile on its way.
    ///
    /// `asks` holds parent, name and range of what the members of a workspace ask for.
    pub(super) fn dropped<'a>(
        &'a self,
        lockfile: &'a ClassicLockfile,
        roots: &'a [String],
        asks: &'a [(String, String, String)],
    ) -> Dropped {
        let mut walk =
            Walk { resolutions: self, lockfile, queue: Vec::new(), dropped: Dropped::default() };
        if self.0.is_empty() {
            return walk.dropped;
        }
        let mut seen: HashSet<&str> = HashSet::new();
        walk.queue.extend(roots.iter().map(String::as_str));
        for (parent, name, range) in asks {
            walk.visit(parent, name, range);
        }
        while let Some(pattern) = walk.queue.pop() {
            let Some(entry) = lockfile.get(pattern) else { continue };
            if !seen.insert(pattern) {
                continue;
            }
            let parent = split_descriptor(pattern).0;
            for (name, range) in entry.dependencies.iter().chain(&entry.optional_dependencies) {
                walk.visit(parent, name, range);
            }
        }
        walk.dropped
    }
}

struct Walk<'a> {
    resolutions: &'a Resolutions,
    lockfile: &'a ClassicLockfile,
    queue: Vec<&'a str>,
    dropped: Dropped,
}

impl Walk<'_> {
    /// Follows what a package asks for.
    fn visit(&mut self, parent: &str, name: &str, range: &str) {
        let wanted = format!("{name}@{range}");
        let locked = self.lockfile.get_key(&wanted);
        match (self.resolutions.replacement(name, parent), locked) {
            (Replaced::No, locked) => self.queue.extend(locked.map(|(key, _)| key)),
            (Replaced::By(pattern), locked) => {
                let replacing = self.lockfile.get_key(pattern);
                self.queue.extend(replacing.map(|(key, _)| key));
                let Some((_, locked)) = locked else { return };
                let same = match replacing {
                    Some((_, entry)) => Some(entry.resolved == locked.resolved),
                    None => would_be(pattern, locked.version.as_deref()),
                };
                match same {
                    Some(true) => {}
                    Some(false) => {
                        self.dropped.certain.insert(wanted);
                    }
                    None => {
                        self.dropped.perhaps.insert(wanted);
                    }
                }
            }
            (Replaced::Perhaps, _) => {
                self.dropped.perhaps.insert(wanted);
            }
        }
    }
}

/// Whether a resolution that is not locked would give the locked version; nothing where a registry must be asked.
fn would_be(pattern: &str, locked: Option<&str>) -> Option<bool> {
    let (_, range) = split_descriptor(pattern);
    let range = range.strip_prefix('=').unwrap_or(range).trim();
    let locked = locked?;
    if nodejs_semver::Version::parse(range).is_ok() {
        return Some(range == locked);
    }
    let version = nodejs_semver::Version::parse(locked).ok()?;
    // Whatever the registry chooses lies in the range.
    (!NodeRange::parse(range)?.contains(&version)).then_some(false)
}

/// The packages of a glob: `a/@scope/b` has two.
fn packages(glob: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = glob;
    while !rest.is_empty() {
        let scope = if rest.starts_with('@') { rest.find('/').map_or(0, |at| at + 1) } else { 0 };
        let end = rest[scope..].find('/').map_or(rest.len(), |at| scope + at);
        parts.push(&rest[..end]);
        rest = rest[end..].strip_prefix('/').unwrap_or_default();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_do_not_split() {
        assert_eq!(packages("**/@a/b"), ["**", "@a/b"]);
        assert_eq!(packages("@a/b/c"), ["@a/b", "c"]);
        assert_eq!(packages("a"), ["a"]);
        assert_eq!(packages("@"), ["@"]);
        assert!(packages("").is_empty());
    }

    #[test]
    fn an_unlocked_resolution_is_judged_by_its_range() {
        assert_eq!(would_be("a@1.0.0", Some("1.0.0")), Some(true));
        assert_eq!(would_be("a@1.0.1", Some("1.0.0")), Some(false));
        assert_eq!(would_be("a@^1.0.0", Some("1.0.0")), None);
        assert_eq!(would_be("a@^2.0.0", Some("1.0.0")), Some(false));
        assert_eq!(would_be("a@next", Some("1.0.0")), None);
    }
}
