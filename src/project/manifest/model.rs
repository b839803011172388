use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Dependencies of one kind: package to range.
pub(crate) type Dependencies = BTreeMap<String, String>;

/// package.json as npm reads it: a field of the wrong type counts as absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manifest {
    /// `name`.
    pub(crate) name: Option<String>,
    /// `scripts`.
    pub(crate) scripts: BTreeMap<String, String>,
    /// `dependencies`.
    pub(crate) dependencies: Dependencies,
    /// `devDependencies`.
    pub(crate) dev_dependencies: Dependencies,
    /// `optionalDependencies`.
    pub(crate) optional_dependencies: Dependencies,
    /// `engines.node`.
    pub(crate) engines_node: Option<String>,
    /// `volta.node`.
    pub(crate) volta_node: Option<String>,
    /// `packageManager`, unparsed.
    pub(crate) package_manager: Option<String>,
    /// The patterns of `workspaces`; nothing when the key is absent.
    pub(crate) workspaces: Option<Vec<String>>,
}

impl Manifest {
    /// The range of a package among all kinds of dependencies but peers.
    pub(crate) fn range_of(&self, package: &str) -> Option<&str> {
        [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies]
            .into_iter()
            .find_map(|kind| kind.get(package))
            .map(String::as_str)
    }

    /// Whether anything at all is to be installed.
    pub(crate) fn has_dependencies(&self) -> bool {
        [&self.dependencies, &self.dev_dependencies, &self.optional_dependencies]
            .into_iter()
            .any(|kind| !kind.is_empty())
    }

    pub(super) fn from_raw(raw: &Map<String, Value>) -> Self {
        let table = |key: &str| -> BTreeMap<String, String> {
            raw.get(key)
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect()
        };
        let text = |key: &str| raw.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let nested =
            |key: &str, field: &str| raw.get(key)?.get(field)?.as_str().map(ToOwned::to_owned);
        Self {
            name: text("name"),
            scripts: table("scripts"),
            dependencies: table("dependencies"),
            dev_dependencies: table("devDependencies"),
            optional_dependencies: table("optionalDependencies"),
            engines_node: nested("engines", "node"),
            volta_node: nested("volta", "node"),
            package_manager: text("packageManager"),
            workspaces: raw.get("workspaces").and_then(workspace_patterns),
        }
    }
}

/// `workspaces` is a list, or for yarn an object with `packages`.
pub(super) fn workspace_patterns(value: &Value) -> Option<Vec<String>> {
    let list = value.as_array().or_else(|| value.get("packages")?.as_array())?;
    Some(list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect())
}
