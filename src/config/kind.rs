//! What a variable's value must be. Lenient where platforms differ: a value is
//! refused only when no program could read it as the declared type.

use url::Url;

use super::model::Variable;

/// The declared type of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VariableType {
    /// Any text.
    String,
    /// An absolute URL of any scheme.
    Url,
    /// Digits with an optional sign.
    Integer,
    /// A finite decimal number.
    Number,
    /// `true`, `false` and the spellings that validators commonly accept.
    Boolean,
    /// `local@domain`.
    Email,
    /// One of these.
    Enum(Vec<String>),
    /// JSON text.
    Json,
}

/// The spellings of a boolean, after zod's `stringbool`.
const BOOLEANS: &[&str] =
    &["true", "false", "1", "0", "yes", "no", "on", "off", "y", "n", "enabled", "disabled"];

impl VariableType {
    /// The names in deployfix.yml.
    pub(crate) const NAMES: [&str; 8] =
        ["string", "url", "integer", "number", "boolean", "email", "enum", "json"];

    /// What a value must be, as a noun phrase.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::String => "text".into(),
            Self::Url => "an absolute URL such as `https://example.com`".into(),
            Self::Integer => "a whole number such as `3000`".into(),
            Self::Number => "a number such as `0.5`".into(),
            Self::Boolean => "`true` or `false`".into(),
            Self::Email => "an email address such as `team@example.com`".into(),
            Self::Enum(values) => format!(
                "one of {}",
                values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
            ),
            Self::Json => "JSON text".into(),
        }
    }

    /// Whether a value is of the type.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        match self {
            Self::String => true,
            Self::Url => is_url(value),
            Self::Integer => {
                let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            // `inf` and `nan` parse in Rust and mean nothing elsewhere.
            Self::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Boolean => BOOLEANS.contains(&value.to_ascii_lowercase().as_str()),
            Self::Email => value.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty()
                    && !domain.is_empty()
                    && !domain.contains('@')
                    && !value.contains(char::is_whitespace)
            }),
            Self::Enum(values) => values.iter().any(|known| known == value),
            Self::Json => serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
        }
    }
}

/// Drivers accept what the URL standard does not (`mongodb://a:1,b:2/db`), so
/// only the web's own schemes are parsed strictly.
fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else { return false };
    let named = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.')
        });
    if !named || rest.is_empty() || value.contains(char::is_whitespace) {
        return false;
    }
    if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https" | "ws" | "wss") {
        return rest.starts_with("//") && Url::parse(value).is_ok();
    }
    match rest.strip_prefix("//") {
        Some(after) => !after.is_empty(),
        // `localhost:3000` is a host and a port, no scheme.
        None => !rest.split('/').next().unwrap_or(rest).bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Why a value does not fit its declaration. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misfit {
    /// Not of the declared type.
    #[error("is not {expected}")]
    Type {
        /// What it should be.
        expected: String,
    },
    /// Does not match the declared pattern.
    #[error("does not match the pattern `{pattern}`")]
    Pattern {
        /// The regular expression.
        pattern: String,
    },
    /// Shorter than declared.
    #[error("has {length} characters, fewer than the {minimum} of `minLength`")]
    TooShort {
        /// Characters found.
        length: usize,
        /// Characters needed.
        minimum: usize,
    },
    /// Longer than declared.
    #[error("has {length} characters, more than the {maximum} of `maxLength`")]
    TooLong {
        /// Characters found.
        length: usize,
        /// Characters allowed.
        maximum: usize,
    },
}

impl Variable {
    /// Whether a value fits the declaration.
    pub(crate) fn check(&self, value: &str) -> Result<(), Misfit> {
        if !self.kind.accepts(value) {
            return Err(Misfit::Type { expected: self.kind.expected() });
        }
        let length = value.chars().count();
        if let Some(minimum) = self.min_length.filter(|minimum| length < *minimum) {
            return Err(Misfit::TooShort { length, minimum });
        }
        if let Some(maximum) = self.max_length.filter(|maximum| length > *maximum) {
            return Err(Misfit::TooLong { length, maximum });
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(value) => {
                Err(Misfit::Pattern { pattern: pattern.as_str().to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Whether the empty string is a value and not the same as unset.
    pub(crate) fn allows_empty(&self) -> bool {
        self.kind == VariableType::String && self.min_length == Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_type() {
        let table: &[(VariableType, &[&str], &[&str])] = &[
            (
                VariableType::Url,
                &[
                    "https://example.com",
                    "postgresql://user:p%40ss@db:5432/app",
                    "mongodb://one:27017,two:27017/app",
                    "mongodb+srv://cluster.example.com",
                    "file:./dev.db",
                    "mysql://root:a[b@db/app",
                    "jdbc:postgresql://db/app",
                ],
                &[
                    "",
                    "example.com",
                    "localhost:3000",
                    "https:/example.com",
                    "http://",
                    "https://a b",
                ],
            ),
            (
                VariableType::Integer,
                &["0", "-3", "+4", "99999999999999999999"],
                &["", "-", "1.0", "1e3", " 1"],
            ),
            (VariableType::Number, &["1", "0.5", "-1e3"], &["", "NaN", "inf", "1,5"]),
            (VariableType::Boolean, &["true", "FALSE", "1", "off"], &["", "tru", "2"]),
            (
                VariableType::Email,
                &["a@b.example", "root@localhost"],
                &["", "a", "@b", "a@", "a@b@c", "a b@c"],
            ),
            (VariableType::Enum(vec!["a".into(), "b".into()]), &["a"], &["", "A", "c"]),
            (VariableType::Json, &["{}", "[1]", "\"x\""], &["", "{", "{a:1}"]),
        ];
        for (kind, fitting, misfits) in table {
            for value in *fitting {
                assert!(kind.accepts(value), "{kind:?} {value}");
            }
            for value in *misfits {
                assert!(!kind.accepts(value), "{kind:?} {value}");
            }
        }
    }
}
