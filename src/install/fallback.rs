//! The second registry: same lockfile, same checksums, none of the first one's credentials.
//!
//! Read in npm 11.19 (@npmcli/arborist, `#registryResolved`): `replace-registry-host` moves the addresses of one host of the
//! lockfile to the registry in use. Read in yarn 1.22 (`NpmResolver.cleanRegistry`): absolute addresses stay as they are
//! written, so they are rewritten in the lockfile for the one installation.

use std::{collections::BTreeMap, path::Path};

use url::Url;

use crate::{
    process::CommandSpec,
    project::{ManagerKind, RegistrySettings, Unset},
};

/// Settings of the project and of the person as far as they concern registries.
pub(super) struct Settings(RegistrySettings);

impl Settings {
    /// Reads those of some folders, of the home, and of the environment.
    pub(super) fn read(folders: &[&Path], variables: &BTreeMap<String, String>) -> Self {
        Self(RegistrySettings::read(folders.iter().copied(), variables))
    }

    /// The configured default registry.
    pub(super) fn registry(&self) -> Option<Url> {
        const VARIABLES: [&str; 3] =
            ["npm_config_registry", "YARN_NPM_REGISTRY_SERVER", "BUN_CONFIG_REGISTRY"];
        let of_variable = self.variable(&VARIABLES).map(|(_, value)| value);
        let of_file = || {
            self.lines().find_map(|line| {
                let (key, value) = line.split_once(['=', ':', ' '])?;
                matches!(key.trim(), "registry" | "npmRegistryServer")
                    .then(|| value.trim_matches([' ', '=', '"', '\'', '\r']))
            })
        };
        let address = self.0.expanded(of_variable.or_else(of_file)?, Unset::Stays);
        Url::parse(&address).ok().filter(|_| !address.contains("${"))
    }

    /// A credential that names no host, and would go to whatever registry is asked: where it is written.
    pub(super) fn unbound_credential(&self) -> Option<String> {
        const KEYS: [&str; 7] = [
            "_auth",
            "_authToken",
            "_password",
            "npmAuthToken",
            "npmAuthIdent",
            "certfile",
            "keyfile",
        ];
        const VARIABLES: [&str; 6] = [
            "npm_config__auth",
            "npm_config__authtoken",
            "npm_config__password",
            "YARN_NPM_AUTH_TOKEN",
            "YARN_NPM_AUTH_IDENT",
            "BUN_CONFIG_TOKEN",
        ];
        if let Some((name, _)) = self.variable(&VARIABLES) {
            return Some(format!("the variable {name}"));
        }
        let in_file = self.lines().find_map(|line| {
            let key = line.split(['=', ':', ' ']).next()?.trim().trim_matches('"');
            KEYS.contains(&key).then(|| format!("`{key}` of the settings"))
        });
        // bunfig.toml writes the token beside the address: `registry = { url = "...", token = "..." }`.
        in_file.or_else(|| {
            let beside = |line: &str| line.starts_with("registry") && line.contains("token");
            self.lines().any(beside).then(|| "the token beside `registry`".to_owned())
        })
    }

    /// Whether any credential is configured, for whatever host.
    fn has_credential(&self) -> bool {
        const WORDS: [&str; 5] = ["_auth", "_password", "npmAuth", "token", "password"];
        self.0
            .lines()
            .map(str::trim_start)
            .filter(|line| !line.starts_with(['#', ';']))
            .any(|line| WORDS.iter().any(|word| line.contains(word)))
    }

    /// Lines that belong to the top level of their file: what is indented belongs to one registry or scope.
    fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter(|line| !line.starts_with([' ', '\t', '#', ';']))
    }

    fn variable(&self, wanted: &[&str]) -> Option<(&str, &str)> {
        self.0.variables().find(|(name, _)| wanted.iter().any(|it| name.eq_ignore_ascii_case(it)))
    }
}

/// A command that asks another registry; the second part is the lockfile as it must read for that, where it must change.
pub(super) fn redirected(
    manager: ManagerKind,
    command: &CommandSpec,
    settings: &Settings,
    fallback: &Url,
    lockfile: Option<&str>,
) -> Result<(CommandSpec, Option<String>), String> {
    let configured = settings.registry();
    let firsts = configured
        .as_ref()
        .map_or_else(|| settings.0.defaults(&command.directory), |registry| vec![registry.clone()]);
    if firsts.iter().any(|first| is_same(first, fallback)) {
        return Err("`install.fallbackRegistry` is the registry that did not answer".into());
    }
    if let Some(place) = settings.unbound_credential() {
        return Err(format!(
            "{place} names no host and would be sent to the fallback registry as well; write it as `//<host>/:_authToken`"
        ));
    }
    // Seen in bun 1.2.23: `--registry` changes the address, and the token of the first registry goes with it.
    if manager == ManagerKind::Bun && settings.has_credential() {
        return Err(
            "bun would send the credentials of the first registry to the fallback as well".into()
        );
    }
    let address = fallback.as_str();
    let mut command = command.clone();
    match manager {
        ManagerKind::Npm => {
            command.arguments.push(format!("--registry={address}").into());
            // The host of npm's own default is replaced in any case.
            if let Some(host) = configured.as_ref().and_then(Url::host_str) {
                command.arguments.push(format!("--replace-registry-host={host}").into());
            }
            Ok((command, None))
        }
        ManagerKind::Pnpm => {
            command.arguments.push(format!("--registry={address}").into());
            Ok((command, None))
        }
        ManagerKind::YarnBerry => {
            command.set("YARN_NPM_REGISTRY_SERVER", address.trim_end_matches('/'));
            Ok((command, None))
        }
        ManagerKind::YarnClassic | ManagerKind::Bun => {
            command.arguments.push(format!("--registry={address}").into());
            Ok((command, lockfile.and_then(|text| rewritten(text, &firsts, address))))
        }
    }
}

