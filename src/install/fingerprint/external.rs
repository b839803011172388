use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    files::schemas,
    inputs::Sources,
    place::{MODULES, Place, below},
};
use crate::project::read_raw_manifest;

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
pub(super) fn present(place: &Place, sources: &Sources<'_>) -> BTreeMap<String, String> {
    let environment = sources.environment;
    let installed = |package: &str| {
        place.projects.iter().any(|project| {
            place.root.join(below(project, MODULES)).join(package).join("package.json").exists()
        })
    };
    let mut present: BTreeMap<_, _> = EXTERNALS
        .iter()
        .filter(|external| installed(external.package))
        .filter_map(|external| {
            let folder = folder(external, environment)?;
            holds_something(&folder)
                .then(|| (external.package.to_owned(), folder.to_string_lossy().into_owned()))
        })
        .collect();
    if let Some(client) = generated_client(place, &sources.project.root) {
        present.insert("@prisma/client".into(), client);
    }
    present
}

fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// The first folder, from the root, into which `@prisma/client` generates code when it is installed, where that is not
/// `node_modules` and no script of the project generates it as well: git-ignored, it is not in a fresh checkout.
fn generated_client(place: &Place, app: &Path) -> Option<String> {
    let manifest = read_raw_manifest(app)?;
    let by_script = manifest.get("scripts")?.as_object().is_some_and(|scripts| {
        ["preinstall", "install", "postinstall", "prepare"].iter().any(|event| {
            scripts.get(*event).and_then(Value::as_str).is_some_and(|line| line.contains("prisma"))
        })
    });
    if by_script {
        return None;
    }
    schemas(app, &place.root, &manifest).iter().find_map(|schema| {
        let path = place.root.join(schema);
        let text = fs::read_to_string(&path).ok()?;
        let output = text.lines().find_map(|line| {
            let value = line.trim().strip_prefix("output")?.trim_start().strip_prefix('=')?;
            Some(value.trim().trim_matches('"').to_owned())
        })?;
        let folder = path.parent()?.join(output);
        let inside = folder.components().any(|part| part.as_os_str() == MODULES);
        let shown = folder.strip_prefix(&place.root).unwrap_or(&folder).display().to_string();
        (!inside && holds_something(&folder)).then_some(shown)
    })
}

fn folder(external: &External, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let set =
        |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    external.variable.and_then(set).or_else(|| {
        let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(cache.join(external.folder))
    })
}
