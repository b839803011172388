/// Whether Amplify runs a server-rendered app under a Node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Support {
    /// Documented, and seen to work.
    Supported,
    /// Documented, but refused by the builder when it was last seen.
    Doubtful,
    /// Refused after the build: `Unsupported NodeJS version`.
    Unsupported,
}

/// Majors of Node that serve, by user guide, "Supported SSR features"; 24 was added to it in spring 2026, while the
/// builder still answered `Supported versions are 20 and 22` on 2026-04-06 (aws-amplify/amplify-hosting#4073).
const MAJORS: &[(u64, Support)] =
    &[(20, Support::Supported), (22, Support::Supported), (24, Support::Doubtful)];

/// The answer for a major version; the app is served by the major that built it.
pub(crate) fn server_runtime_support(major: u64) -> Support {
    MAJORS
        .iter()
        .find(|(known, _)| *known == major)
        .map_or(Support::Unsupported, |(_, support)| *support)
}
