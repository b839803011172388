use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use super::specifiers::FIELDS;
use crate::project::{read_raw_manifest, workspace_members};

/// Fields that pnpm fills from elsewhere: since 10.14 a wanted Node becomes a development dependency.
const RUNTIME_FIELDS: &[&str] = &["devEngines", "engines"];

/// A project of the workspace.
#[derive(Debug, Clone)]
pub(super) struct Project {
    /// Its path from the lockfile, `.` for the same folder.
    pub(super) id: String,
    pub(super) name: Option<String>,
    /// Name to range, in the order of [`FIELDS`].
    pub(super) wanted: [BTreeMap<String, String>; 3],
    pub(super) peers: BTreeMap<String, String>,
    pub(super) dependencies_meta: Value,
    pub(super) publish_config: Value,
    /// Whether a version of Node is asked for in a way that pnpm itself installs.
    pub(super) has_runtime: bool,
}

impl Project {
    fn read(folder: &Path, id: &str) -> Option<Self> {
        let raw = read_raw_manifest(folder)?;
        let table = |key: &str| table(&raw, key);
        let mut wanted = <[BTreeMap<String, String>; 3]>::default();
        for (field, wanted) in FIELDS.iter().zip(&mut wanted) {
            *wanted = table(field)?;
        }
        Some(Self {
            id: id.to_owned(),
            name: raw.get("name").and_then(Value::as_str).map(ToOwned::to_owned),
            wanted,
            peers: table("peerDependencies")?,
            dependencies_meta: raw.get("dependenciesMeta").cloned().unwrap_or_default(),
            publish_config: raw.get("publishConfig").cloned().unwrap_or_default(),
            has_runtime: RUNTIME_FIELDS
                .iter()
                .any(|field| raw.get(*field).and_then(|engines| engines.get("runtime")).is_some()),
        })
    }

    /// The manifest as reports show it: relative to the lockfile.
    pub(super) fn file(&self) -> String {
        if self.id == "." { "package.json".to_owned() } else { format!("{}/package.json", self.id) }
    }
}

/// A table of strings; nothing where it is of another type, which managers treat differently.
pub(super) fn table(raw: &Map<String, Value>, key: &str) -> Option<BTreeMap<String, String>> {
    match raw.get(key) {
        None | Some(Value::Null) => Some(BTreeMap::new()),
        Some(Value::Object(table)) => table
            .iter()
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        Some(_) => None,
    }
}

/// The projects that pnpm installs: the lockfile's folder and what the workspace's patterns choose; nothing where a manifest
/// cannot be read as pnpm reads it.
pub(super) fn projects(root: &Path, patterns: &[String]) -> Option<Vec<Project>> {
    let mut ids = vec![".".to_owned()];
    if patterns.iter().any(|pattern| pattern.contains("..")) {
        return None;
    }
    let is_root = |pattern: &String| matches!(pattern.trim_end_matches('/'), "." | "./");
    if !patterns.iter().all(is_root) {
        ids.extend(
            workspace_members(root, &as_globs(patterns))
                .into_iter()
                .filter(|id| !is_passed_over(id, patterns)),
        );
    }
    ids.iter()
        // The root of a workspace needs no manifest of its own.
        .filter(|id| *id != "." || root.join("package.json").exists())
        .map(|id| Project::read(&if id == "." { root.to_path_buf() } else { root.join(id) }, id))
        .collect()
}

/// As tinyglobby sees them: what `!` takes away stays away wherever it stands, and `x/**` chooses `x` too.
fn as_globs(patterns: &[String]) -> Vec<String> {
    let with_folder = |pattern: &String| {
        let itself = pattern.trim_end_matches('/').strip_suffix("/**").map(ToOwned::to_owned);
        [Some(pattern.clone()), itself].into_iter().flatten()
    };
    let (negated, chosen): (Vec<_>, Vec<_>) =
        patterns.iter().flat_map(with_folder).partition(|pattern| pattern.starts_with('!'));
    chosen.into_iter().chain(negated).collect()
}

/// Folders that the globs do not enter: a name with a dot in front needs a pattern that says so.
fn is_passed_over(id: &str, patterns: &[String]) -> bool {
    let mut segments = id.split('/');
    let names_hidden = |pattern: &String| {
        pattern
            .trim_start_matches('!')
            .trim_start_matches("./")
            .split('/')
            .any(|segment| segment.starts_with('.'))
    };
    segments.clone().any(|segment| segment == "bower_components")
        || (segments.any(|segment| segment.starts_with('.')) && !patterns.iter().any(names_hidden))
}
