use nodejs_semver::Version;

use super::NodeRange;
use crate::project::next::Next;

/// The Node that a version of Next demands.
#[derive(Debug, Clone)]
pub(crate) struct Minimum {
    /// The range, as Next writes it.
    pub(crate) text: String,
    /// The same, parsed.
    pub(crate) range: NodeRange,
    /// The version of Next that demands it.
    pub(crate) next_version: semver::Version,
}

impl Minimum {
    /// Whether Next would start under a Node.
    pub(crate) fn allows(&self, node: &Version) -> bool {
        self.range.contains(node)
    }
}

/// `engines.node` of the first release of each line, as published on npm: (major, minor) from which it holds.
///
/// `next` compares the running Node with it at start and exits with 1; versions before 14 are left out, because
/// Amplify has no Node left that is too old for them.
const PUBLISHED: &[((u64, u64), &str)] =
    &[((14, 0), ">=18.17.0"), ((15, 0), "^18.18.0 || ^19.8.0 || >=20.0.0"), ((16, 0), ">=20.9.0")];

/// What the project's Next demands: the installed package's own word where it is the version in question.
pub(crate) fn next_minimum(next: &Next) -> Option<Minimum> {
    let version = next.version().or_else(|| lowest_of(next.requested.as_deref()?))?;
    let own = next
        .installed_engines
        .as_deref()
        .filter(|_| next.installed.as_deref() == Some(version.to_string().as_str()));
    let text = own.or_else(|| {
        PUBLISHED
            .iter()
            .rev()
            .find(|((major, minor), _)| (version.major, version.minor) >= (*major, *minor))
            .map(|(_, text)| *text)
    })?;
    Some(Minimum { text: text.to_owned(), range: NodeRange::parse(text)?, next_version: version })
}

/// The lowest version of a range such as `^15.1.0` or `15`; later ones demand no less.
fn lowest_of(range: &str) -> Option<semver::Version> {
    let lowest = nodejs_semver::Range::parse(range).ok()?.min_version()?;
    semver::Version::parse(&lowest.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_next_has_its_minimum() {
        for (requested, node, expected) in [
            ("14.2.3", "18.16.0", Some(false)),
            ("^14.0.0", "18.17.0", Some(true)),
            ("15.5.29", "18.17.0", Some(false)),
            ("15", "18.18.0", Some(true)),
            ("^15.0.0", "19.0.0", Some(false)),
            ("16.0.0", "20.8.1", Some(false)),
            ("~16.4.0", "20.9.0", Some(true)),
            ("13.5.0", "12.0.0", None),
            ("latest", "12.0.0", None),
            ("file:../next", "12.0.0", None),
            ("*", "12.0.0", None),
        ] {
            let next = Next { requested: Some(requested.into()), ..Next::default() };
            let answer =
                next_minimum(&next).map(|minimum| minimum.allows(&Version::parse(node).unwrap()));
            assert_eq!(answer, expected, "next {requested}, node {node}");
        }
    }
}
