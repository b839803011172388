use semver::Version;

use super::{
    Usage,
    advisories::ADVISORIES,
    affected,
    integrity::{Strength, strength},
};

const USED: Usage = Usage { middleware: true, app_router: true, static_export: false };

fn ids(package: &str, version: &str) -> Vec<&'static str> {
    let version = Version::parse(version).unwrap();
    affected(package, &version, USED).iter().map(|one| one.advisory.id.as_str()).collect()
}

#[test]
fn the_list_is_well_formed() {
    for advisory in ADVISORIES.iter() {
        assert!(advisory.source.starts_with("https://"), "{}", advisory.id);
        assert_eq!(advisory.published.len(), 10, "{}", advisory.id);
    }
}

#[test]
fn ranges_are_exact_at_their_ends() {
    let rce = "CVE-2025-66478";
    for (version, is_affected) in [
        ("14.2.33", false),
        ("14.3.0-canary.76", false),
        ("14.3.0-canary.77", true),
        ("14.3.0-canary.87", true),
        ("15.0.0-rc.1", true),
        ("15.0.4", true),
        ("15.0.5", false),
        ("15.1.0-canary.3", true),
        ("15.1.8", true),
        ("15.1.9", false),
        ("15.2.5", true),
        ("15.2.6", false),
        ("15.3.5", true),
        ("15.3.6", false),
        ("15.4.7", true),
        ("15.4.8", false),
        ("15.5.6", true),
        ("15.5.7", false),
        ("15.6.0-canary.57", true),
        ("15.6.0-canary.58", false),
        ("16.0.0-beta.0", true),
        ("16.0.6", true),
        ("16.0.7", false),
        ("16.1.0-canary.11", true),
        ("16.1.0-canary.12", false),
        ("16.1.0", false),
    ] {
        assert_eq!(ids("next", version).contains(&rce), is_affected, "{version}");
    }
    let middleware = "CVE-2025-29927";
    for (version, is_affected) in [
        ("11.1.3", false),
        ("11.1.4", true),
        ("12.3.4", true),
        ("12.3.5", false),
        ("13.0.0", true),
        ("13.5.8", true),
        ("13.5.9", false),
        ("14.2.24", true),
        ("14.2.25", false),
        ("15.2.2", true),
        ("15.2.3", false),
    ] {
        assert_eq!(ids("next", version).contains(&middleware), is_affected, "{version}");
    }
    for (version, is_affected) in [
        ("18.3.1", false),
        ("19.0.0", true),
        ("19.0.1", false),
        ("19.1.1", true),
        ("19.1.2", false),
        ("19.2.0", true),
        ("19.2.1", false),
    ] {
        for package in ["webpack", "parcel", "turbopack"] {
            let found = ids(&format!("react-server-dom-{package}"), version);
            assert_eq!(!found.is_empty(), is_affected, "{version}");
        }
    }
}

#[test]
fn what_an_app_does_not_use_does_not_touch_it() {
    let version = Version::new(15, 2, 0);
    let is_used = |usage: Usage| -> Vec<_> {
        affected("next", &version, usage)
            .iter()
            .filter(|one| one.is_used)
            .map(|one| one.advisory.id.as_str())
            .take(2)
            .collect()
    };
    assert_eq!(is_used(USED), ["CVE-2025-66478", "CVE-2025-29927"]);
    assert_eq!(is_used(Usage { middleware: false, ..USED })[0], "CVE-2025-66478");
    assert_eq!(is_used(Usage { app_router: false, ..USED })[0], "CVE-2025-29927");
    assert!(is_used(Usage { static_export: true, ..USED }).is_empty());
}

#[test]
fn checksums_are_weighed_by_kind_and_length() {
    let of = |length: usize| {
        use base64::{Engine, prelude::BASE64_STANDARD};
        BASE64_STANDARD.encode(vec![7_u8; length])
    };
    for (text, expected) in [
        (format!("sha512-{}", of(64)), Strength::Strong),
        (format!("sha384-{}", of(48)), Strength::Strong),
        (format!("sha1-{} sha256-{}", of(20), of(32)), Strength::Strong),
        (format!("sha1-{}", of(20)), Strength::Weak),
        (format!("sha1-hex-{}", "0a".repeat(20)), Strength::Weak),
        (format!("md5-{}", of(16)), Strength::Broken),
        (format!("sha512-{}", of(63)), Strength::Malformed),
        ("sha512-not base64!".into(), Strength::Malformed),
        ("none".into(), Strength::Malformed),
        (String::new(), Strength::Malformed),
        (format!("10c0/{}", "ab".repeat(64)), Strength::Strong),
        ("ab".repeat(64), Strength::Strong),
    ] {
        assert_eq!(strength(&text), expected, "{text}");
    }
}
