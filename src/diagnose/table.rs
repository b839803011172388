use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::Range,
    sync::{LazyLock, OnceLock},
};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use regex::bytes::{Captures, Regex, RegexBuilder};

use semver::{Version, VersionReq};

use super::{literals::required, signature::Signature};
use crate::config::OwnSignature;

/// Bytes behind a match in which its detail is looked for.
const DETAIL_SIZE: usize = 8 * 1024;

/// The files of signatures, by the tool that says so.
const FILES: &[&str] = &[
    include_str!("signatures/memory_and_disk.yml"),
    include_str!("signatures/npm.yml"),
    include_str!("signatures/pnpm.yml"),
    include_str!("signatures/yarn.yml"),
    include_str!("signatures/bun.yml"),
    include_str!("signatures/environment.yml"),
    include_str!("signatures/platform.yml"),
    include_str!("signatures/hosts.yml"),
    include_str!("signatures/backend.yml"),
    include_str!("signatures/shell.yml"),
    include_str!("signatures/variables.yml"),
    include_str!("signatures/compile.yml"),
    include_str!("signatures/clients.yml"),
    include_str!("signatures/cache.yml"),
    include_str!("signatures/next.yml"),
    include_str!("signatures/messages.yml"),
];

/// A pattern that is compiled when it is first tried: a log touches a few of the hundreds.
#[derive(Clone)]
struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// Nothing where it is no pattern, which the table's test and the reader of deployfix.yml refuse.
    fn get(&self) -> Option<&Regex> {
        // Logs are mostly ASCII with a few ticks and arrows; classes of all of Unicode would cost the fast engine.
        let compile = || RegexBuilder::new(&self.text).multi_line(true).unicode(false).build().ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// All signatures with their patterns.
#[derive(Clone)]
pub(crate) struct Table {
    pub(super) signatures: Vec<Signature>,
    /// Which signature each pattern belongs to.
    owners: Vec<usize>,
    patterns: Vec<Pattern>,
    details: Vec<Option<Pattern>>,
    /// Tool and versions that each is for.
    tools: Vec<Option<(String, VersionReq)>>,
    /// Texts of which every match contains one, looked for in one pass. An automaton over the patterns themselves grows
    /// with every pattern that holds a gap.
    literals: AhoCorasick,
    /// The pattern of each text.
    literal_owners: Vec<usize>,
    /// Patterns whose matches need not contain any text.
    always: Vec<usize>,
}

/// A pattern that may match, and the bytes between which its texts stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) pattern: usize,
    pub(super) signature: usize,
    pub(super) first: usize,
    pub(super) last: usize,
}

/// What a signature found in a log.
#[derive(Debug, Default)]
pub(super) struct Match {
    /// First byte.
    pub(super) start: usize,
    /// Byte behind it.
    pub(super) end: usize,
    /// Byte of the line that proves it.
    pub(super) proof: usize,
    pub(super) captures: BTreeMap<String, String>,
}

impl Match {
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
    fn new(signatures: Vec<Signature>) -> Result<Self, BuildError> {
        let mut owners = Vec::new();
        let mut patterns = Vec::new();
        for (index, signature) in signatures.iter().enumerate() {
            for pattern in signature.patterns.as_slice() {
                owners.push(index);
                patterns.push(Pattern::new(pattern));
            }
        }
        let details = signatures
            .iter()
            .map(|signature| signature.detail.as_deref().map(Pattern::new))
            .collect();
        let tools = signatures.iter().map(|signature| {
            let (name, range) = signature.tool.as_deref()?.split_once(' ')?;
            Some((name.to_owned(), VersionReq::parse(range).ok()?))
        });
        let tools = tools.collect();
        let (mut literals, mut literal_owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (pattern, Pattern { text, .. }) in patterns.iter().enumerate() {
            match required(text) {
                Some(texts) => {
                    literal_owners.extend(texts.iter().map(|_| pattern));
                    literals.extend(texts);
                }
                None => always.push(pattern),
            }
        }
        let literals = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(literals)?;
        let table =
            Self { signatures, owners, patterns, details, tools, literals, literal_owners, always };
        Ok(table)
    }

    /// Whether a log in which tools of these versions ran may hold a signature.
    pub(super) fn is_of_tool(&self, signature: usize, tools: &BTreeMap<&str, String>) -> bool {
        let Some((name, range)) = &self.tools[signature] else { return true };
        let Some(mut version) = tools.get(name.as_str()).and_then(|text| Version::parse(text).ok())
        else {
            return true;
        };
        // A pre-release says what its release says.
        version.pre = semver::Prerelease::EMPTY;
        range.matches(&version)
    }

    /// The patterns that may match in a part of a log.
    pub(super) fn candidates(&self, log: &[u8]) -> Vec<Candidate> {
        let mut found: Vec<Option<(usize, usize)>> = vec![None; self.patterns.len()];
        for pattern in &self.always {
            found[*pattern] = Some((0, log.len()));
        }
        for hit in self.literals.find_overlapping_iter(log) {
            let pattern = self.literal_owners[hit.pattern().as_usize()];
            let (first, _) = found[pattern].unwrap_or((hit.start(), hit.end()));
            found[pattern] = Some((first, hit.end()));
        }
        let all = found.into_iter().enumerate().filter_map(|(pattern, range)| {
            let (first, last) = range?;
            Some(Candidate { pattern, signature: self.owners[pattern], first, last })
        });
        all.collect()
    }

    /// The first match of a pattern between two bytes of a log; its detail may stand behind.
    pub(super) fn find(&self, pattern: usize, log: &[u8], range: Range<usize>) -> Option<Match> {
        let index = self.owners[pattern];
        let pattern = self.patterns[pattern].get()?;
        let mut at = range.start;
        let (captures, whole) = loop {
            let captures = pattern.captures_at(&log[..range.end], at)?;
            let whole = captures.get(0)?;
            if !captures.name("variable").is_some_and(|name| is_code(name.as_bytes())) {
                break (captures, whole);
            }
            at = whole.end().max(whole.start() + 1);
            if at > range.end {
                return None;
            }
        };
        let mut found = Match {
            start: whole.start(),
            end: whole.end(),
            proof: whole.start(),
            ..Match::default()
        };
        found.add(pattern, &captures, 0);
        if let Some(detail) = self.details[index].as_ref().and_then(Pattern::get) {
            let behind = &log[whole.start()..log.len().min(whole.start() + DETAIL_SIZE)];
            if let Some(captures) = detail.captures(behind) {
                found.add(detail, &captures, whole.start());
            }
        }
        Some(found)
    }
}

/// Codes of errors are written like variables.
fn is_code(name: &[u8]) -> bool {
    const BEGINNINGS: &[&[u8]] =
        &[b"ERR_", b"UND_ERR_", b"EAI_", b"ER_", b"HPE_", b"NEXT_REDIRECT"];
    const ENDS: &[&[u8]] = &[
        b"_ERROR",
        b"_FAILED",
        b"NOT_FOUND",
        b"_DENIED",
        b"_EXCEEDED",
        b"_EXHAUSTED",
        b"_USAGE",
        b"_ARGUMENT",
        b"_PRECONDITION",
        b"_INPUT",
        b"_REQUEST",
        b"BUILD_ID",
    ];
    BEGINNINGS.iter().any(|code| name.starts_with(code))
        || ENDS.iter().any(|code| name.ends_with(code))
}

#[expect(clippy::expect_used, reason = "compiled in; the tests load it")]
static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::new(known()).expect("there are not too many signatures"));

