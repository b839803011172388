//! Where secrets are found: in an environment.

use std::collections::BTreeSet;

use serde_json::Value;

use super::encodings::percent_decode;
use super::forms::MINIMUM_DIGITS;
use super::names::is_secret_name;
use super::secret::Secret;
use super::shapes::is_access_key_id;

/// The variable in which Amplify hands the build its secrets, as one JSON object.
const AMPLIFY_SECRETS: &str = "secrets";

/// A user name this long that stands in a URL without a password is a token.
pub(super) const MINIMUM_TOKEN_USER: usize = 16;

/// The secrets of an environment: values of the `declared` names, of names that announce a secret, the leaves of Amplify's
/// `secrets`, credentials inside any URL, and AWS access key ids.
pub fn secrets_in(
    variables: impl IntoIterator<Item = (String, String)>,
    declared: &BTreeSet<String>,
) -> BTreeSet<Secret> {
    let mut found = Found::default();
    for (name, value) in variables {
        if name == AMPLIFY_SECRETS {
            found.amplify_secrets(&value);
        } else if declared.contains(&name) || is_secret_name(&name) {
            found.value(&value);
        }
        found.credentials(&value);
        if is_access_key_id(value.trim()) {
            found.add(value.trim());
        }
    }
    found.0
}

#[derive(Default)]
struct Found(BTreeSet<Secret>);

impl Found {
    fn add(&mut self, text: &str) {
        self.0.insert(Secret::from(text));
    }

    fn amplify_secrets(&mut self, value: &str) {
        match serde_json::from_str(value) {
            // The object itself is punctuation around the secrets, so only its leaves are masked.
            Ok(json @ Value::Object(_)) => self.leaves(&json),
            _ => self.value(value),
        }
    }

    fn value(&mut self, value: &str) {
        self.add(value);
        self.credentials(value);
        // A service account is often printed field by field.
        if let Ok(json @ (Value::Object(_) | Value::Array(_) | Value::String(_))) =
            serde_json::from_str(value)
        {
            self.leaves(&json);
        }
    }

    fn leaves(&mut self, json: &Value) {
        match json {
            Value::String(text) => self.value(text),
            Value::Number(number) => {
                let text = number.to_string();
                if text.bytes().filter(u8::is_ascii_digit).count() >= MINIMUM_DIGITS {
                    self.add(&text);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.leaves(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.leaves(field)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn credentials(&mut self, value: &str) {
        for (position, _) in value.match_indices("://") {
            let scheme = value[..position].rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
            let after = &value[position + 3..];
            let end = after.find(|c: char| c.is_whitespace() || "\"'`<>".contains(c));
            let rest = &after[..end.unwrap_or(after.len())];
            self.user_information(rest, matches!(scheme, Some("http" | "https")));
            self.query(rest);
        }
    }

    fn user_information(&mut self, rest: &str, is_web: bool) {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let end = match authority.rfind('@') {
            // A database password with a bare `/` or `#` breaks the URL, and the error that follows prints it.
            None if !is_web => rest.rfind('@'),
            end => end,
        };
        let Some(end) = end else { return };
        match rest[..end].split_once(':') {
            Some((_, password)) if !password.is_empty() => self.raw_and_decoded(password),
            Some((user, _)) if user.len() >= MINIMUM_TOKEN_USER => self.raw_and_decoded(user),
            None if end >= MINIMUM_TOKEN_USER => self.raw_and_decoded(&rest[..end]),
            _ => {}
        }
    }

    fn query(&mut self, rest: &str) {
        let Some((_, query)) = rest.split_once(['?', '#']) else {
            return;
        };
        for pair in query.split(['&', ';', '#', '?']) {
            if let Some((name, value)) = pair.split_once('=')
                && is_secret_name(name)
            {
                self.raw_and_decoded(value);
            }
        }
    }

    fn raw_and_decoded(&mut self, text: &str) {
        self.add(text);
        // A decoding that is no text is not what a program would print.
        if let Some(decoded) = percent_decode(text) {
            self.add(&decoded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(variables: &[(&str, &str)]) -> Vec<String> {
        let declared = BTreeSet::from(["SITE_LICENSE".to_owned()]);
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        secrets_in(owned, &declared).iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn declared_and_named_values() {
        let found = secrets(&[
            ("SITE_LICENSE", "license-value"),
            ("NPM_TOKEN", "token-value"),
            ("NODE_ENV", "production"),
            ("NEXT_PUBLIC_API_KEY", "public-value"),
            ("AWS_KEY_HOLDER", "AKIAABCDEFGHIJKLMNOP"),
            ("PLAIN", "ASIAABCDEFGHIJKLMNOP"),
        ]);
        assert_eq!(
            found,
            ["AKIAABCDEFGHIJKLMNOP", "ASIAABCDEFGHIJKLMNOP", "license-value", "token-value"]
        );
    }

    #[test]
    fn leaves_of_the_amplify_secrets() {
        let json =
            r#"{"A":"alpha-secret","nested":{"list":["beta-secret",12345678,42]},"flag":true}"#;
        assert_eq!(secrets(&[("secrets", json)]), ["12345678", "alpha-secret", "beta-secret"]);
        assert_eq!(secrets(&[("secrets", "not json at all")]), ["not json at all"]);
        assert_eq!(secrets(&[("secrets", "{\"cut\": \"of")]), ["{\"cut\": \"of"]);
    }

    #[test]
    fn leaves_of_a_secret_that_is_json() {
        let json = "{\n  \"private_key\": \"-----BEGIN\\nline-one\\n\"\n}";
        assert_eq!(secrets(&[("ACCOUNT_CREDENTIALS", json)]), ["-----BEGIN\nline-one\n", json]);
    }

    #[test]
    fn leaves_inside_leaves() {
        let json = r#"{"ACCOUNT":"{\"key\":\"inner-secret\"}"}"#;
        assert_eq!(secrets(&[("secrets", json)]), ["inner-secret", r#"{"key":"inner-secret"}"#]);
    }

    #[test]
    fn credentials_of_urls() {
        let found = secrets(&[
            ("DATABASE_URL", "postgres://app:pa%40ss@db.example.com:5432/app?sslmode=require"),
            ("REPOSITORY", "https://abcdefghijklmnop1234@github.com/o/r.git"),
            ("CLONE", "ssh://git@github.com/o/r.git"),
            ("CALLBACK", "https://example.com/hook?id=1&access_token=query%2Dsecret#x"),
        ]);
        assert_eq!(
            found,
            ["abcdefghijklmnop1234", "pa%40ss", "pa@ss", "query%2Dsecret", "query-secret"]
        );
    }

    #[test]
    fn credentials_of_a_broken_database_url() {
        assert_eq!(secrets(&[("DATABASE_URL", "mysql://u:p/a#ss@host/db")]), ["p/a#ss"]);
        assert!(secrets(&[("DOCS", "https://unpkg.com/@scope/name@1.0.0")]).is_empty());
    }
}
