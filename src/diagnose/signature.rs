use std::{collections::BTreeMap, sync::LazyLock};

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
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
    /// Where the error that caused it stands.
    #[serde(default)]
    pub(super) cause: Option<Side>,
    /// Lower is nearer to the cause; of equals the first in the log wins.
    pub(super) rank: u32,
    /// Multi-line pattern over the cleaned log; named captures fill the texts.
    pub(super) pattern: String,
    /// Looked for behind the match only, for more captures.
    #[serde(default)]
    pub(super) detail: Option<String>,
    /// One of these texts stands before the match.
    #[serde(default)]
    pub(super) after: Vec<String>,
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

/// Which side of the match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    /// Before it.
    Above,
    /// Behind it.
    Below,
}

/// Bytes behind a match in which its detail is looked for.
const DETAIL_SIZE: usize = 8 * 1024;

/// All signatures with their compiled patterns.
pub(super) struct Table {
    pub(super) signatures: Vec<Signature>,
    pub(super) patterns: Vec<Regex>,
    pub(super) details: Vec<Option<Regex>>,
    /// The same patterns, matched in one pass.
    pub(super) set: RegexSet,
}

/// What a signature found in a log.
#[derive(Debug, Default)]
pub(super) struct Match {
    /// First byte.
    pub(super) start: usize,
    /// Byte of the line that proves it.
    pub(super) proof: usize,
    captures: BTreeMap<String, String>,
}

impl Match {
    /// The text of a named capture.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.captures.get(name).map(String::as_str)
    }

    fn add(&mut self, pattern: &Regex, captures: &Captures<'_>, offset: usize) {
        for name in pattern.capture_names().flatten() {
            let Some(found) = captures.name(name) else { continue };
            if name == "proof" {
                self.proof = offset + found.start();
            }
            let text = String::from_utf8_lossy(found.as_bytes()).trim().to_owned();
            self.captures.insert(name.to_owned(), text);
        }
    }
}

impl Table {
    /// The first match of a signature from a byte of the log on.
    pub(super) fn find(&self, index: usize, log: &[u8], from: usize) -> Option<Match> {
        let signature = &self.signatures[index];
        let from = if signature.after.is_empty() {
            from
        } else {
            let texts = signature.after.iter().map(String::as_bytes);
            from + texts.filter_map(|text| memchr::memmem::find(&log[from..], text)).min()?
        };
        let captures = self.patterns[index].captures_at(log, from)?;
        let whole = captures.get(0)?;
        let mut found = Match { start: whole.start(), proof: whole.start(), ..Match::default() };
        found.add(&self.patterns[index], &captures, 0);
        if let Some(detail) = &self.details[index] {
            let behind = &log[whole.start()..log.len().min(whole.start() + DETAIL_SIZE)];
            if let Some(captures) = detail.captures(behind) {
                found.add(detail, &captures, whole.start());
            }
        }
        Some(found)
    }
}

#[expect(clippy::expect_used, reason = "compiled in; the tests load it")]
pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let signatures: Vec<Signature> =
        serde_yaml::from_str(include_str!("signatures.yml")).expect("signatures.yml is valid");
    // Logs are mostly ASCII with a few ticks and arrows; classes of all of Unicode would cost the fast engine.
    let compile = |text: &String| {
        let builder = RegexBuilder::new(text).multi_line(true).unicode(false).build();
        builder.expect("signature patterns compile")
    };
    let patterns = signatures.iter().map(|signature| compile(&signature.pattern)).collect();
    let details =
        signatures.iter().map(|signature| signature.detail.as_ref().map(compile)).collect();
    let set = RegexSetBuilder::new(signatures.iter().map(|signature| &signature.pattern))
        .multi_line(true)
        .unicode(false)
        .dfa_size_limit(DFA_SIZE)
        .build()
        .expect("signature patterns compile together");
    Table { signatures, patterns, details, set }
});

/// Bytes that the automaton over all patterns may take while it runs.
const DFA_SIZE: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_signature_recognises_its_example_only() {
        let mut names = BTreeSet::new();
        for (index, signature) in TABLE.signatures.iter().enumerate() {
            let name = &signature.name;
            assert!(names.insert(name), "{name} is declared twice");
            let finds = |log: &str| TABLE.find(index, log.as_bytes(), 0).is_some();
            assert!(finds(&signature.example), "{name} misses its example");
            assert!(
                signature.counterexample.is_empty() || !finds(&signature.counterexample),
                "{name} takes its counterexample"
            );
            let regexes = [Some(&TABLE.patterns[index]), TABLE.details[index].as_ref()];
            let known: BTreeSet<_> = regexes
                .into_iter()
                .flatten()
                .flat_map(|regex| regex.capture_names().flatten())
                .collect();
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
