use std::{collections::BTreeMap, sync::LazyLock};

use regex::Regex;

use crate::project::{ManagerKind, Project, read_text};

/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static ENGINE_STRICT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^\s*engine-strict\s*(?:=\s*true\s*)?$").unwrap());
#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static IGNORE_ENGINES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?m)^\s*"?(?:--)?(?:install\.)?ignore-engines"?\s+"?true"#).unwrap()
});

/// Why the manager stops at an `engines` that does not fit; nothing where it goes on.
///
/// Seen by running them: yarn 1 always stops, npm and pnpm with `engine-strict` only, yarn 4 and bun never.
pub(crate) fn engine_refusal(
    project: &Project,
    variables: &BTreeMap<String, String>,
) -> Option<&'static str> {
    let setting = |file: &str, pattern: &Regex| {
        [Some(project.root.as_path()), project.repository_root.as_deref()]
            .into_iter()
            .flatten()
            .filter_map(|folder| read_text(&folder.join(file), MAXIMUM_SIZE).ok())
            .any(|text| pattern.is_match(&text.content))
    };
    match project.manager.kind {
        ManagerKind::YarnClassic if !setting(".yarnrc", &IGNORE_ENGINES) => {
            Some("yarn 1 stops with `The engine \"node\" is incompatible with this module`")
        }
        ManagerKind::Npm | ManagerKind::Pnpm => {
            let variable = ["npm_config_engine_strict", "NPM_CONFIG_ENGINE_STRICT"]
                .into_iter()
                .any(|name| variables.get(name).is_some_and(|value| value == "true"));
            (variable || setting(".npmrc", &ENGINE_STRICT))
                .then_some("`engine-strict` makes the install stop")
        }
        ManagerKind::YarnClassic | ManagerKind::YarnBerry | ManagerKind::Bun => None,
    }
}
