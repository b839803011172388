use std::collections::BTreeMap;

use super::inputs::digest;

/// Beginnings of the names of variables that managers and install scripts read, lower case.
const PREFIXES: &[&str] = &[
    "npm_config_",
    "pnpm_config_",
    "yarn_",
    "bun_",
    // Install scripts that fetch a binary, and whether and which.
    "cypress_install_",
    "electron_",
    "playwright_",
    "prisma_cli_",
    "prisma_engines_",
    "prisma_skip_",
    "prisma_generate_",
    "puppeteer_",
    "sentrycli_",
    "sharp_",
];

/// Settings that change how something is fetched or shown, but not what is installed. npm hands most of them to every
/// script that it runs, so that they come and go with who starts the installation.
const WITHOUT_EFFECT: &[&str] = &[
    "audit",
    "ca",
    "cache",
    "cafile",
    "cert",
    "certfile",
    "color",
    "email",
    "fund",
    "global_prefix",
    "globalconfig",
    "https_proxy",
    "init_module",
    "key",
    "keyfile",
    "local_prefix",
    "loglevel",
    "maxsockets",
    "node_gyp",
    "noproxy",
    "npm_version",
    "prefer_offline",
    "prefer_online",
    "prefix",
    "progress",
    "proxy",
    "strict_ssl",
    "update_notifier",
    "user_agent",
    "userconfig",
    "username",
    "yes",
    // yarn's and bun's own
    "cache_folder",
    "install_cache_dir",
    "global_folder",
    "enable_telemetry",
    "enable_progress_bars",
];

/// Digests of the variables that change what is installed.
pub(super) fn relevant_variables(
    environment: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    environment
        .iter()
        .filter(|(name, value)| is_relevant_variable(name, value))
        .map(|(name, value)| (name.clone(), digest(value.as_bytes())))
        .collect()
}

fn is_relevant_variable(name: &str, value: &str) -> bool {
    let lower = name.to_lowercase();
    // An empty setting is no setting.
    !value.is_empty()
        && PREFIXES.iter().any(|prefix| lower.strip_prefix(prefix).is_some_and(is_relevant_setting))
}

/// Whether a setting, as `.npmrc` or a variable names it, changes what is installed. Credentials do not, and expire.
fn is_relevant_setting(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let last = name.rsplit([':', '.']).next().unwrap_or(&name);
    let credential = ["auth", "password", "token", "username", "email", "ident"];
    !credential.iter().any(|word| last.contains(word))
        && !last.starts_with("fetch_")
        && !WITHOUT_EFFECT.contains(&last)
}

/// The digest of the settings of an `.npmrc` that change what is installed; nothing where it has none.
pub(super) fn npmrc_digest(text: &str) -> Option<String> {
    let settings: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        .filter(|line| {
            is_relevant_setting(line.split_once('=').map_or(*line, |(name, _)| name).trim())
        })
        .collect();
    (!settings.is_empty()).then(|| digest(settings.join("\n").as_bytes()))
}

/// The digest of a `.yarnrc`, `.yarnrc.yml` or `bunfig.toml` without the lines that hold credentials.
pub(super) fn settings_digest(text: &str) -> Option<String> {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| {
            let name = line.split([':', '=']).next().unwrap_or(line).to_lowercase();
            !["auth", "password", "token"].iter().any(|word| name.contains(word))
        })
        .collect();
    (!lines.is_empty()).then(|| digest(lines.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_no_other_installation() {
        let one =
            "registry=https://registry.example.com/\n//registry.example.com/:_authToken=one\n";
        let other = one.replace("=one", "=other").replace("registry=", "# comment\nregistry = ");
        assert_eq!(npmrc_digest(one), npmrc_digest(&one.replace("=one", "=other")));
        assert_ne!(npmrc_digest(one), npmrc_digest(&format!("{other}omit=dev\n")));
        assert_eq!(npmrc_digest("# nothing\n_auth=abc\ncache=/tmp/x\n"), None);
        assert_ne!(npmrc_digest("legacy-peer-deps=true"), None);
        let yarn = |token| format!("nodeLinker: pnp\nnpmAuthToken: {token}\n");
        assert_eq!(settings_digest(&yarn("one")), settings_digest(&yarn("other")));
        assert_ne!(settings_digest(&yarn("one")), settings_digest("nodeLinker: node-modules\n"));
    }

    #[test]
    fn variables_count_when_they_change_the_tree() {
        for (name, relevant) in [
            ("npm_config_omit", true),
            ("NPM_CONFIG_PRODUCTION", true),
            ("npm_config_legacy_peer_deps", true),
            ("YARN_NODE_LINKER", true),
            ("PUPPETEER_SKIP_DOWNLOAD", true),
            ("npm_config_cache", false),
            ("npm_config_user_agent", false),
            ("npm_config__authToken", false),
            ("npm_config_//registry.example.com/:_authToken", false),
            ("YARN_CACHE_FOLDER", false),
            ("DATABASE_URL", false),
            ("PATH", false),
        ] {
            assert_eq!(is_relevant_variable(name, "x"), relevant, "{name}");
        }
    }
}
