use semver::Version;

/// The `__metadata.version` that a yarn writes, found by running each; nothing of versions that nobody looked at.
pub(super) fn lockfile_format(yarn: &Version) -> Option<u64> {
    if !yarn.pre.is_empty() {
        return None;
    }
    match (yarn.major, yarn.minor) {
        (2, _) => Some(4),
        (3, 1) => Some(5),
        (3, 2..) => Some(6),
        (4, 0..=13) => Some(8),
        (4, 14) => Some(9),
        (4, 15..=18) => Some(10),
        _ => None,
    }
}

/// Whether it writes the key of the cache before every checksum.
pub(super) fn prefixes_checksums(yarn: &Version) -> bool {
    (yarn.major, yarn.minor) >= (4, 1)
}

/// The `__metadata.cacheKey` that yarn 4 writes for a `compressionLevel`; earlier ones keep what they find.
pub(super) fn cache_key(yarn: &Version, compression_level: Option<&str>) -> Option<String> {
    (yarn.major == 4).then(|| match compression_level {
        None => "10c0".to_owned(),
        Some("mixed") => "10".to_owned(),
        Some(level) => format!("10c{level}"),
    })
}
