//! What a manager kept of a package that failed its check is not taken again.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use serde_yaml::Value;
use tempfile::TempDir;

use crate::{process::CommandSpec, project::ManagerKind};

/// Lets the next attempt fetch anew; checksums stay checked. What was done, and an empty cache that must live as long
/// as the attempts.
///
/// `output` is the end of what the failed attempt wrote.
pub(super) fn renew(
    manager: ManagerKind,
    command: &mut CommandSpec,
    output: &str,
) -> Result<(String, Option<TempDir>), String> {
    let variable = match manager {
        ManagerKind::Npm => "npm_config_cache",
        ManagerKind::YarnClassic => "YARN_CACHE_FOLDER",
        ManagerKind::Bun => "BUN_INSTALL_CACHE_DIR",
        // Read in pnpm 9.15: an archive is checked before anything of it enters the store, and a file of the store that was
        // written since is compared with its checksum before it is linked. An empty store would be left behind under
        // `node_modules`, whose links lead into it.
        ManagerKind::Pnpm => {
            // It would read the same again; and other projects of the user link into the store.
            if output.contains("ERR_PNPM_READ_FROM_STORE") {
                return Err(
                    "pnpm takes its damaged store for whole and would read the same again; nothing of the store was removed"
                        .into(),
                );
            }
            return Ok((
                "fetches it once more; pnpm keeps nothing that failed its check".into(),
                None,
            ));
        }
        ManagerKind::YarnBerry => {
            return remove_archives(command, output).map(|words| (words, None));
        }
    };
    let folder = tempfile::Builder::new()
        .prefix("deployfix-cache-")
        .tempdir()
        .map_err(|error| format!("cannot make an empty cache: {error}"))?;
    command.set(variable, folder.path().to_string_lossy());
    let words = format!(
        "fetches everything again into an empty cache ({variable}); checksums stay checked"
    );
    Ok((words, Some(folder)))
}

/// Yarn checks an archive before it enters the cache, but never replaces one that is there already; and `.pnp.cjs` leads
/// into the cache, so that only the packages in question go.
fn remove_archives(command: &CommandSpec, output: &str) -> Result<String, String> {
    let prefixes: Vec<_> = doubted(output).iter().map(archive_prefix).collect();
    let mut removed = Vec::new();
    for folder in berry_caches(command) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_doubted = prefixes.iter().any(|prefix| name.starts_with(prefix));
            if !is_doubted || Path::new(&name).extension().is_none_or(|kind| kind != "zip") {
                continue;
            }
            fs::remove_file(entry.path())
                .map_err(|error| format!("cannot remove `{}`: {error}", entry.path().display()))?;
            removed.push(format!("`{name}`"));
        }
    }
    Ok(if removed.is_empty() {
        "fetches it once more; yarn keeps nothing that failed its check".into()
    } else {
        format!(
            "removes {} from yarn's cache and fetches it again; checksums stay checked",
            removed.join(", ")
        )
    })
}

/// What yarn found damaged, as name and version.
fn doubted(output: &str) -> BTreeSet<(String, String)> {
    #[expect(clippy::unwrap_used, reason = "a constant pattern; the test compiles it")]
    static LOCATOR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(@?[A-Za-z0-9][\w./-]*)@npm:(\d[\w.+-]*)").unwrap());
    output
        .lines()
        .filter(|line| line.contains("YN0018") || line.contains("Failed to open the cache entry"))
        .filter_map(|line| LOCATOR.captures(line))
        .map(|found| (found[1].to_owned(), found[2].to_owned()))
        .collect()
}

/// How the names of a package's archives begin; what follows are hashes. Read in yarn 4.6: `slugifyLocator`.
fn archive_prefix((name, version): &(String, String)) -> String {
    format!("{}-npm-{version}-", name.replace('/', "-"))
}

/// Where yarn 2 and later keep archives: the project's own folder, and the one of all projects.
fn berry_caches(command: &CommandSpec) -> Vec<PathBuf> {
    let variable =
        |name: &str| command.variables.get(name).cloned().or_else(|| std::env::var(name).ok());
    let root = command
        .directory
        .ancestors()
        .find(|folder| folder.join("yarn.lock").is_file())
        .unwrap_or(&command.directory);
    let settings: Option<Value> = fs::read_to_string(root.join(".yarnrc.yml"))
        .ok()
        .and_then(|text| serde_yaml::from_str(&text).ok());
    let setting = |name: &str| Some(settings.as_ref()?.get(name)?.as_str()?.to_owned());
    let own = variable("YARN_CACHE_FOLDER").or_else(|| setting("cacheFolder"));
    let shared = variable("YARN_GLOBAL_FOLDER")
        .or_else(|| setting("globalFolder"))
        .map(PathBuf::from)
        .or_else(|| variable("XDG_DATA_HOME").map(|data| Path::new(&data).join("yarn/berry")))
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".yarn/berry")));
    let own = root.join(own.unwrap_or_else(|| ".yarn/cache".into()));
    [Some(own), shared.map(|folder| root.join(folder).join("cache"))]
        .into_iter()
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yarn_names_what_it_doubts() {
        let output = "➤ YN0000: ┌ Fetch step\n\
            ➤ YN0013: │ left-pad@npm:1.3.0 can't be found in the cache\n\
            ➤ YN0018: │ @tiny/scoped@npm:1.0.0: The remote archive doesn't match the expected checksum\n\
            ➤ YN0001: │ Error: Failed to open the cache entry for zod@npm:3.25.0-beta.1: Error: Libzip error\n";
        let prefixes: Vec<_> = doubted(output).iter().map(archive_prefix).collect();
        assert_eq!(prefixes, ["@tiny-scoped-npm-1.0.0-", "zod-npm-3.25.0-beta.1-"]);
    }
}
