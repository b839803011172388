use std::{collections::BTreeMap, path::Path};

use serde_json::{Map, Value};

use super::{overrides::replace_references, projects::table, rules::Rules, yaml};
use crate::project::{read_raw_manifest, text::read_text};

/// Bytes above which a file is no settings file.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;
/// Settings under which another lockfile, other projects or other hooks count than the ones that are looked at here.
const ELSEWHERE: &[&str] = &[
    "configDependencies",
    "gitBranchLockfile",
    "globalPnpmfile",
    "lockfileDir",
    "lockfileDirectory",
    "mergeGitBranchLockfiles",
    "pnpmfile",
    "useLockfileV6",
];
/// The same where they are switched off.
const ELSEWHERE_OFF: &[&str] =
    &["lockfile", "packageLock", "recursiveInstall", "sharedWorkspaceLockfile"];

/// The files that hold pnpm's settings.
#[derive(Debug)]
pub(super) struct Sources {
    npmrc: BTreeMap<String, String>,
    workspace: Map<String, Value>,
    has_workspace: bool,
    manifest: Map<String, Value>,
}

/// The settings that decide about a lockfile.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of pnpm's own")]
pub(super) struct Config {
    /// Globs of the workspace; none where there is no workspace.
    pub(super) patterns: Vec<String>,
    pub(super) overrides: Setting<BTreeMap<String, String>>,
    pub(super) package_extensions: Setting<Value>,
    pub(super) patched_dependencies: Setting<BTreeMap<String, String>>,
    pub(super) ignored_optional: Setting<Vec<String>>,
    pub(super) never_built: Setting<Vec<String>>,
    pub(super) only_built: Setting<Option<Vec<String>>>,
    pub(super) catalogs: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) auto_install_peers: bool,
    pub(super) exclude_links: bool,
    pub(super) inject: bool,
    pub(super) dedupe_peers: bool,
    pub(super) peers_suffix_max_length: u64,
    pub(super) ignores_pnpmfile: bool,
}

/// A value and the file that says it.
#[derive(Debug, Default)]
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) file: &'static str,
}

const MANIFEST: &str = "package.json";
const WORKSPACE: &str = "pnpm-workspace.yaml";

impl Sources {
    /// Reads the files of a folder; nothing where one of them is not understood.
    pub(super) fn read(root: &Path) -> Option<Self> {
        let path = root.join(WORKSPACE);
        let has_workspace = path.exists();
        let workspace = if has_workspace {
            let text = read_text(&path, MAXIMUM_SIZE).ok()?.content;
            yaml::table(&text)?
        } else {
            Map::new()
        };
        let manifest =
            if root.join(MANIFEST).exists() { read_raw_manifest(root)? } else { Map::new() };
        Some(Self { npmrc: npmrc(root)?, workspace, has_workspace, manifest })
    }

    /// The settings under the rules of a version; nothing where they lead elsewhere, or are written in a way not understood.
    pub(super) fn resolve(&self, rules: &Rules) -> Option<Config> {
        // Settings in pnpm-workspace.yaml came with 10.5.
        let reads_workspace = rules.at_least(10, 5);
        let reads_manifest = rules.major() < 11;
        for key in ELSEWHERE.iter().chain(ELSEWHERE_OFF) {
            let value = match self.workspace.get(*key) {
                Some(value) => Some(value.clone()),
                None => self.npmrc(key),
            };
            match value {
                None | Some(Value::Null) => {}
                Some(value) if ELSEWHERE_OFF.contains(key) && value == Value::Bool(true) => {}
                Some(value) if ELSEWHERE.contains(key) && value == Value::Bool(false) => {}
                Some(_) => return None,
            }
        }
        let pnpm = self.manifest.get("pnpm").and_then(Value::as_object).filter(|_| reads_manifest);
        // Both may say it: `pnpm install` reads package.json once more on top.
        let setting = |key: &str| {
            let of_manifest = pnpm.and_then(|pnpm| pnpm.get(key));
            let of_workspace = self.workspace.get(key).filter(|_| reads_workspace);
            match (of_manifest, of_workspace) {
                (Some(value), Some(other)) if value != other && !rules.at_least(10, 34) => None,
                (Some(value), _) => Some((value, MANIFEST)),
                (None, Some(value)) => Some((value, WORKSPACE)),
                (None, None) => Some((&Value::Null, MANIFEST)),
            }
        };
        let flag = |key: &str, default: bool| match self.workspace.get(key) {
            Some(Value::Bool(value)) if reads_workspace => Some(*value),
            Some(_) => None,
            None => match self.npmrc(key).filter(|_| !rules.is_modern()) {
                Some(Value::Bool(value)) => Some(value),
                Some(_) => None,
                None => Some(default),
            },
        };
        let length = match (
            self.workspace.get("peersSuffixMaxLength"),
            self.npmrc("peersSuffixMaxLength"),
        ) {
            (None, None) => 1000,
            (Some(value), _) if reads_workspace => value.as_u64()?,
            (None, Some(Value::String(value))) if rules.at_least(9, 5) => value.parse().ok()?,
            _ => return None,
        };
        let list = |key: &str| {
            let (value, file) = setting(key)?;
            Some(Setting { value: strings(value)?, file })
        };
        let never_built = list("neverBuiltDependencies")?;
        let only = list("onlyBuiltDependencies")?;
        let is_set = !setting("onlyBuiltDependencies")?.0.is_null();
        let only_built = Setting { value: is_set.then_some(only.value), file: only.file };
        let ignored_optional = list("ignoredOptionalDependencies")?;
        let (extensions, extensions_file) = setting("packageExtensions")?;
        let (patched, patched_file) = setting("patchedDependencies")?;
        Some(Config {
            patterns: self.patterns(rules)?,
            overrides: self.overrides(rules, pnpm, reads_workspace)?,
            package_extensions: Setting { value: extensions.clone(), file: extensions_file },
            patched_dependencies: Setting { value: as_table(patched)?, file: patched_file },
            ignored_optional,
            never_built,
            only_built,
            catalogs: self.catalogs()?,
            auto_install_peers: flag("autoInstallPeers", rules.auto_install_peers())?,
            exclude_links: flag("excludeLinksFromLockfile", false)?,
            inject: flag("injectWorkspacePackages", false)?,
            dedupe_peers: flag("dedupePeers", false)?,
            peers_suffix_max_length: length,
            ignores_pnpmfile: flag("ignorePnpmfile", false)?,
        })
    }

