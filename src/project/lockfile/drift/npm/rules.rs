use semver::Version;

/// What differs between versions of npm; found by comparing their sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent changes, each of its own version")]
pub(super) struct Rules {
    /// Optional packages that a locked package lists and the lockfile lacks are looked for (11.6.2).
    pub(super) finds_missing_optional: bool,
    /// An optional package that cannot be loaded stays in the tree that is compared with the lockfile (11.6.2).
    pub(super) keeps_failed_optional: bool,
    /// An optional peer of the wrong version is left alone (11.11).
    pub(super) trusts_optional_peers: bool,
    /// A branch or tag of git must be the one that the lockfile was made for (11.17).
    pub(super) compares_git_references: bool,
    /// Overrides follow the edges, and a version that fulfils the original range may stay (11.3).
    pub(super) overrides_follow_edges: bool,
    /// Overrides follow links into workspaces (11.15); before, some do.
    pub(super) overrides_follow_links: bool,
}

impl Rules {
    pub(super) fn of(version: &Version) -> Self {
        let from = |major, minor, patch| *version >= Version::new(major, minor, patch);
        Self {
            finds_missing_optional: from(11, 6, 2),
            keeps_failed_optional: from(11, 6, 2),
            trusts_optional_peers: from(11, 11, 0),
            compares_git_references: from(11, 17, 0),
            overrides_follow_edges: from(11, 3, 0),
            overrides_follow_links: from(11, 15, 0),
        }
    }

    /// Every set of rules that a version may have: one where it is known, else the two ends of what is in use.
    pub(super) fn possible(version: Option<&Version>) -> Vec<Self> {
        version.map_or_else(
            || vec![Self::of(&Version::new(10, 8, 2)), Self::of(&Version::new(11, 19, 0))],
            |version| vec![Self::of(version)],
        )
    }
}
