use super::{comparator::Comparator, parse::alternative, version::SemanticVersion};

/// How npm reads a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As it reads `engines`: strictly, and every pre-release counts.
    Engines,
    /// As it reads dependencies: loosely, and a pre-release counts only beside one of the same version.
    Dependency,
}

/// A range of versions.
#[derive(Debug, Clone)]
pub(crate) struct VersionRange {
    /// Any of them must hold; within one, every comparator. One without comparators is any version.
    alternatives: Vec<Vec<Comparator>>,
    reading: Reading,
}

impl VersionRange {
    /// Parses a range; nothing where npm finds none in it.
    pub(crate) fn parse(text: &str, reading: Reading) -> Option<Self> {
        let parsed = text.split("||").map(|text| alternative(text, reading));
        let mut alternatives: Vec<_> = match reading {
            Reading::Engines => parsed.collect::<Option<_>>()?,
            Reading::Dependency => parsed.flatten().collect(),
        };
        if alternatives.is_empty() {
            return None;
        }
        if let Some(any) = alternatives.iter().position(Vec::is_empty) {
            alternatives.swap(0, any);
            alternatives.truncate(1);
        }
        Some(Self { alternatives, reading })
    }

    /// Whether a version lies in it.
    pub(crate) fn contains(&self, version: &SemanticVersion) -> bool {
        self.alternatives.iter().any(|comparators| {
            comparators.iter().all(|comparator| comparator.holds(version))
                && (version.prerelease.is_empty()
                    || self.reading == Reading::Engines
                    || comparators.iter().any(|comparator| {
                        !comparator.version.prerelease.is_empty()
                            && comparator.version.numbers == version.numbers
                    }))
        })
    }

    /// Whether some version may lie in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let is_possible = |comparators: &[Comparator]| {
            comparators.iter().enumerate().all(|(index, one)| {
                *one != Comparator::never()
                    && comparators[..index].iter().all(|other| one.meets(other))
            })
        };
        self.alternatives.iter().filter(|one| is_possible(one)).any(|ours| {
            other
                .alternatives
                .iter()
                .filter(|one| is_possible(one))
                .any(|theirs| ours.iter().all(|one| theirs.iter().all(|other| one.meets(other))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `semver.satisfies(version, range, true)` of npm's `semver` 7.8 answers.
    const VERSIONS: [&str; 10] = [
        "0.0.3",
        "0.1.0",
        "1.0.0",
        "1.2.3-beta.2",
        "1.2.3",
        "1.3.0",
        "2.0.0-0",
        "2.0.0-rc.1",
        "2.0.0",
        "3.1.4",
    ];
    const ANSWERS: &[(&str, &str)] = include!("answers.in");

    #[test]
    fn dependencies_mean_what_npm_says() {
        let versions = VERSIONS.map(|text| SemanticVersion::parse(text).unwrap());
        for (text, expected) in ANSWERS {
            let answer =
                VersionRange::parse(text, Reading::Dependency).map_or("invalid".into(), |range| {
                    versions
                        .iter()
                        .map(|version| if range.contains(version) { '1' } else { '0' })
                        .collect::<String>()
                });
            assert_eq!(&answer, expected, "{text:?}");
        }
    }

    #[test]
    fn ranges_meet_as_npm_says() {
        for (one, other, expected) in [
            ("^1.0.0", "^1.2.0", true),
            ("^1.0.0", "^2.0.0", false),
            ("^1.0.0", "1.5.0", true),
            ("<1.0.0", ">=1.0.0", false),
            ("<=1.0.0", ">=1.0.0", true),
            ("*", "1.x", true),
            ("1 || 3", "2 || 3", true),
            ("1 || 3", "2 || 4", false),
            ("<0.0.0-0", "*", false),
        ] {
            let range = |text| VersionRange::parse(text, Reading::Dependency).unwrap();
            assert_eq!(range(one).meets(&range(other)), expected, "{one} {other}");
            assert_eq!(range(other).meets(&range(one)), expected, "{other} {one}");
        }
    }
}
