use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::LazyLock,
};

use regex::Regex;
use url::Url;

use crate::project::{RegistrySettings, Unset, default_registries};

/// The variables in which the managers look for registries.
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
        let settings = RegistrySettings::read(folders.iter().copied(), variables);
        for line in settings.lines().map(str::trim) {
            registries.line(line, &settings);
        }
        for (name, value) in settings.variables() {
            let name = name.to_lowercase();
            let is_scope = name.starts_with("npm_config_@") && name.ends_with(":registry");
            if is_scope || VARIABLES.contains(&name.as_str()) {
                registries.address(value);
            }
            registries.replaced |= name == "npm_config_replace_registry_host" && value == "always";
        }
        registries
    }

    fn line(&mut self, line: &str, settings: &RegistrySettings) {
        if line.starts_with(['#', ';']) {
            return;
        }
        let lower = line.to_lowercase();
        self.replaced |= lower.replace(' ', "") == "replace-registry-host=always";
        // Credentials, scopes and tables name registries as well as `registry` does.
        let names_one = lower.contains("registry");
        if !names_one && !line.contains("//") {
            return;
        }
        let line = settings.expanded(line, Unset::Stays);
        self.undecided |= names_one && line.contains("${");
        for found in ADDRESS.find_iter(&line) {
            self.address(found.as_str());
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
