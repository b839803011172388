use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use semver::Version;
use serde_yaml::{Mapping, Value};

use crate::project::text::{TextError, read_text};

/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;
/// Brackets above which nobody wrote the file.
const MOST_BRACKETS: usize = 1000;
/// Blanks and marks in front of a line, likewise.
const FARTHEST: usize = 256;

/// What .yarnrc.yml says of resolving.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// `yarnPath`, where it is set.
    pub(super) yarn_path: Option<String>,
    /// `packageExtensions`: package and range, and the dependencies that are added.
    pub(super) extensions: Vec<Extension>,
    /// `catalog` under the empty name, and `catalogs`.
    pub(super) catalogs: HashMap<String, HashMap<String, String>>,
    /// `enableTransparentWorkspaces`.
    pub(super) transparent_workspaces: bool,
    /// `compressionLevel` as written.
    pub(super) compression_level: Option<String>,
}

/// Variables that move the settings or the lockfile, or change its form.
const UNFORESEEN: [&str; 6] = [
    "YARN_RC_FILENAME",
    "YARN_LOCKFILE_FILENAME",
    "YARN_DEFAULT_PROTOCOL",
    "YARN_LOCKFILE_VERSION_OVERRIDE",
    "YARN_CACHE_VERSION_OVERRIDE",
    "YARN_CACHE_KEY_OVERRIDE",
];

/// Dependencies that are added to a package.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) package: String,
    pub(super) range: String,
    pub(super) dependencies: Vec<(String, String)>,
}

impl Settings {
    /// Reads the settings of a folder, and of the environment, which wins; nothing where they may change the resolution in
    /// ways that nobody can foresee.
    pub(super) fn read(folder: &Path, variables: &BTreeMap<String, String>) -> Option<Self> {
        if UNFORESEEN.iter().any(|name| variables.contains_key(*name)) {
            return None;
        }
        let text = match read_text(&folder.join(".yarnrc.yml"), MAXIMUM_SIZE) {
            Ok(text) => text.content,
            Err(TextError::Missing) => String::new(),
            Err(_) => return None,
        };
        if nests_oddly(&text) {
            return None;
        }
        let settings = match serde_yaml::from_str(&text).ok()? {
            Value::Mapping(settings) => settings,
            Value::Null => Mapping::new(),
            _ => return None,
        };
        if settings.get("plugins").is_some_and(|plugins| !are_official(plugins))
            || settings.get("defaultProtocol").is_some_and(|protocol| protocol != "npm:")
            || settings.get("lockfileFilename").is_some_and(|name| name != "yarn.lock")
        {
            return None;
        }
        let mut catalogs = HashMap::new();
        if let Some(catalog) = settings.get("catalog") {
            catalogs.insert(String::new(), texts(catalog)?);
        }
        for (name, catalog) in
            settings.get("catalogs").and_then(Value::as_mapping).into_iter().flatten()
        {
            catalogs.insert(name.as_str()?.to_owned(), texts(catalog)?);
        }
        let one = |variable: &str, key: &str| {
            variables.get(variable).cloned().or_else(|| settings.get(key).and_then(scalar))
        };
        let extensions = settings.get("packageExtensions").and_then(Value::as_mapping);
        Some(Self {
            yarn_path: match variables.get("YARN_IGNORE_PATH").map(String::as_str) {
                None | Some("0" | "false") => one("YARN_YARN_PATH", "yarnPath"),
                Some(_) => None,
            },
            extensions: extensions
                .into_iter()
                .flatten()
                .map(|(key, value)| extension(key.as_str()?, value))
                .collect::<Option<_>>()?,
            catalogs,
            transparent_workspaces: one(
                "YARN_ENABLE_TRANSPARENT_WORKSPACES",
                "enableTransparentWorkspaces",
            )
            .is_none_or(|value| value != "false" && value != "0"),
            compression_level: one("YARN_COMPRESSION_LEVEL", "compressionLevel"),
        })
    }

    /// The version that `yarnPath` names, where it is set; else the one that would run.
    pub(super) fn release(&self, otherwise: Option<&Version>) -> Option<Version> {
        let Some(path) = self.yarn_path.as_deref() else { return otherwise.cloned() };
        let name = path.rsplit('/').next().unwrap_or(path).strip_prefix("yarn-")?;
        Version::parse(name.strip_suffix(".cjs").or_else(|| name.strip_suffix(".js"))?).ok()
    }
}

/// Whether the parser's time may grow with the square of the file.
fn nests_oddly(text: &str) -> bool {
    let marks = |line: &str| line.len() - line.trim_start_matches([' ', '\t', '-', '?', ':']).len();
    text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > MOST_BRACKETS
        || text.lines().any(|line| marks(line) > FARTHEST)
}

/// The plugins of yarn's own repository leave the resolution alone.
fn are_official(plugins: &Value) -> bool {
    plugins.as_sequence().is_some_and(|plugins| {
        plugins.iter().all(|plugin| {
            let name = plugin.as_str().or_else(|| plugin.get("spec")?.as_str());
            name.is_some_and(|name| name.starts_with("@yarnpkg/plugin-"))
        })
    })
}

fn extension(key: &str, value: &Value) -> Option<Extension> {
    let (package, range) = crate::project::lockfile::yarn_format::split_descriptor(key);
    let mut dependencies = Vec::new();
    for section in ["dependencies", "optionalDependencies"] {
        if let Some(table) = value.get(section) {
            dependencies.extend(texts(table)?);
        }
    }
    Some(Extension { package: package.to_owned(), range: range.to_owned(), dependencies })
}

fn texts(table: &Value) -> Option<HashMap<String, String>> {
    table
        .as_mapping()?
        .iter()
        .map(|(name, value)| Some((name.as_str()?.to_owned(), scalar(value)?)))
        .collect()
}

/// A scalar as text; nothing of what a variable of the environment decides.
fn scalar(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        // yarn reads `1.10` as text; as a number it has lost its end.
        Value::Number(number) if number.is_u64() => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return None,
    };
    (!text.contains("${")).then_some(text)
}