#[expect(clippy::expect_used, reason = "compiled in; the tests load it")]
fn known() -> Vec<Signature> {
    let read = |text: &&str| -> Vec<Signature> {
        serde_yaml::from_str(text).expect("the files of signatures are valid")
    };
    FILES.iter().flat_map(read).collect()
}

impl Table {
    /// What deployfix knows by itself.
    pub(crate) fn known() -> &'static Self {
        &TABLE
    }

    /// What deployfix and a project know. The project's own outrank all but the memory and the disk.
    pub(crate) fn with(own: &[OwnSignature]) -> Cow<'static, Self> {
        if own.is_empty() {
            return Cow::Borrowed(Self::known());
        }
        let own = own.iter().map(Signature::of);
        Self::new(own.chain(known()).collect()).map_or(Cow::Borrowed(Self::known()), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnose::scan::scan;

    #[test]
    fn every_signature_recognises_its_examples_only() {
        let (mut names, mut wrong) = (BTreeSet::new(), Vec::new());
        for signature in &TABLE.signatures {
            let name = &signature.name;
            assert!(names.insert(name), "{name} is declared twice");
            assert!(!signature.examples.as_slice().is_empty(), "{name} has no example");
            let finds = |log: &str| {
                let hits = scan(&TABLE, log.as_bytes()).hits;
                hits.iter().any(|hit| TABLE.signatures[hit.signature].name == *name)
            };
            for example in signature.examples.as_slice() {
                if !finds(example) {
                    wrong.push(format!("{name} misses its example: {example}"));
                }
            }
            for example in signature.counterexamples.as_slice() {
                if finds(example) {
                    wrong.push(format!("{name} takes its counterexample: {example}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_log_of_another_version_of_the_tool_is_left_alone() {
        for (signature, tool) in TABLE.signatures.iter().zip(&TABLE.tools) {
            assert_eq!(signature.tool.is_some(), tool.is_some(), "{}", signature.name);
        }
        let is_lint = |signature: &Signature| signature.name == "next-lint-removed";
        let signature = TABLE.signatures.iter().position(is_lint).unwrap();
        let is_taken = |version: Option<&str>| {
            let tools = version.map(|version| ("next", version.to_owned()));
            TABLE.is_of_tool(signature, &tools.into_iter().collect())
        };
        assert!(is_taken(Some("16.0.0")) && is_taken(Some("16.2.0-canary.3")) && is_taken(None));
        assert!(!is_taken(Some("15.5.9")));
    }

    #[test]
    fn every_text_uses_captures_that_exist_and_every_name_is_known() {
        let names: BTreeSet<_> = TABLE.signatures.iter().map(|signature| &signature.name).collect();
        for (index, signature) in TABLE.signatures.iter().enumerate() {
            let name = &signature.name;
            let own =
                TABLE.owners.iter().zip(&TABLE.patterns).filter(|(owner, _)| **owner == index);
            let known: BTreeSet<_> = own
                .map(|(_, pattern)| pattern)
                .chain(TABLE.details[index].as_ref())
                .map(|pattern| pattern.get().unwrap_or_else(|| panic!("{}", pattern.text)))
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
            for other in &signature.outranks {
                assert!(names.contains(other), "{name} outranks `{other}`, which nobody knows");
            }
        }
    }
}