/// The lockfile with the addresses of the first registries changed to the second; nothing where it names none.
fn rewritten(lockfile: &str, firsts: &[Url], fallback: &str) -> Option<String> {
    let prefix = |url: &str| format!("\"{}/", url.trim_end_matches('/'));
    let changed = firsts.iter().fold(lockfile.to_owned(), |text, first| {
        text.replace(&prefix(first.as_str()), &prefix(fallback))
    });
    (changed != lockfile).then_some(changed)
}

fn is_same(one: &Url, other: &Url) -> bool {
    one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(npmrc: &str, variables: &[(&str, &str)]) -> Settings {
        Settings(RegistrySettings::of(npmrc, variables))
    }

    #[test]
    fn the_configured_registry_is_found() {
        for (file, is_found) in [
            ("registry=https://npm.example.com/", true),
            ("registry = https://npm.example.com\r\n", true),
            ("registry \"https://npm.example.com/\"", true),
            ("npmRegistryServer: \"https://npm.example.com\"", true),
            ("@own:registry=https://npm.example.com/", false),
            ("# registry=https://npm.example.com/", false),
            ("", false),
        ] {
            let found = settings(file, &[]).registry().map(String::from);
            assert_eq!(found.as_deref(), is_found.then_some("https://npm.example.com/"), "{file}");
        }
        let variable = settings(
            "registry=https://a.example.com",
            &[("NPM_CONFIG_REGISTRY", "https://b.example.com/")],
        );
        assert_eq!(variable.registry().unwrap().as_str(), "https://b.example.com/");
        let substituted = settings("registry=https://${NAME}.example.com", &[("NAME", "c")]);
        assert_eq!(substituted.registry().unwrap().as_str(), "https://c.example.com/");
        assert!(settings("registry=https://${NAME}.example.com", &[]).registry().is_none());
    }

    #[test]
    fn a_credential_without_a_host_stops_it() {
        for (file, unbound) in [
            ("_authToken=npm_fake", true),
            ("_auth=ZmFrZTpmYWtl", true),
            ("npmAuthToken: npm_fake", true),
            ("registry = { url = \"https://npm.example.com\", token = \"fake\" }", true),
            ("//npm.example.com/:_authToken=npm_fake", false),
            ("npmRegistries:\n  //npm.example.com:\n    npmAuthToken: npm_fake", false),
            ("; _authToken=npm_fake", false),
        ] {
            assert_eq!(settings(file, &[]).unbound_credential().is_some(), unbound, "{file}");
        }
        let of_variable = settings("", &[("NPM_CONFIG__AUTHTOKEN", "npm_fake")]);
        let place = of_variable.unbound_credential().unwrap();
        assert!(place.contains("NPM_CONFIG__AUTHTOKEN") && !place.contains("fake"), "{place}");
    }

    #[test]
    fn bun_gets_no_second_registry_beside_a_credential() {
        let [program, arguments @ ..] = ManagerKind::Bun.frozen_install() else { unreachable!() };
        let command = CommandSpec::new(*program, arguments, ".");
        let second = Url::parse("https://second.example.com/").unwrap();
        for (file, allowed) in [
            ("registry=https://npm.example.com/", true),
            ("//npm.example.com/:_authToken=npm_fake", false),
            ("[install.scopes]\nown = { token = \"fake\" }", false),
            ("# //npm.example.com/:_authToken=npm_fake", true),
        ] {
            let settings = settings(file, &[]);
            let result = redirected(ManagerKind::Bun, &command, &settings, &second, None);
            assert_eq!(result.is_ok(), allowed, "{file}");
        }
    }

    #[test]
    fn only_addresses_of_the_first_registry_are_rewritten() {
        let lockfile = "resolved \"https://npm.example.com/a/-/a-1.0.0.tgz#0\"\nresolved \"https://other.example.com/b.tgz#0\"";
        let first = [Url::parse("https://npm.example.com/").unwrap()];
        let changed = rewritten(lockfile, &first, "https://second.example.com/npm/").unwrap();
        assert_eq!(
            changed,
            "resolved \"https://second.example.com/npm/a/-/a-1.0.0.tgz#0\"\nresolved \"https://other.example.com/b.tgz#0\""
        );
        assert!(rewritten("", &first, "https://second.example.com/").is_none());
    }
}
