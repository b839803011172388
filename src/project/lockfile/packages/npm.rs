use super::{LockedPackage, Source, json::Json, lines::Lines, source::of_address};

const FOLDER: &str = "node_modules/";

/// package-lock.json and npm-shrinkwrap.json of versions 1, 2 and 3.
pub(super) fn packages(text: &str) -> Vec<LockedPackage> {
    let Some(file) = Json::parse(text) else { return Vec::new() };
    let mut packages = Vec::new();
    let mut lines = Lines::new(text);
    // npm reads `dependencies` only where there is no `packages`.
    match file.get("packages") {
        Some(table @ Json::Table(_)) => of_packages(table, &mut lines, &mut packages),
        _ => of_dependencies(&file, "", &mut lines, &mut packages),
    }
    packages
}

fn of_packages(table: &Json<'_>, lines: &mut Lines<'_>, packages: &mut Vec<LockedPackage>) {
    for (key, entry) in table.table() {
        let line = lines.line_of(key);
        // The root and the workspaces are folders; what they need stands beside them.
        let Some(at) = key.rfind(FOLDER).filter(|at| *at == 0 || key[..*at].ends_with('/')) else {
            continue;
        };
        let mut package = LockedPackage::new(&key[at + FOLDER.len()..], key, line);
        let resolved = entry.text_of("resolved");
        if entry.is_set("link") {
            let target = resolved.unwrap_or_default();
            package.version = table.get(target).and_then(|it| version(it));
            package.source = Source::Local(target.to_owned());
        } else {
            package.version = version(entry);
            package.published_as(entry.text_of("name").unwrap_or_default());
            package.source = match resolved {
                Some(address) => of_address(address),
                None => Source::Registry,
            };
            package.integrity = entry.text_of("integrity").map(ToOwned::to_owned);
            package.bundled = entry.is_set("inBundle");
        }
        package.has_install_script = Some(entry.is_set("hasInstallScript"));
        package.development = Some(entry.is_set("dev") || entry.is_set("devOptional"));
        package.optional = Some(entry.is_set("optional") || entry.is_set("devOptional"));
        packages.push(package);
    }
}

fn version(entry: &Json<'_>) -> Option<String> {
    entry.text_of("version").map(ToOwned::to_owned)
}

fn of_dependencies(
    parent: &Json<'_>,
    folder: &str,
    lines: &mut Lines<'_>,
    packages: &mut Vec<LockedPackage>,
) {
    let Some(table) = parent.get("dependencies") else { return };
    for (name, entry) in table.table() {
        let key = format!("{folder}{FOLDER}{name}");
        let mut package = LockedPackage::new(name, &key, lines.line_of(name));
        let version = entry.text_of("version").unwrap_or_default();
        // Lockfiles of this version hold in one field what others hold in three.
        package.source = match entry.text_of("resolved") {
            Some(address) => of_address(address),
            None if version.contains(':') && !version.starts_with("npm:") => of_address(version),
            None => Source::Registry,
        };
        if let Some((published, version)) =
            version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'))
        {
            package.published_as(published);
            package.version = Some(version.to_owned());
        } else if !version.contains([':', '/']) && !version.is_empty() {
            package.version = Some(version.to_owned());
        }
        package.integrity = entry.text_of("integrity").map(ToOwned::to_owned);
        package.bundled = entry.is_set("bundled");
        package.development = Some(entry.is_set("dev"));
        package.optional = Some(entry.is_set("optional"));
        packages.push(package);
        of_dependencies(entry, &format!("{key}/"), lines, packages);
    }
}