    fn patterns(&self, rules: &Rules) -> Option<Vec<String>> {
        match self.workspace.get("packages") {
            _ if !self.has_workspace => Some(Vec::new()),
            None | Some(Value::Null) if rules.major() >= 10 => Some(Vec::new()),
            // Everything below, or an error: it changed within the majors.
            None | Some(Value::Null) => None,
            Some(value) => strings(value),
        }
    }

    fn overrides(
        &self,
        rules: &Rules,
        pnpm: Option<&Map<String, Value>>,
        reads_workspace: bool,
    ) -> Option<Setting<BTreeMap<String, String>>> {
        let of_manifest = match pnpm {
            Some(pnpm) => table(pnpm, "overrides")?,
            None => BTreeMap::new(),
        };
        let has_overrides =
            pnpm.is_some_and(|pnpm| pnpm.get("overrides").is_some_and(|value| !value.is_null()));
        let mut overrides = match rules.major() {
            6 | 7 if has_overrides => BTreeMap::new(),
            _ => table(&self.manifest, "resolutions")?,
        };
        overrides.extend(of_manifest);
        let mut file = MANIFEST;
        if reads_workspace && let Some(value) = self.workspace.get("overrides") {
            let of_workspace = as_table(value)?;
            if overrides.is_empty() {
                (overrides, file) = (of_workspace, WORKSPACE);
            } else if overrides != of_workspace && !rules.at_least(10, 34) {
                return None;
            }
        }
        if rules.is_modern() && file == MANIFEST && !overrides.is_empty() {
            return None;
        }
        if rules.major() > 6 {
            replace_references(&mut overrides, &self.manifest)?;
        }
        Some(Setting { value: overrides, file })
    }

    fn catalogs(&self) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
        let mut catalogs = BTreeMap::new();
        if let Some(catalog) = self.workspace.get("catalog") {
            catalogs.insert("default".to_owned(), as_table(catalog)?);
        }
        match self.workspace.get("catalogs") {
            None | Some(Value::Null) => {}
            Some(named) => {
                for (name, catalog) in named.as_object()? {
                    catalogs.insert(name.clone(), as_table(catalog)?);
                }
            }
        }
        Some(catalogs)
    }

    /// A key of .npmrc, named as in pnpm-workspace.yaml.
    fn npmrc(&self, key: &str) -> Option<Value> {
        let mut kebab = String::new();
        for character in key.chars() {
            if character.is_ascii_uppercase() {
                kebab.push('-');
            }
            kebab.push(character.to_ascii_lowercase());
        }
        let value = self.npmrc.get(&kebab).or_else(|| self.npmrc.get(key))?;
        Some(match value.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            other => Value::String(other.to_owned()),
        })
    }
}

/// Keys and values of a folder's .npmrc, as `ini` reads them; sections hold none of pnpm's settings.
fn npmrc(root: &Path) -> Option<BTreeMap<String, String>> {
    let path = root.join(".npmrc");
    if !path.exists() {
        return Some(BTreeMap::new());
    }
    let text = read_text(&path, MAXIMUM_SIZE).ok()?.content;
    let entries = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with([';', '#']))
        .filter_map(|line| {
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            let unquoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
            (!key.is_empty()).then(|| (unquoted(key), unquoted(value)))
        });
    Some(entries.collect())
}

/// A list of strings, empty where there is none.
fn strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(values) => {
            values.iter().map(|value| value.as_str().map(ToOwned::to_owned)).collect()
        }
        _ => None,
    }
}

fn as_table(value: &Value) -> Option<BTreeMap<String, String>> {
    match value {
        Value::Null => Some(BTreeMap::new()),
        Value::Object(table) => table
            .iter()
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        _ => None,
    }
}
