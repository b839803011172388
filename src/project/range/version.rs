use std::sync::LazyLock;

use regex::Regex;

/// A version, its build metadata left out: `semver` never compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SemanticVersion {
    pub(super) numbers: [u64; 3],
    pub(super) prerelease: Vec<Identifier>,
}

/// One part of a pre-release; numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identifier {
    Number(u64),
    Word(String),
}

/// What `semver` accepts with `loose`: signs before, a pre-release without a hyphen, leading zeros.
#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^[v=\s]*([0-9]+)\.([0-9]+)\.([0-9]+)(?:-?((?:[0-9]+|[0-9]*[a-zA-Z-][a-zA-Z0-9-]*)(?:\.(?:[0-9]+|[0-9]*[a-zA-Z-][a-zA-Z0-9-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$",
    )
    .unwrap()
});

impl SemanticVersion {
    pub(super) fn new(numbers: [u64; 3], prerelease: &str) -> Self {
        let parts = prerelease.split('.').filter(|part| !part.is_empty());
        let prerelease = parts
            .map(|part| match part.parse() {
                Ok(number) if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Identifier::Number(number)
                }
                _ => Identifier::Word(part.to_owned()),
            })
            .collect();
        Self { numbers, prerelease }
    }

    /// Parses as `semver` does with `loose`; nothing where it finds no version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let captures = LOOSE.captures(text.trim())?;
        let number = |index: usize| captures.get(index)?.as_str().parse().ok();
        let prerelease = captures.get(4).map_or("", |found| found.as_str());
        Some(Self::new([number(1)?, number(2)?, number(3)?], prerelease))
    }
}

impl Ord for SemanticVersion {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // A release comes after its pre-releases.
        self.numbers.cmp(&other.numbers).then_with(|| {
            other
                .prerelease
                .is_empty()
                .cmp(&self.prerelease.is_empty())
                .reverse()
                .then_with(|| self.prerelease.cmp(&other.prerelease))
        })
    }
}

impl PartialOrd for SemanticVersion {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&nodejs_semver::Version> for SemanticVersion {
    fn from(version: &nodejs_semver::Version) -> Self {
        let prerelease: Vec<_> = version.pre_release().iter().map(ToString::to_string).collect();
        Self::new([version.major(), version.minor(), version.patch()], &prerelease.join("."))
    }
}
