use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;
use url::Url;

use crate::project::default_registries;

/// Bytes above which a file of settings is not read.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// The files in which the managers look for registries.
const FILES: [&str; 5] = [".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", ".pnpmrc"];
/// The variables in which they do.
const VARIABLES: [&str; 5] = [
    "npm_config_registry",
    "yarn_registry",
    "yarn_npm_registry_server",
    "bun_config_registry",
    "pnpm_config_registry",
];

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static ADDRESS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?:https?:)?//[^\s"'<>,}\]]+"#).unwrap());

/// The registries that a project is configured for.
#[derive(Debug, Default)]
pub(crate) struct Registries {
    /// Their hosts.
    pub(crate) hosts: BTreeSet<String>,
    /// Some settings hang on variables that are not set here, so other hosts may be configured as well.
    pub(crate) undecided: bool,
    /// npm asks the configured registry, whatever the lockfile says (`replace-registry-host=always`).
    pub(crate) replaced: bool,
}

impl Registries {
    /// Reads the settings of some folders, of the user, and of the environment.
    pub(crate) fn read(folders: &[&Path], variables: &BTreeMap<String, String>) -> Self {
        let mut registries = Self::default();
        let home = variables.get("HOME").map(PathBuf::from);
        let user = ["npm_config_userconfig", "NPM_CONFIG_USERCONFIG"]
            .iter()
            .find_map(|name| variables.get(*name).map(PathBuf::from));
        let paths = folders
            .iter()
            .copied()
            .map(Path::to_path_buf)
            .chain(home)
            .flat_map(|folder| FILES.iter().map(move |name| folder.join(name)))
            .chain(user);
        for path in paths {
            if let Some(text) = read(&path, MAXIMUM_SIZE) {
                registries.settings(&text, variables);
            }
        }
        for (name, value) in variables {
            let name = name.to_lowercase();
            let is_scope = name.starts_with("npm_config_@") && name.ends_with(":registry");
            if is_scope || VARIABLES.contains(&name.as_str()) {
                registries.address(value);
            }
            registries.replaced |= name == "npm_config_replace_registry_host" && value == "always";
        }
        registries
    }

    fn settings(&mut self, text: &str, variables: &BTreeMap<String, String>) {
        for line in text.lines() {
            let line = line.trim();
            let lower = line.to_lowercase();
            if line.starts_with(['#', ';']) {
                continue;
            }
            self.replaced |= lower.replace(' ', "") == "replace-registry-host=always";
            // Credentials, scopes and tables name registries as well as `registry` does.
            let names_one = lower.contains("registry") || line.contains("//");
            if !names_one {
                continue;
            }
            let line = substituted(line, variables);
            if line.contains("${") && lower.contains("registry") {
                self.undecided = true;
            }
            for found in ADDRESS.find_iter(&line) {
                self.address(found.as_str());
            }
        }
    }

    fn address(&mut self, address: &str) {
        let whole =
            if address.starts_with("//") { format!("https:{address}") } else { address.into() };
        if let Some(host) =
            Url::parse(&whole).ok().and_then(|url| url.host_str().map(str::to_owned))
        {
            self.hosts.insert(host);
        }
    }

    /// Adds the hosts that managers ask where nothing is configured, as their own programs name them.
    pub(crate) fn add_defaults(&mut self, variables: &BTreeMap<String, String>, folder: &Path) {
        let hosts = default_registries(variables, folder);
        self.hosts.extend(hosts.iter().filter_map(Url::host_str).map(str::to_owned));
    }
}

fn read(path: &Path, limit: u64) -> Option<String> {
    let metadata = path.metadata().ok()?;
    (metadata.is_file() && metadata.len() <= limit).then_some(())?;
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// A line with the variables in it replaced, as far as they are set.
fn substituted(line: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        let (name, default) = name.split_once('-').unwrap_or((name, ""));
        let name = name.trim_end_matches([':', '?']);
        text.push_str(&rest[..start]);
        match variables.get(name) {
            Some(value) => text.push_str(value),
            None if default.is_empty() => text.push_str(&rest[start..=start + length]),
            None => text.push_str(default),
        }
        rest = &rest[start + length + 1..];
    }
    text + rest
}
