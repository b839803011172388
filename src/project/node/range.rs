use nodejs_semver::Version;

use crate::project::range::{Reading, SemanticVersion, VersionRange};

/// A range of versions as npm understands it in `engines`.
#[derive(Debug, Clone)]
pub(crate) struct NodeRange(VersionRange);

impl NodeRange {
    /// Parses a range; nothing where npm finds none in it, which it takes as fulfilled by no version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        VersionRange::parse(text, Reading::Engines).map(Self)
    }

    /// Whether a version lies in it; pre-releases count, as they do when npm checks `engines`.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.0.contains(&SemanticVersion::from(version))
    }

    /// The range of everything that begins like a version, as `.nvmrc` means `20` or `v20.11`.
    pub(crate) fn prefix(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let is_prefix = text.split('.').count() <= 3
            && text
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        is_prefix.then(|| Self::parse(text)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: &[&str] = &[
        "16.20.2", "17.9.1", "18.0.0", "18.17.1", "18.20.4", "19.8.1", "20.0.0", "20.8.1",
        "20.9.0", "20.11.1", "20.12.0", "20.20.2", "21.0.0", "21.7.3", "22.0.0", "22.18.0",
        "23.0.0", "24.14.1", "26.0.0",
    ];

    /// What npm's `semver` 7.8 answers for each version, with pre-releases included.
    const NPM_ANSWERS: &[(&str, &str)] = &[
        ("20", "0000001111110000000"),
        ("v20", "0000001111110000000"),
        ("20.x", "0000001111110000000"),
        ("20.11", "0000000001000000000"),
        ("20.11.1", "0000000001000000000"),
        ("v20.11.1", "0000000001000000000"),
        ("=20.11.1", "0000000001000000000"),
        ("= 20", "0000001111110000000"),
        ("==20", "0000001111110000000"),
        ("==20.11.1", "invalid"),
        (">=20", "0000001111111111111"),
        (">=20.x", "0000001111111111111"),
        (">=20.9", "0000000011111111111"),
        (">=20.9.0", "0000000011111111111"),
        (">20", "0000000000001111111"),
        (">20.x", "0000000000001111111"),
        ("<20", "1111110000000000000"),
        ("<=20.9", "1111111110000000000"),
        ("<20.9.0", "1111111100000000000"),
        ("<= 22", "1111111111111111000"),
        ("~20.9", "0000000010000000000"),
        ("~20.9.0", "0000000010000000000"),
        ("~>20.9", "0000000010000000000"),
        ("^20.9", "0000000011110000000"),
        ("^20.9.0", "0000000011110000000"),
        ("^ 20", "0000001111110000000"),
        ("^20.x", "0000001111110000000"),
        ("^*", "1111111111111111111"),
        ("~*", "1111111111111111111"),
        (">*", "0000000000000000000"),
        (">=*", "1111111111111111111"),
        ("<*", "0000000000000000000"),
        ("<=*", "1111111111111111111"),
        ("*", "1111111111111111111"),
        ("x", "1111111111111111111"),
        ("", "1111111111111111111"),
        ("||", "1111111111111111111"),
        ("|| 20", "1111111111111111111"),
        ("18 || 20", "0011101111110000000"),
        ("18 20", "0000000000000000000"),
        (">=18 <21", "0011111111110000000"),
        (">=18,<21", "invalid"),
        (">=18, <21", "invalid"),
        ("18 - 20", "0011111111110000000"),
        ("18.x - 20.x", "0011111111110000000"),
        ("v18 - v20", "0011111111110000000"),
        ("18 -20", "invalid"),
        ("18-20", "invalid"),
        ("^18.18.0 || ^19.8.0 || >= 20.0.0", "0000111111111111111"),
        ("lts/*", "invalid"),
        ("lts/iron", "invalid"),
        ("node", "invalid"),
        ("20.11.1-nightly", "0000000000000000000"),
        (">=20.0.0-0", "0000001111111111111"),
        ("^20.11.1-rc.1", "0000000001110000000"),
        (">=20 <", "invalid"),
        (">=", "invalid"),
        ("20.x.x", "0000001111110000000"),
        ("20.x.1", "invalid"),
        ("!20", "invalid"),
        (">=020.1.0", "invalid"),
        ("20.11.1+build", "0000000001000000000"),
        (">= v20", "0000001111111111111"),
        (">=20 || <18", "1100001111111111111"),
        ("=>20", "invalid"),
        (">=20 <=22.x", "0000001111111111000"),
        ("^0.12", "0000000000000000000"),
        (">=14.0.0 <=16.x || 20", "1000001111110000000"),
        ("20 LTS", "invalid"),
        ("~20.9 || ~22", "0000000010000011000"),
        (">=18.0.0-pre", "0011111111111111111"),
        ("^20.0.0 ^20.9.0", "0000000011110000000"),
        ("20 22", "0000000000000000000"),
        (">=20.9.0 <20.12.0 || 22.x", "0000000011000011000"),
        ("\t>=20\n", "0000001111111111111"),
        (">=99999999999999999999", "invalid"),
        (">=20.11.1.2", "invalid"),
    ];

    #[test]
    fn ranges_mean_what_npm_says() {
        let versions: Vec<_> = VERSIONS.iter().map(|text| Version::parse(text).unwrap()).collect();
        for (text, expected) in NPM_ANSWERS {
            let answer = NodeRange::parse(text).map_or("invalid".to_owned(), |range| {
                versions
                    .iter()
                    .map(|version| if range.contains(version) { '1' } else { '0' })
                    .collect()
            });
            assert_eq!(&answer, expected, "{text:?}");
        }
    }
}
