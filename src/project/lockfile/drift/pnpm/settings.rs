use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{
    checksum::{base32_md5, hex_sha256, md5_of_json, normalized, object_hash, prefixed_sha256},
    compare::Judgement,
    config::Config,
    lockfile::Locked,
    rules::Rules,
};
use crate::project::lockfile::drift::{Change, ChangeKind};

const PNPMFILE: &str = ".pnpmfile.cjs";
const WORKSPACE: &str = "pnpm-workspace.yaml";

/// `getOutdatedLockfileSetting`: the settings that a lockfile was made with; nothing where one is not understood.
pub(super) fn compare(
    root: &Path,
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) -> Option<()> {
    catalogs(locked, config, rules, judgement)?;
    overrides(locked, config, rules, judgement)?;
    package_extensions(locked, config, rules, judgement);
    lists(locked, config, rules, judgement)?;
    patches(root, locked, config, rules, judgement)?;
    flags(locked, config, rules, judgement);
    pnpmfile(root, locked, config, rules, judgement);
    Some(())
}

fn change(
    file: &str,
    section: &str,
    name: &str,
    wanted: Option<String>,
    locked: Option<String>,
) -> Change {
    Change {
        kind: ChangeKind::Setting,
        file: file.to_owned(),
        section: section.to_owned(),
        name: name.to_owned(),
        wanted,
        locked,
    }
}

/// Only what the lockfile holds is compared, and only since 10.24 by a frozen install.
fn catalogs(
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) -> Option<()> {
    let Some(catalogs) = locked.top.get("catalogs").filter(|catalogs| !catalogs.is_null()) else {
        return Some(());
    };
    for (name, catalog) in catalogs.as_object()? {
        for (alias, entry) in catalog.as_object()? {
            let specifier = entry.get("specifier")?.as_str()?;
            let wanted = config.catalogs.get(name).and_then(|catalog| catalog.get(alias));
            if wanted.is_some_and(|wanted| wanted == specifier) {
                continue;
            }
            if rules.at_least(10, 24) {
                let section = if name == "default" {
                    "catalog".to_owned()
                } else {
                    format!("catalogs.{name}")
                };
                judgement.add(change(
                    WORKSPACE,
                    &section,
                    alias,
                    wanted.cloned(),
                    Some(specifier.to_owned()),
                ));
            } else if rules.at_least(10, 21) {
                // It came between 10.20 and 10.24.
                judgement.doubt();
            }
        }
    }
    Some(())
}

fn overrides(
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) -> Option<()> {
    let mut wanted = config.overrides.value.clone();
    if rules.at_least(9, 0) {
        for (selector, value) in &mut wanted {
            if let Some(catalog) = value.strip_prefix("catalog:") {
                let catalog = if catalog.trim().is_empty() { "default" } else { catalog.trim() };
                let target = super::overrides::target(selector)?;
                // pnpm stops where the catalog has no such entry; 9 learned it within its major.
                let found = config.catalogs.get(catalog)?.get(&target)?.clone();
                if !rules.at_least(9, 15) {
                    return None;
                }
                *value = found;
            }
        }
    }
    let locked = locked.table("overrides")?;
    differences(config.overrides.file, "overrides", &wanted, &locked, judgement);
    Some(())
}

fn differences(
    file: &str,
    section: &str,
    wanted: &BTreeMap<String, String>,
    locked: &BTreeMap<String, String>,
    judgement: &mut Judgement,
) {
    let names: BTreeSet<_> = wanted.keys().chain(locked.keys()).collect();
    for name in names {
        if wanted.get(name) != locked.get(name) {
            judgement.add(change(
                file,
                section,
                name,
                wanted.get(name).cloned(),
                locked.get(name).cloned(),
            ));
        }
    }
}

fn package_extensions(locked: &Locked, config: &Config, rules: &Rules, judgement: &mut Judgement) {
    let extensions = &config.package_extensions.value;
    let is_empty =
        extensions.is_null() || extensions.as_object().is_some_and(serde_json::Map::is_empty);
    let wanted = match rules.major() {
        _ if is_empty => None,
        6 | 7 => Some(md5_of_json(extensions, false)),
        8 | 9 => Some(md5_of_json(extensions, true)),
        _ => Some(object_hash(extensions)),
    };
    let found = locked.top.get("packageExtensionsChecksum").and_then(Value::as_str);
    if wanted.as_deref() == found {
        return;
    }
    if rules.major() == 8 && !is_empty && found == Some(&*md5_of_json(extensions, false)) {
        judgement.doubt();
        return;
    }
    judgement.add(change(
        config.package_extensions.file,
        "packageExtensions",
        "packageExtensionsChecksum",
        wanted,
        found.map(ToOwned::to_owned),
    ));
}

fn lists(locked: &Locked, config: &Config, rules: &Rules, judgement: &mut Judgement) -> Option<()> {
    let of_lockfile = |key: &str| -> Option<Option<Vec<String>>> {
        match locked.top.get(key) {
            None | Some(Value::Null) => Some(None),
            Some(list) => list
                .as_array()?
                .iter()
                .map(|name| name.as_str().map(ToOwned::to_owned))
                .collect::<Option<Vec<_>>>()
                .map(Some),
        }
    };
    let sorted = |mut list: Vec<String>| {
        list.sort_by(|left, right| left.encode_utf16().cmp(right.encode_utf16()));
        list
    };
    let mut compare =
        |file: &str, key: &str, wanted: Option<Vec<String>>, found: Option<Vec<String>>| {
            if wanted != found {
                let shown = |list: Option<Vec<String>>| list.map(|list| list.join(", "));
                judgement.add(change(file, "pnpm", key, shown(wanted), shown(found)));
            }
        };
    if rules.major() >= 9 {
        let key = "ignoredOptionalDependencies";
        let setting = &config.ignored_optional;
        let found = sorted(of_lockfile(key)?.unwrap_or_default());
        compare(setting.file, key, Some(sorted(setting.value.clone())), Some(found));
    } else {
        let key = "neverBuiltDependencies";
        let found = sorted(of_lockfile(key)?.unwrap_or_default());
        compare(
            config.never_built.file,
            key,
            Some(sorted(config.never_built.value.clone())),
            Some(found),
        );
        let key = "onlyBuiltDependencies";
        let wanted = config.only_built.value.clone().map(sorted);
        compare(config.only_built.file, key, wanted, of_lockfile(key)?);
    }
    Some(())
}

