use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Names and what is asked of them.
pub(super) type Table = BTreeMap<String, String>;

/// What a lockfile or a manifest says of one package; the same fields in both.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default, deserialize_with = "text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) version: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) resolved: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    pub(super) link: bool,
    #[serde(default, deserialize_with = "truth")]
    pub(super) in_bundle: bool,
    #[serde(default, deserialize_with = "truth")]
    pub(super) has_shrinkwrap: bool,
    #[serde(default, deserialize_with = "table")]
    pub(super) dependencies: Table,
    #[serde(default, deserialize_with = "table")]
    pub(super) dev_dependencies: Table,
    #[serde(default, deserialize_with = "table")]
    pub(super) optional_dependencies: Table,
    #[serde(default, deserialize_with = "table")]
    pub(super) peer_dependencies: Table,
    #[serde(default, deserialize_with = "optional_peers")]
    pub(super) peer_dependencies_meta: Vec<String>,
    #[serde(default, deserialize_with = "table")]
    pub(super) accept_dependencies: Table,
    #[serde(default, alias = "bundledDependencies")]
    pub(super) bundle_dependencies: Value,
}

impl Entry {
    /// A manifest.
    pub(super) fn from_manifest(manifest: &Map<String, Value>) -> Self {
        let table = |key: &str| manifest.get(key).map(strings).unwrap_or_default();
        let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        Self {
            name: text("name"),
            version: text("version"),
            dependencies: table("dependencies"),
            dev_dependencies: table("devDependencies"),
            optional_dependencies: table("optionalDependencies"),
            peer_dependencies: table("peerDependencies"),
            peer_dependencies_meta: manifest
                .get("peerDependenciesMeta")
                .map(optional_of)
                .unwrap_or_default(),
            accept_dependencies: table("acceptDependencies"),
            bundle_dependencies: manifest
                .get("bundleDependencies")
                .or_else(|| manifest.get("bundledDependencies"))
                .cloned()
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether a dependency comes inside the package's own archive.
    pub(super) fn bundles(&self, name: &str) -> bool {
        match &self.bundle_dependencies {
            Value::Bool(all) => *all && self.dependencies.contains_key(name),
            Value::Array(names) => names.iter().any(|bundled| bundled == name),
            Value::Object(names) => names.contains_key(name),
            _ => false,
        }
    }
}

fn strings(value: &Value) -> Table {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
}

fn optional_of(value: &Value) -> Vec<String> {
    let entries = value.as_object().into_iter().flatten();
    entries.filter(|(_, meta)| is_true(&meta["optional"])).map(|(name, _)| name.clone()).collect()
}

/// As JavaScript takes a value for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Value::deserialize(deserializer).map(|value| is_true(&value))
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Value::deserialize(deserializer).map(|value| match value {
        Value::String(text) => Some(text),
        _ => None,
    })
}

fn table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Table, D::Error> {
    Value::deserialize(deserializer).map(|value| strings(&value))
}

fn optional_peers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Value::deserialize(deserializer).map(|value| optional_of(&value))
}
