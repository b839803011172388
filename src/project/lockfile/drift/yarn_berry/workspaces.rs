use std::{collections::HashMap, fmt::Write as _, path::Path};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha512};

use super::range::is_range;
use crate::project::{NodeRange, read_raw_manifest, workspace_members};

/// Levels of workspaces in workspaces that are followed.
const DEEPEST: usize = 8;

/// One workspace of the project.
pub(super) struct Workspace {
    /// Its folder, relative to the root: `.`, `packages/ui`.
    pub(super) folder: String,
    /// Its name; one made of its folder where it has none.
    pub(super) name: String,
    /// Its manifest.
    pub(super) manifest: Map<String, Value>,
}

impl Workspace {
    /// Descriptor and locator of it, which are the same.
    pub(super) fn locator(&self) -> String {
        format!("{}@workspace:{}", self.name, self.folder)
    }

    /// Its manifest, relative to the root.
    pub(super) fn file(&self) -> String {
        if self.folder == "." {
            "package.json".to_owned()
        } else {
            format!("{}/package.json", self.folder)
        }
    }

    fn version(&self) -> Option<&str> {
        self.manifest.get("version").and_then(Value::as_str)
    }
}

/// The workspaces of a project, the root first.
pub(super) struct Workspaces {
    pub(super) all: Vec<Workspace>,
    by_name: HashMap<String, usize>,
    by_folder: HashMap<String, usize>,
    transparent: bool,
}

impl Workspaces {
    /// Reads every manifest; nothing where yarn would not read them either.
    pub(super) fn read(root: &Path, transparent: bool) -> Option<Self> {
        let mut workspaces = Self {
            all: Vec::new(),
            by_name: HashMap::new(),
            by_folder: HashMap::new(),
            transparent,
        };
        workspaces.add(root, Path::new(""), 0)?;
        Some(workspaces)
    }

    fn add(&mut self, root: &Path, folder: &Path, depth: usize) -> Option<()> {
        let shown = if folder.as_os_str().is_empty() { "." } else { folder.to_str()? };
        if depth > DEEPEST {
            return None;
        }
        if self.by_folder.contains_key(shown) {
            return Some(());
        }
        let manifest = read_raw_manifest(&root.join(folder))?;
        let patterns = patterns(&manifest);
        let name = match manifest.get("name").and_then(Value::as_str) {
            Some(name) if is_name(name) => name.to_owned(),
            _ => unnamed(shown),
        };
        let index = self.all.len();
        self.by_folder.insert(shown.to_owned(), index);
        // yarn refuses two of one name.
        if self.by_name.insert(name.clone(), index).is_some() {
            return None;
        }
        self.all.push(Workspace { folder: shown.to_owned(), name, manifest });
        if patterns.is_empty() {
            return Some(());
        }
        let hidden = patterns.iter().any(|pattern| {
            pattern.starts_with('.') && !pattern.starts_with("./") || pattern.contains("/.")
        });
        for member in workspace_members(&root.join(folder), &patterns) {
            // A star does not stand for a hidden folder.
            if !hidden && member.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            self.add(root, &folder.join(member), depth + 1)?;
        }
        Some(())
    }

    /// The workspace that a descriptor means (`tryWorkspaceByDescriptor`).
    pub(super) fn find(&self, name: &str, range: &str) -> Option<&Workspace> {
        let rest = range.strip_prefix("workspace:");
        if let Some(rest) = rest
            && !matches!(rest, "*" | "^" | "~")
            && !is_range(rest)
        {
            let folder = rest.trim_start_matches("./").trim_end_matches('/');
            let folder = if folder.is_empty() { "." } else { folder };
            return self.by_folder.get(folder).map(|index| &self.all[*index]);
        }
        let workspace = &self.all[*self.by_name.get(name)?];
        if rest.is_some_and(|rest| matches!(rest, "*" | "^" | "~")) {
            return Some(workspace);
        }
        let version = match (rest, workspace.version()) {
            (Some(_), version) => version.unwrap_or("0.0.0"),
            (None, Some(version)) if self.transparent => version,
            (None, _) => return None,
        };
        let range = rest.unwrap_or_else(|| range.split_once(':').map_or(range, |(_, rest)| rest));
        let version = nodejs_semver::Version::parse(version).ok()?;
        // Without a pre-release in the range none is accepted.
        let fits = !version.is_prerelease() || range.contains('-');
        (!range.contains(':') && fits && NodeRange::parse(range)?.contains(&version))
            .then_some(workspace)
    }

    /// The workspace of a locator.
    pub(super) fn of_locator(&self, locator: &str) -> Option<&Workspace> {
        let (_, folder) = locator.split_once("@workspace:")?;
        self.by_folder.get(folder).map(|index| &self.all[*index])
    }
}

fn patterns(manifest: &Map<String, Value>) -> Vec<String> {
    let Some(value) = manifest.get("workspaces") else { return Vec::new() };
    let list = value.as_array().or_else(|| value.get("packages")?.as_array());
    list.into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect()
}

/// Whether a text is a package's name (`parseIdent`).
pub(super) fn is_name(text: &str) -> bool {
    let bare = match text.strip_prefix('@') {
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, name)) if !scope.is_empty() => name,
            _ => return false,
        },
        None => text,
    };
    !bare.is_empty() && !bare.contains('/')
}

/// The name that yarn gives to a workspace without one.
fn unnamed(folder: &str) -> String {
    let base = match folder.rsplit('/').next() {
        Some(base) if folder != "." => base,
        _ => "root-workspace",
    };
    format!("{base}-{}", short_hash(folder.as_bytes()))
}

/// The first six digits of the sum that yarn makes of bytes.
pub(super) fn short_hash(bytes: &[u8]) -> String {
    let digest = Sha512::digest(bytes);
    digest.iter().take(3).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nameless_root_has_its_known_name() {
        assert_eq!(unnamed("."), "root-workspace-0b6124");
    }

    #[test]
    fn descriptors_find_their_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("package.json", r#"{"name":"app","workspaces":["packages/*"]}"#);
        write("packages/ui/package.json", r#"{"name":"@app/ui","version":"1.2.0"}"#);
        write("packages/.cache/package.json", "{}");
        let workspaces = Workspaces::read(folder.path(), true).unwrap();
        assert_eq!(workspaces.all.len(), 2);
        for (range, found) in [
            ("workspace:*", true),
            ("workspace:^", true),
            ("workspace:packages/ui", true),
            ("workspace:^1.0.0", true),
            ("workspace:^2.0.0", false),
            ("workspace:packages/other", false),
            ("npm:^1.0.0", true),
            ("^1.0.0", true),
            ("npm:^2.0.0", false),
            ("npm:@app/ui@^1.0.0", false),
        ] {
            assert_eq!(workspaces.find("@app/ui", range).is_some(), found, "{range}");
        }
    }
}