fn patches(
    root: &Path,
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) -> Option<()> {
    if rules.major() < 7 {
        return Some(());
    }
    let mut wanted = BTreeMap::new();
    for (name, path) in &config.patched_dependencies.value {
        let relative = path.trim_start_matches("./");
        // Absolute paths and ways out of the folder are written as Node's `path.relative` writes them.
        if Path::new(path).is_absolute()
            || path.contains("..")
            || path.contains("//")
            || path.contains("/./")
        {
            return None;
        }
        // A patch that is not there stops pnpm, but with another error.
        let text = normalized(&root.join(path))?;
        let hash = if rules.major() < 10 { base32_md5(&text) } else { hex_sha256(&text) };
        let relative = if rules.major() == 7 { path } else { relative };
        wanted.insert(name.clone(), format!("{relative} {hash}"));
    }
    let mut found = BTreeMap::new();
    match locked.top.get("patchedDependencies") {
        None | Some(Value::Null) => {}
        Some(patches) => {
            for (name, patch) in patches.as_object()? {
                let text = |key: &str| patch.get(key).and_then(Value::as_str);
                found.insert(name.clone(), format!("{} {}", text("path")?, text("hash")?));
            }
        }
    }
    if rules.is_modern() && (!wanted.is_empty() || !found.is_empty()) {
        return None;
    }
    differences(
        config.patched_dependencies.file,
        "patchedDependencies",
        &wanted,
        &found,
        judgement,
    );
    Some(())
}

fn flags(locked: &Locked, config: &Config, rules: &Rules, judgement: &mut Judgement) {
    let mut compare = |key: &str, is_wrong: bool, wanted: &dyn ToString| {
        if is_wrong {
            let found = locked.setting(key);
            let found = (!found.is_null()).then(|| found.to_string());
            judgement.add(change(
                "pnpm-lock.yaml",
                "settings",
                key,
                Some(wanted.to_string()),
                found,
            ));
        }
    };
    let differs = |key: &str, wanted: bool| {
        let found = locked.setting(key);
        !found.is_null() && *found != Value::Bool(wanted)
    };
    let is_on = |key: &str| match locked.setting(key) {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        _ => true,
    };
    if rules.major() >= 7 {
        let wanted = config.auto_install_peers;
        compare("autoInstallPeers", differs("autoInstallPeers", wanted), &wanted);
    }
    let wanted = config.exclude_links;
    match rules.major() {
        6 => {}
        7 => compare("excludeLinksFromLockfile", is_on("excludeLinksFromLockfile"), &false),
        _ => compare(
            "excludeLinksFromLockfile",
            differs("excludeLinksFromLockfile", wanted),
            &wanted,
        ),
    }
    if rules.at_least(9, 5) {
        let wanted = config.peers_suffix_max_length;
        let found = locked.setting("peersSuffixMaxLength");
        let found = if found.is_null() { Some(1000) } else { found.as_u64() };
        compare("peersSuffixMaxLength", found != Some(wanted), &wanted);
    }
    if rules.major() >= 10 {
        let wanted = config.inject;
        compare("injectWorkspacePackages", is_on("injectWorkspacePackages") != wanted, &wanted);
    }
    if rules.at_least(10, 33) {
        let wanted = config.dedupe_peers;
        compare("dedupePeers", is_on("dedupePeers") != wanted, &wanted);
    }
}

/// The file of hooks: its checksum since 9, and what its hooks may do to the manifests.
fn pnpmfile(
    root: &Path,
    locked: &Locked,
    config: &Config,
    rules: &Rules,
    judgement: &mut Judgement,
) {
    let found = locked.top.get("pnpmfileChecksum").and_then(Value::as_str);
    let is_there =
        |name: &str| !config.ignores_pnpmfile && root.join(name).symlink_metadata().is_ok();
    if is_there(".pnpmfile.mjs") || (rules.is_modern() && (is_there(PNPMFILE) || found.is_some())) {
        judgement.doubt_projects();
        return;
    }
    let mut wanted = None;
    if is_there(PNPMFILE) {
        let Some(text) = normalized(&root.join(PNPMFILE)) else {
            judgement.doubt_projects();
            return;
        };
        if ["readPackage", "require", "import", "updateConfig", "..."]
            .iter()
            .any(|word| text.contains(word))
        {
            judgement.doubt_projects();
        }
        if text.contains("hooks") {
            wanted =
                Some(if rules.major() < 10 { base32_md5(&text) } else { prefixed_sha256(&text) });
        } else if text.contains("require") || text.contains("import") {
            judgement.doubt();
            return;
        }
    }
    if rules.major() >= 9 && wanted.as_deref() != found {
        judgement.add(change(
            PNPMFILE,
            "pnpmfile",
            "pnpmfileChecksum",
            wanted,
            found.map(ToOwned::to_owned),
        ));
    }
}
