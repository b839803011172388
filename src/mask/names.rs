//! Which names announce a secret.

/// Words that make a name secret wherever they stand in it.
const SECRET_WORDS: &[&str] = &[
    "ACCESSKEY",
    "ACCESSTOKEN",
    "APIKEY",
    "APIKEYS",
    "APITOKEN",
    "AUTHTOKEN",
    "CLIENTSECRET",
    "CONNECTIONSTRING",
    "COOKIE",
    "CREDENTIAL",
    "CREDENTIALS",
    "CREDS",
    "DSN",
    "KEY",
    "KEYS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PASSWORDS",
    "PGPASSWORD",
    "PRIVATE",
    "PRIVATEKEY",
    "PWD",
    "SALT",
    "SECRET",
    "SECRETKEY",
    "SECRETS",
    "SIG",
    "SIGNATURE",
    "TOKEN",
    "TOKENS",
    "WEBHOOK",
    "WEBHOOKS",
];

/// A name that ends in one of these tells about a secret instead of holding it: `SESSION_COOKIE_NAME`, `AUTH_TOKEN_FILE`.
const DESCRIBING_WORDS: &[&str] = &[
    "ALGORITHM",
    "ALIAS",
    "ARN",
    "COUNT",
    "DIR",
    "DIRECTORY",
    "DISABLED",
    "DOMAIN",
    "ENABLED",
    "EXPIRATION",
    "EXPIRY",
    "FILE",
    "FORMAT",
    "HEADER",
    "ISSUER",
    "LENGTH",
    "LIMIT",
    "NAME",
    "NAMES",
    "PATH",
    "PORT",
    "PREFIX",
    "REGION",
    "SIZE",
    "SOCK",
    "SOCKET",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "VERSION",
];

/// A key beside one of these is handed out on purpose or names data: `VAPID_PUBLIC_KEY`, `CACHE_KEY`.
const OPEN_KEY_WORDS: &[&str] = &["CACHE", "PARTITION", "PRIMARY", "PUBLIC", "PUBLISHABLE", "SORT"];

/// Names that would match a word and are known to hold no secret.
const KNOWN_OPEN_NAMES: &[&str] = &["PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY"];

/// What an address with a password leads to.
const CONNECTION_WORDS: &[&str] = &[
    "AMQP",
    "DATABASE",
    "DB",
    "MONGO",
    "MONGODB",
    "MYSQL",
    "PG",
    "POSTGRES",
    "POSTGRESQL",
    "RABBITMQ",
    "REDIS",
    "SMTP",
];

/// Next.js inlines `NEXT_PUBLIC_` into what browsers download, and uses the private prefixes for its own plumbing.
const OPEN_PREFIXES: &[&str] = &["NEXT_PUBLIC_", "NEXT_PRIVATE_", "__NEXT_PRIVATE_"];

/// Whether a variable, JSON or query-parameter name says that its value is a secret.
///
/// Judged by whole words, so `KEYBOARD` and `TOKENIZERS_PARALLELISM` are none. A `NEXT_PUBLIC_` variable is never
/// secret by name: its value is served to browsers, and masking it would only hide evidence.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    if KNOWN_OPEN_NAMES.contains(&upper.as_str())
        || OPEN_PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
    {
        return false;
    }
    let words = words_of(name);
    let has = |word: &str| words.iter().any(|candidate| candidate == word);
    let ends_in = |list: &[&str]| words.last().is_some_and(|last| list.contains(&last.as_str()));

    if ends_in(DESCRIBING_WORDS) {
        return false;
    }
    // `AUTH_URL` and `AUTH_PROVIDER` are configuration; `REDISCLI_AUTH` and npm's `_auth` are credentials.
    if ends_in(&["AUTH"]) || words.windows(2).any(|pair| pair == ["CONNECTION", "STRING"]) {
        return true;
    }
    let open_key = OPEN_KEY_WORDS.iter().any(|word| has(word));
    SECRET_WORDS.iter().any(|word| has(word) && !(open_key && matches!(*word, "KEY" | "KEYS")))
}

