use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde::Deserialize;

use super::Stage;
use crate::report::FindingId;

/// One way in which a tool says what went wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature {
    /// Unique among signatures.
    #[cfg_attr(not(test), expect(dead_code, reason = "names the row in tests and errors"))]
    pub(super) name: String,
    pub(super) id: FindingId,
    /// Where it may be said; anywhere when empty.
    #[serde(default)]
    pub(super) stages: Vec<Stage>,
    /// The only exit code that it may come with.
    #[serde(default)]
    pub(super) exit: Option<i32>,
    /// Lower is nearer to the cause; of equals the first in the log wins.
    pub(super) rank: u32,
    /// Multi-line pattern over the cleaned log; named captures fill the texts.
    pub(super) pattern: String,
    pub(super) message: String,
    pub(super) resolution: String,
    #[serde(default)]
    pub(super) hints: Vec<String>,
    /// A log it must recognise.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the table's test"))]
    pub(super) example: String,
    /// A log it must leave alone.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the table's test"))]
    pub(super) counterexample: String,
}

/// All signatures with their compiled patterns.
pub(super) struct Table {
    pub(super) signatures: Vec<Signature>,
    pub(super) patterns: Vec<Regex>,
    /// The same patterns, matched in one pass.
    pub(super) set: RegexSet,
}

#[expect(clippy::expect_used, reason = "compiled in; the tests load it")]
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let signatures: Vec<Signature> =
        serde_yaml::from_str(include_str!("signatures.yml")).expect("signatures.yml is valid");
    let texts = || signatures.iter().map(|signature| format!("(?m){}", signature.pattern));
    let patterns =
        texts().map(|text| Regex::new(&text).expect("signature patterns compile")).collect();
    let set = RegexSet::new(texts()).expect("signature patterns compile together");
    Table { signatures, patterns, set }
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_signature_recognises_its_example_only() {
        let mut names = BTreeSet::new();
        for (signature, pattern) in TABLE.signatures.iter().zip(&TABLE.patterns) {
            let name = &signature.name;
            assert!(names.insert(name), "{name} is declared twice");
            assert!(pattern.is_match(&signature.example), "{name} misses its example");
            assert!(
                signature.counterexample.is_empty() || !pattern.is_match(&signature.counterexample),
                "{name} takes its counterexample"
            );
            let known: BTreeSet<_> = pattern.capture_names().flatten().collect();
            for text in
                [&signature.message, &signature.resolution].into_iter().chain(&signature.hints)
            {
                for part in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                    assert!(
                        known.contains(part.0),
                        "{name} uses `{{{}}}` without capturing it",
                        part.0
                    );
                }
            }
        }
    }
}
