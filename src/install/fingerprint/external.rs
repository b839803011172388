use std::{collections::BTreeMap, fs, path::PathBuf};

use super::place::{MODULES, Place, below};

/// A package whose install script leaves something outside of `node_modules`, which a restored cache does not bring back.
struct External {
    package: &'static str,
    /// The variable that names the folder, where it is set.
    variable: Option<&'static str>,
    /// The folder otherwise, below the user's cache: `XDG_CACHE_HOME`, else `~/.cache`.
    folder: &'static str,
}

const fn cached(
    package: &'static str,
    variable: Option<&'static str>,
    folder: &'static str,
) -> External {
    External { package, variable, folder }
}

/// Browsers, as the packages document where they keep them. `playwright` itself fetches nothing when it is installed.
const EXTERNALS: &[External] = &[
    cached("cypress", Some("CYPRESS_CACHE_FOLDER"), "Cypress"),
    cached("puppeteer", Some("PUPPETEER_CACHE_DIR"), "puppeteer"),
    cached("playwright-chromium", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
    cached("playwright-firefox", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
    cached("playwright-webkit", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
    cached("@playwright/browser-chromium", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
    cached("@playwright/browser-firefox", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
    cached("@playwright/browser-webkit", Some("PLAYWRIGHT_BROWSERS_PATH"), "ms-playwright"),
];

/// The installed packages of the list whose folder holds something now.
pub(super) fn present(
    place: &Place,
    environment: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let installed = |package: &str| {
        place.projects.iter().any(|project| {
            place.root.join(below(project, MODULES)).join(package).join("package.json").exists()
        })
    };
    EXTERNALS
        .iter()
        .filter(|external| installed(external.package))
        .filter_map(|external| {
            let folder = folder(external, environment)?;
            let holds = fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
            holds.then(|| (external.package.to_owned(), folder.to_string_lossy().into_owned()))
        })
        .collect()
}

fn folder(external: &External, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let set =
        |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    external.variable.and_then(set).or_else(|| {
        let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(cache.join(external.folder))
    })
}