/// Whether a variable of that name usually holds an address with a password in it: `DATABASE_URL`, `MONGODB_URI`.
///
/// Only the password of such a value is masked, so this is no secret name; printing the variable still prints it.
#[must_use]
pub fn is_connection_name(name: &str) -> bool {
    let words = words_of(name);
    name.to_ascii_uppercase() == name
        && words.last().is_some_and(|last| matches!(last.as_str(), "URL" | "URI"))
        && !OPEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        && words.iter().any(|word| CONNECTION_WORDS.contains(&word.as_str()))
}

fn words_of(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, &character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|previous| characters[previous]);
        let after = characters.get(index + 1);
        let starts_word = character.is_ascii_uppercase()
            && (before.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
                || before.is_some_and(|c| c.is_ascii_uppercase())
                    && after.is_some_and(char::is_ascii_lowercase));
        if !character.is_ascii_alphanumeric() || starts_word {
            words.push(String::new());
        }
        if let (true, Some(word)) = (character.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(character.to_ascii_uppercase());
        }
    }
    words
        .iter()
        // `TOKEN2` is as secret as `TOKEN`.
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{is_connection_name, is_secret_name, words_of};

    #[test]
    fn names_split_into_words() {
        assert_eq!(words_of("_authToken"), ["AUTH", "TOKEN"]);
        assert_eq!(words_of("stripeAPIKey2"), ["STRIPE", "API", "KEY"]);
        assert_eq!(
            words_of("//registry.example.com/:_password"),
            ["REGISTRY", "EXAMPLE", "COM", "PASSWORD"]
        );
    }

    #[test]
    fn connection_names() {
        for name in ["DATABASE_URL", "MONGODB_URI", "POSTGRES_PRISMA_URL", "REDIS_URL", "MY_DB_URL"]
        {
            assert!(is_connection_name(name), "{name}");
        }
        for name in ["NEXT_PUBLIC_DB_URL", "API_URL", "DATABASE_NAME", "DATABASE", "URL"] {
            assert!(!is_connection_name(name), "{name}");
        }
    }

    #[test]
    fn secret_names() {
        for name in [
            "NPM_TOKEN",
            "secrets",
            "DB_PASSWORD",
            "MYSQL_PWD",
            "PGPASSWORD",
            "STRIPE_API_KEY",
            "apiKey",
            "APIKEY",
            "SENTRY_DSN",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "_auth",
            "_authToken",
            "REDISCLI_AUTH",
            "NEXTAUTH_SECRET",
            "AUTH_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "SLACK_WEBHOOK_URL",
            "AZURE_CONNECTION_STRING",
            "connectionString",
            "PASSWORD_SALT",
            "COOKIE_SECRET",
            "PRIVATE_KEY",
            "X-Amz-Signature",
            "SIGNING_KEY_2",
            "OAUTH2TOKEN",
            "ssh-passphrase",
            "SECRET_ID",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn open_names() {
        for name in [
            "PWD",
            "OLDPWD",
            "SSH_AUTH_SOCK",
            "XAUTHORITY",
            "KEYBOARD",
            "XDG_SESSION_ID",
            "TOKENIZERS_PARALLELISM",
            "AUTH_URL",
            "AUTH_TRUST_HOST",
            "NEXTAUTH_URL",
            "AUTH0_DOMAIN",
            "NEXT_PUBLIC_API_KEY",
            "NEXT_PUBLIC_CLIENT_SECRET",
            "VAPID_PUBLIC_KEY",
            "STRIPE_PUBLISHABLE_KEY",
            "SESSION_COOKIE_NAME",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "__NEXT_PRIVATE_STANDALONE_CONFIG",
            "NODE_ENV",
            "AWS_REGION",
            "npm_config_registry",
            "AUTHOR",
            "MONKEY",
            "",
            "___",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
