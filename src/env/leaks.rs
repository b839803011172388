//! Values that are secrets by their look. For names that browsers can read, so precision
//! counts: publishable keys, Sentry addresses and Firebase keys are none.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// How secrets begin, what they are, and the least number of characters after the beginning.
const PREFIXES: &[(&str, &str, usize)] = &[
    ("sk_live_", "a Stripe secret key", 16),
    ("rk_live_", "a Stripe restricted key", 16),
    ("sk-ant-", "an Anthropic API key", 20),
    ("sk-proj-", "an OpenAI API key", 20),
    ("ghp_", "a GitHub token", 36),
    ("ghs_", "a GitHub token", 36),
    ("github_pat_", "a GitHub token", 22),
    ("glpat-", "a GitLab token", 20),
    ("npm_", "an npm token", 36),
    ("xoxb-", "a Slack token", 20),
    ("xoxp-", "a Slack token", 20),
    ("SG.", "a SendGrid API key", 40),
];

/// What secret a value looks like, as a noun phrase.
pub(crate) fn looks_secret(value: &str) -> Option<&'static str> {
    let value = value.trim();
    if let Some((_, what, _)) = PREFIXES.iter().find(|(prefix, _, least)| {
        value
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() >= *least && !rest.contains(char::is_whitespace))
    }) {
        return Some(what);
    }
    if value.contains("-----BEGIN") && value.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    if has_password(value) {
        return Some("a URL with a password");
    }
    let payload = value.split('.').nth(1).filter(|_| value.starts_with("eyJ"))?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    (claims.get("role")? == "service_role").then_some("a Supabase service key")
}

/// Whether a URL carries a user name and a password.
pub(super) fn has_password(value: &str) -> bool {
    value.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_what_only_resembles_them() {
        let token = |prefix: &str| format!("{prefix}{}", "Fake0".repeat(10));
        let service = format!("eyJh.{}.x", URL_SAFE_NO_PAD.encode(r#"{"role":"service_role"}"#));
        let anonymous = format!("eyJh.{}.x", URL_SAFE_NO_PAD.encode(r#"{"role":"anon"}"#));
        for (value, secret) in [
            (token("sk_live_"), true),
            (token("ghp_"), true),
            ("postgres://app:fake@db/app".into(), true),
            ("-----BEGIN PRIVATE KEY-----\nfake".into(), true),
            (service, true),
            (anonymous, false),
            (token("pk_live_"), false),
            (token("AIza"), false),
            ("https://abcdef@o1.ingest.example.com/1".into(), false),
            ("https://example.com/a:b@c".into(), false),
            ("sk_live_".into(), false),
        ] {
            assert_eq!(looks_secret(&value).is_some(), secret, "{value}");
        }
    }
}
