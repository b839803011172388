//! The set of everything that must not be written.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::forms::forms_of;
use super::masker::{Output, StreamMasker};
use super::matcher::Matcher;
use super::scanner::Scanner;
use super::secret::Secret;
use super::shapes::anchors;
use super::sources::secrets_in;

/// What stands in place of a secret.
pub const REPLACEMENT: &str = "***";

/// All forms of all secrets, compiled once; a clone shares them.
#[derive(Clone)]
pub struct MaskSet {
    /// None if the secrets are too many to be compiled: then every line is masked whole.
    matcher: Arc<Option<Matcher>>,
}

impl MaskSet {
    /// The set of these values in all their forms; values too short or too common are left out.
    pub fn new<V: Into<Secret>>(values: impl IntoIterator<Item = V>) -> Self {
        let forms: BTreeSet<String> =
            values.into_iter().flat_map(|value| forms_of(value.into().expose())).collect();
        let forms: Vec<&[u8]> = forms.iter().map(String::as_bytes).collect();
        Self::of_patterns(&forms, &anchors().map(str::as_bytes).collect::<Vec<_>>())
    }

    /// The set that knows no value and masks by shape alone.
    #[must_use]
    pub fn empty() -> Self {
        Self::new::<Secret>([])
    }

    /// The set of the secrets that [`secrets_in`] finds.
    pub fn from_environment(
        variables: impl IntoIterator<Item = (String, String)>,
        declared: &BTreeSet<String>,
    ) -> Self {
        Self::new(secrets_in(variables, declared))
    }

    pub(super) fn of_patterns(secrets: &[&[u8]], anchors: &[&[u8]]) -> Self {
        Self { matcher: Arc::new(Matcher::new(secrets, anchors)) }
    }

    #[cfg(test)]
    pub(super) fn blind() -> Self {
        Self { matcher: Arc::new(None) }
    }

    pub(super) fn matcher(&self) -> Option<&Matcher> {
        self.matcher.as_ref().as_ref()
    }

    /// Masks a whole text as a stream of one piece would be.
    #[must_use]
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(matcher) = self.matcher() else {
            return Cow::Borrowed(REPLACEMENT);
        };
        let mut scanner = Scanner::new(matcher);
        scanner.read(matcher, &[], text.as_bytes());
        scanner.finish(matcher);
        if scanner.spans.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        Output::default().write(&mut scanner, matcher, text.as_bytes(), &mut masked);
        // Secrets begin and end between characters, so the conversion changes nothing.
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// A masker for one stream.
    #[must_use]
    pub fn stream(&self) -> StreamMasker {
        StreamMasker::new(self.clone())
    }
}

impl Default for MaskSet {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for MaskSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MaskSet(***)")
    }
}

impl crate::report::store::Redact for MaskSet {
    fn redact(&self, text: &str) -> String {
        self.mask(text).into_owned()
    }
}
