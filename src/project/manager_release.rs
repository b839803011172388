//! Which release of a manager fits a lockfile: the one place that knows.

use std::path::Path;

use super::{
    lockfile::{Lockfile, LockfileKind},
    package_manager::ManagerKind,
    text::read_text,
};

/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;
/// Lines of a lockfile in which its format is named.
const HEAD: usize = 40;
/// pnpm's settings file, and its list of workspace packages.
const PNPM_WORKSPACE: &str = "pnpm-workspace.yaml";
/// Keys of that file which pnpm 9 reads; another one tells a later pnpm.
const PNPM_9_KEYS: &[&str] = &["packages", "catalog", "catalogs"];
/// Checksums that pnpm 10 writes into the lockfile in another form than pnpm 9.
const PNPM_10_CHECKSUMS: [&str; 2] =
    ["pnpmfileChecksum: sha256-", "packageExtensionsChecksum: sha256-"];

/// A major version of pnpm-lock.yaml's format.
struct PnpmFormat {
    major: u64,
    /// The release that installs from it.
    release: &'static str,
    /// The major versions of pnpm that install frozen from it; others call it incompatible or absent.
    readers: std::ops::RangeInclusive<u64>,
}

/// Seen by running pnpm 7.33, 8.15, 9.15, 10.34 and 12.21 with `--frozen-lockfile` over the lockfiles of each other.
const PNPM_FORMATS: &[PnpmFormat] = &[
    PnpmFormat { major: 5, release: "7.33.7", readers: 1..=7 },
    PnpmFormat { major: 6, release: "8.15.9", readers: 8..=9 },
    PnpmFormat { major: 7, release: "9.15.9", readers: 9..=9 },
    PnpmFormat { major: 9, release: "9.15.9", readers: 9..=u64::MAX },
];
/// The pnpm for everything newer.
const PNPM: &str = "10.34.8";
/// `__metadata.version` of yarn.lock, and a release that leaves it as it is: `--immutable` refuses every other
/// format as something to be modified. Seen by running 3.0 to 4.18 over the lockfiles of each other.
const YARN_FORMATS: &[(u64, &str)] =
    &[(4, "3.0.2"), (5, "3.1.1"), (6, "3.8.7"), (7, "3.8.7"), (8, "4.13.0"), (9, "4.14.1")];
/// yarn 4.0 writes checksums of format 8 without the key of the cache before them.
const YARN_4_0: &str = "4.0.2";
/// The yarn for everything newer.
const YARN: &str = "4.18.1";
const YARN_CLASSIC: &str = "1.22.22";
const BUN: &str = "1.4.5";

/// The exact release that installs from a lockfile, where `packageManager` names none; npm comes with Node.
pub(crate) fn release_for(
    kind: ManagerKind,
    lockfile: Option<&Lockfile>,
    install_folder: &Path,
) -> Option<&'static str> {
    let text = lockfile.and_then(|lockfile| lockfile.text.as_ref().ok());
    let text = text.map(|text| text.content.as_str()).unwrap_or_default();
    match kind {
        ManagerKind::Npm => None,
        ManagerKind::Pnpm => Some(pnpm(text, install_folder)),
        ManagerKind::YarnClassic => Some(YARN_CLASSIC),
        ManagerKind::YarnBerry => Some(yarn(text)),
        ManagerKind::Bun => Some(BUN),
    }
}

/// Whether a version of a manager certainly cannot install frozen from a lockfile.
pub(crate) fn refuses(lockfile: &Lockfile, version: &semver::Version) -> bool {
    let Ok(text) = &lockfile.text else { return false };
    match lockfile.kind {
        LockfileKind::Pnpm => pnpm_format(&text.content)
            .and_then(|major| PNPM_FORMATS.iter().find(|format| format.major == major))
            .is_some_and(|format| !format.readers.contains(&version.major)),
        // yarn 1 finds no package in the other format, and yarn 2 rewrites that of yarn 1.
        LockfileKind::YarnBerry => version.major < 2,
        LockfileKind::YarnClassic => version.major >= 2,
        _ => false,
    }
}

fn pnpm_format(lockfile: &str) -> Option<u64> {
    let line =
        lockfile.lines().take(HEAD).find_map(|line| line.strip_prefix("lockfileVersion:"))?;
    line.trim().trim_matches(['"', '\'']).split('.').next()?.parse().ok()
}

