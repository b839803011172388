use semver::Version;

use super::lockfile::Format;

/// What differs between the versions of pnpm.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    version: Version,
}

impl Rules {
    /// The rules of every pnpm that may install from a lockfile: of the known version, else of the first and last of each major
    /// that reads its format.
    pub(super) fn candidates(version: Option<&Version>, format: Format) -> Vec<Self> {
        let versions = match version {
            Some(version) => vec![version.clone()],
            None => match format {
                Format::Five => vec![Version::new(6, 35, 1), Version::new(7, 33, 7)],
                Format::Six => {
                    vec![Version::new(7, 33, 7), Version::new(8, 15, 9), Version::new(9, 15, 9)]
                }
                Format::Nine => vec![
                    Version::new(9, 0, 0),
                    Version::new(9, 15, 9),
                    Version::new(10, 0, 0),
                    Version::new(10, 34, 9),
                    Version::new(11, 28, 11),
                ],
            },
        };
        versions.into_iter().map(|version| Self { version }).collect()
    }

    /// Whether this pnpm installs from a lockfile of a format without rewriting it.
    pub(super) fn reads(&self, format: Format) -> bool {
        match format {
            Format::Five => matches!(self.version.major, 6 | 7),
            Format::Six => matches!(self.version.major, 7..=9),
            Format::Nine => self.version.major >= 9,
        }
    }

    pub(super) fn at_least(&self, major: u64, minor: u64) -> bool {
        (self.version.major, self.version.minor) >= (major, minor)
    }

    pub(super) fn major(&self) -> u64 {
        self.version.major
    }

    /// `auto-install-peers` where nothing sets it.
    pub(super) fn auto_install_peers(&self) -> bool {
        self.version.major >= 8
    }

    /// 11 and later also follow links, accept other spellings of git addresses and pass over optional packages: only the plain
    /// cases are decided.
    pub(super) fn is_modern(&self) -> bool {
        self.version.major >= 11
    }
}
