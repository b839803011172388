use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::manifest::Wanted;

/// Brackets within brackets, above which a lockfile was not written by bun.
const DEEPEST: usize = 32;

/// bun.lock.
#[derive(Debug)]
pub(super) struct Locked {
    /// `lockfileVersion`.
    pub(super) version: u64,
    /// By path from the lockfile, empty for its own folder.
    pub(super) workspaces: BTreeMap<String, Wanted>,
    /// By the path of names that leads to each: `next`, `is-even/is-odd`.
    pub(super) packages: BTreeMap<String, Package>,
    pub(super) overrides: Value,
    pub(super) patched: Value,
    /// `catalog` and `catalogs`, by name, the first one empty.
    pub(super) catalogs: BTreeMap<String, BTreeMap<String, String>>,
}

/// One package of the tree.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    /// `1.2.3`, or another kind of resolution: `workspace:packages/ui`.
    pub(super) resolution: String,
    /// Names of what it needs, peers too.
    pub(super) needs: Vec<String>,
    /// Names of peers that need not be there.
    pub(super) may_use: Vec<String>,
}

impl Locked {
    /// Nothing where bun would not read it either, or it is not understood.
    pub(super) fn read(text: &str) -> Option<Self> {
        if depth(text) > DEEPEST {
            return None;
        }
        let value: Value =
            jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default())
                .ok()?;
        let top = value.as_object()?;
        let workspaces = top
            .get("workspaces")?
            .as_object()?
            .iter()
            .map(|(path, workspace)| Some((path.clone(), Wanted::read(workspace.as_object()?)?)))
            .collect::<Option<_>>()?;
        let packages = match top.get("packages") {
            None => BTreeMap::new(),
            Some(packages) => packages
                .as_object()?
                .iter()
                .map(|(key, package)| Some((key.clone(), Package::read(package.as_array()?)?)))
                .collect::<Option<_>>()?,
        };
        let or_null = |key: &str| top.get(key).cloned().unwrap_or_default();
        Some(Self {
            version: top.get("lockfileVersion")?.as_u64()?,
            workspaces,
            packages,
            overrides: or_null("overrides"),
            patched: or_null("patchedDependencies"),
            catalogs: catalogs(top)?,
        })
    }

    /// Where a package's dependency is found: in its own folder, or in that of one above it.
    pub(super) fn resolve(&self, from: &str, name: &str) -> Option<&str> {
        let mut from = from;
        loop {
            let key = if from.is_empty() { name.to_owned() } else { format!("{from}/{name}") };
            if let Some((key, _)) = self.packages.get_key_value(&key) {
                return Some(key);
            }
            if from.is_empty() {
                return None;
            }
            from = parent(from);
        }
    }
}

/// The path without its last name, which may have a scope in front.
fn parent(path: &str) -> &str {
    let above = path.rfind('/').map_or("", |at| &path[..at]);
    let scope = above.rsplit('/').next().unwrap_or_default();
    if scope.starts_with('@') {
        above[..above.len() - scope.len()].trim_end_matches('/')
    } else {
        above
    }
}

impl Package {
    fn read(entry: &[Value]) -> Option<Self> {
        let identity = entry.first()?.as_str()?;
        let at = identity.get(1..)?.find('@')? + 1;
        let info = entry.iter().find_map(Value::as_object);
        let names = |key: &str| -> Vec<String> {
            let value = info.and_then(|info| info.get(key));
            match value {
                Some(Value::Object(table)) => table.keys().cloned().collect(),
                Some(Value::Array(names)) => {
                    names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
                }
                _ => Vec::new(),
            }
        };
        let may_use = names("optionalPeers");
        let needs = ["dependencies", "optionalDependencies", "peerDependencies"]
            .iter()
            .flat_map(|key| names(key))
            .filter(|name| !may_use.contains(name))
            .collect();
        Some(Self {
            name: identity[..at].to_owned(),
            resolution: identity[at + 1..].to_owned(),
            needs,
            may_use,
        })
    }
}

/// `catalog` and `catalogs` of a lockfile or a manifest.
pub(super) fn catalogs(
    table: &Map<String, Value>,
) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
    let strings = |value: &Value| -> Option<BTreeMap<String, String>> {
        value
            .as_object()?
            .iter()
            .map(|(name, range)| Some((name.clone(), range.as_str()?.to_owned())))
            .collect()
    };
    let mut catalogs = BTreeMap::new();
    if let Some(catalog) = table.get("catalog") {
        catalogs.insert(String::new(), strings(catalog)?);
    }
    if let Some(named) = table.get("catalogs") {
        for (name, catalog) in named.as_object()? {
            catalogs.insert(name.clone(), strings(catalog)?);
        }
    }
    Some(catalogs)
}

/// How deep brackets stand in each other; the parser would follow them with the stack.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