fn pnpm(lockfile: &str, folder: &Path) -> &'static str {
    let head = || lockfile.lines().take(HEAD);
    let of_pnpm_10 = head().any(|line| PNPM_10_CHECKSUMS.iter().any(|sum| line.starts_with(sum)));
    if of_pnpm_10
        || keys(&folder.join(PNPM_WORKSPACE)).iter().any(|key| !PNPM_9_KEYS.contains(&key.as_str()))
    {
        return PNPM;
    }
    pnpm_format(lockfile)
        .and_then(|major| PNPM_FORMATS.iter().find(|format| format.major == major))
        .map_or(PNPM, |format| format.release)
}

fn yarn(lockfile: &str) -> &'static str {
    let version = lockfile
        .lines()
        .take(HEAD)
        .skip_while(|line| !line.starts_with("__metadata:"))
        .find_map(|line| line.trim().strip_prefix("version:")?.trim().parse::<u64>().ok());
    let first_sum = lockfile.lines().find_map(|line| line.trim().strip_prefix("checksum:"));
    if version == Some(8) && first_sum.is_some_and(|sum| !sum.contains('/')) {
        return YARN_4_0;
    }
    YARN_FORMATS
        .iter()
        .find(|(format, _)| Some(*format) == version)
        .map_or(YARN, |(_, release)| release)
}

/// The top-level keys of a YAML file.
fn keys(path: &Path) -> Vec<String> {
    read_text(path, MAXIMUM_SIZE)
        .ok()
        .and_then(|text| serde_yaml::from_str::<serde_yaml::Mapping>(&text.content).ok())
        .into_iter()
        .flat_map(|mapping| mapping.into_iter().map(|(key, _)| key))
        .filter_map(|key| key.as_str().map(ToOwned::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Text;

    fn lockfile(kind: LockfileKind, text: &str) -> Lockfile {
        Lockfile {
            kind,
            path: "/x".into(),
            relative_path: "x".into(),
            text: Ok(Text { content: text.into(), byte_order_mark: false, invalid_at: None }),
        }
    }

    #[test]
    fn lockfiles_tell_the_release_of_their_manager() {
        let folder = tempfile::tempdir().unwrap();
        for (text, version) in [
            ("lockfileVersion: 5.4\n", "7.33.7"),
            ("lockfileVersion: '6.0'\n", "8.15.9"),
            ("lockfileVersion: '9.0'\n", "9.15.9"),
            ("lockfileVersion: '9.0'\n\npnpmfileChecksum: sha256-abc=\n", PNPM),
            ("lockfileVersion: '10.0'\n", PNPM),
            ("", PNPM),
        ] {
            assert_eq!(pnpm(text, folder.path()), version, "{text}");
        }
        std::fs::write(
            folder.path().join(PNPM_WORKSPACE),
            "packages: [apps/*]\nonlyBuiltDependencies: [sharp]\n",
        )
        .unwrap();
        assert_eq!(pnpm("lockfileVersion: '9.0'\n", folder.path()), PNPM);
        for (text, version) in [
            ("# x\n__metadata:\n  version: 6\n", "3.8.7"),
            ("__metadata:\n  version: 8\n  cacheKey: 10c0\n", "4.13.0"),
            ("__metadata:\n  version: 8\n\n\"x\":\n  checksum: 10c0/00ff\n", "4.13.0"),
            ("__metadata:\n  version: 8\n\n\"x\":\n  checksum: 00ff\n", "4.0.2"),
            ("__metadata:\n  version: 10\n", YARN),
            ("", YARN),
        ] {
            assert_eq!(yarn(text), version, "{text}");
        }
    }

    #[test]
    fn a_release_that_fits_is_one_that_reads() {
        for format in PNPM_FORMATS {
            let release = semver::Version::parse(format.release).unwrap();
            assert!(format.readers.contains(&release.major), "{}", format.major);
        }
        for (kind, text, version, expected) in [
            (LockfileKind::Pnpm, "lockfileVersion: '9.0'", "8.15.9", true),
            (LockfileKind::Pnpm, "lockfileVersion: '9.0'", "12.0.0", false),
            (LockfileKind::Pnpm, "lockfileVersion: '6.0'", "9.0.0", false),
            (LockfileKind::Pnpm, "lockfileVersion: '6.0'", "10.0.0", true),
            (LockfileKind::Pnpm, "lockfileVersion: 99", "10.0.0", false),
            (LockfileKind::Pnpm, "", "10.0.0", false),
            (LockfileKind::YarnBerry, "__metadata:", "1.22.22", true),
            (LockfileKind::YarnClassic, "# yarn lockfile v1", "4.0.0", true),
            (LockfileKind::YarnClassic, "# yarn lockfile v1", "1.22.19", false),
            (LockfileKind::Npm, "{}", "6.0.0", false),
        ] {
            let version = semver::Version::parse(version).unwrap();
            assert_eq!(refuses(&lockfile(kind, text), &version), expected, "{text} {version}");
        }
    }
}
