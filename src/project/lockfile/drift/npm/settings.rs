use std::{collections::BTreeMap, path::Path};

use crate::project::text::read_text;

/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// What of npm's settings decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// Peers are not looked at.
    pub(super) legacy_peer_deps: bool,
    /// Folders are copied instead of linked.
    pub(super) install_links: bool,
}

impl Settings {
    /// From the environment, which wins, and the `.npmrc` beside the lockfile.
    pub(super) fn read(root: &Path, variables: &BTreeMap<String, String>) -> Self {
        let file = read_text(&root.join(".npmrc"), MAXIMUM_SIZE).map(|text| text.content);
        let file = file.unwrap_or_default();
        let is_set = |name: &str| {
            of_variables(variables, name).or_else(|| of_file(&file, name)).is_some_and(|value| {
                !matches!(value.as_str(), "false" | "null" | "undefined" | "0" | "")
            })
        };
        Self {
            legacy_peer_deps: is_set("legacy-peer-deps"),
            install_links: is_set("install-links"),
        }
    }
}

/// `npm_config_legacy_peer_deps`, in any case and with either sign; an empty one counts as not set.
fn of_variables(variables: &BTreeMap<String, String>, name: &str) -> Option<String> {
    variables
        .iter()
        .find(|(variable, value)| {
            !value.is_empty()
                && variable
                    .to_ascii_lowercase()
                    .strip_prefix("npm_config_")
                    .is_some_and(|rest| rest.replace('_', "-") == name)
        })
        .map(|(_, value)| value.clone())
}

/// The last line of an ini file that sets the name.
fn of_file(content: &str, name: &str) -> Option<String> {
    content.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';', '['])).rev().find_map(
        |line| {
            let (key, value) = line.split_once('=').unwrap_or((line, "true"));
            (key.trim() == name).then(|| value.trim().trim_matches(['"', '\'']).to_owned())
        },
    )
}
