use std::sync::LazyLock;

use semver::Version;
use serde::{Deserialize, Deserializer, de::Error};

use super::Usage;

/// One advisory of the embedded list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advisory {
    /// `CVE-2025-29927`
    pub(crate) id: String,
    /// The packages that it is about.
    pub(crate) packages: Vec<String>,
    /// How grave it is.
    pub(crate) rating: Rating,
    /// Where its ranges were read.
    pub(crate) source: String,
    /// The day of its publication, `2025-03-21`.
    pub(crate) published: String,
    needs: Vec<Need>,
    /// What an attacker does.
    pub(crate) summary: String,
    affected: Vec<Range>,
}

/// How grave an advisory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rating {
    /// Must not go live where the app uses what is broken.
    Critical,
    /// To be mended soon.
    High,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Need {
    Middleware,
    AppRouter,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    #[serde(deserialize_with = "version")]
    from: Version,
    #[serde(deserialize_with = "version")]
    before: Version,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl Range {
    fn contains(&self, version: &Version) -> bool {
        self.from <= *version && *version < self.before
    }
}

/// An advisory that is about a version.
#[derive(Debug, Clone)]
pub(crate) struct Affected {
    /// The advisory.
    pub(crate) advisory: &'static Advisory,
    /// The first version of the same line that it is not about.
    pub(crate) fixed: Version,
    /// Whether the app uses what is broken.
    pub(crate) is_used: bool,
}

/// The list itself.
pub(crate) static ADVISORIES: LazyLock<Vec<Advisory>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "an embedded file, read by every test")]
    serde_yaml::from_str(include_str!("advisories.yml")).expect("the list of advisories is valid")
});

/// The advisories about a version of a package, the gravest first.
pub(crate) fn affected(package: &str, version: &Version, usage: Usage) -> Vec<Affected> {
    let mut affected: Vec<_> = ADVISORIES
        .iter()
        .filter(|advisory| advisory.packages.iter().any(|name| name == package))
        .filter_map(|advisory| {
            let range = advisory.affected.iter().find(|range| range.contains(version))?;
            Some(Affected {
                advisory,
                fixed: range.before.clone(),
                is_used: !usage.static_export && advisory.needs.iter().all(|need| usage.has(*need)),
            })
        })
        .collect();
    affected.sort_by_key(|found| found.advisory.rating == Rating::High);
    affected
}

impl Usage {
    fn has(self, need: Need) -> bool {
        match need {
            Need::Middleware => self.middleware,
            Need::AppRouter => self.app_router,
        }
    }
}
