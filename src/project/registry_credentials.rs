//! What opens a private registry, from the settings of every manager.

use std::{collections::BTreeMap, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::registry_settings::{RegistrySettings, Unset};

/// How the names of settings end that hold a credential.
const SETTINGS: [&str; 6] =
    ["_authtoken", "_auth", "_password", "npmauthtoken", "npmauthident", "token"];
/// What may stand between the name of a setting and its value.
const AROUND: [char; 6] = [' ', '\t', '=', ':', '"', '\''];

/// Every token and password that the settings of the managers hold, with the name of its setting: of the app, the folders
/// above it up to the repository, and the home.
pub(crate) fn registry_credentials(
    app_root: &Path,
    repository_root: Option<&Path>,
    variables: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let top = repository_root.unwrap_or(app_root);
    let folders = app_root.ancestors().take_while(|folder| folder.starts_with(top));
    credentials(&RegistrySettings::read(folders, variables))
}

fn credentials(settings: &RegistrySettings) -> Vec<(String, String)> {
    let expanded = |value: &str| settings.expanded(value, Unset::Vanishes);
    let mut found = Vec::new();
    for line in settings.lines().map(str::trim) {
        // `//user:password@host` has no scheme by which the masker would know it.
        if let Some(password) = password(line) {
            found.push(("password".to_owned(), expanded(password)));
        }
        let Some((name, value)) = setting(line) else { continue };
        let value = expanded(value);
        // Both forms reach the registry, and errors: the encoded one and what it says.
        let decoded = STANDARD.decode(&value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        for text in decoded.into_iter().chain([value]) {
            if let Some((_, password)) = text.split_once(':') {
                found.push((name.clone(), password.to_owned()));
            }
            found.push((name.clone(), text));
        }
    }
    found
}

/// `name=value` of .npmrc, `name: value` of .yarnrc.yml, `"name" value` of .yarnrc, `name = "value"` of bunfig.toml.
fn setting(line: &str) -> Option<(String, &str)> {
    let unquoted = line.trim_start_matches('"');
    let lower = unquoted.to_ascii_lowercase();
    let end = SETTINGS.iter().filter_map(|name| {
        let end = lower.find(name)? + name.len();
        lower[end..].starts_with([' ', '=', ':', '"', '\t']).then_some(end)
    });
    let end = end.min()?;
    // Lower case of ASCII keeps every byte's place.
    let mut value = unquoted[end..].trim_start_matches(AROUND);
    // The brace of an inline table, but not that of a variable.
    loop {
        let trimmed = value.trim_end_matches([' ', '\t', '"', '\'', ',']);
        let is_variable = trimmed.matches('}').count() <= trimmed.matches("${").count();
        value = trimmed;
        match trimmed.strip_suffix('}') {
            Some(rest) if !is_variable => value = rest,
            _ => break,
        }
    }
    (!value.is_empty()).then(|| (lower[..end].to_owned(), value))
}

fn password(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("//")?;
    let authority = rest.split(['/', ' ', '"', '\'']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manager_s_way_of_keeping_a_token() {
        let values = |text: &str| -> Vec<String> {
            let settings = RegistrySettings::of(text, &[("READER", "fake-from-variable")]);
            credentials(&settings).into_iter().map(|(_, value)| value).collect()
        };
        for (line, expected) in [
            ("//registry.example.com/:_authToken=fake-token-1234", "fake-token-1234"),
            ("//registry.example.com/:_authToken = \"fake-token-1234\"", "fake-token-1234"),
            ("\"//registry.example.com/:_authToken\" fake-token-1234", "fake-token-1234"),
            ("//registry.example.com/:_authToken=${READER}", "fake-from-variable"),
            ("  npmAuthToken: \"${READER:-none}\"", "fake-from-variable"),
            ("npmAuthIdent: \"user:fake-password\"", "fake-password"),
            ("//registry.example.com/:_auth=dXNlcjpmYWtlLXBhc3N3b3Jk", "fake-password"),
            ("//registry.example.com/:_password=ZmFrZS1wYXNzd29yZA==", "fake-password"),
            ("//user:fake-password@registry.example.com/:always-auth=true", "fake-password"),
            ("token = \"fake-token-1234\"", "fake-token-1234"),
            ("npmScopes: { a: { npmAuthToken: fake-token-1234 } }", "fake-token-1234"),
        ] {
            assert!(
                values(line).iter().any(|value| value == expected),
                "{line}: {:?}",
                values(line)
            );
        }
        for line in ["registry=https://registry.example.com/", "; a token", "authors=a:b", "${", ""]
        {
            assert!(values(line).is_empty(), "{line}: {:?}", values(line));
        }
    }
}
