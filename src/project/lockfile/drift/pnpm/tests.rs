use proptest::prelude::*;

use super::lockfile::Locked;

const TEXT: &str = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n\ncatalogs:\n  default:\n    a:\n      specifier: ^1.0.0\n      version: 1.0.0\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: 'catalog:'\n        version: 1.0.0\n\npackages:\n\n  a@1.0.0:\n    resolution: {integrity: sha512-x}\n\nsnapshots:\n\n  a@1.0.0: {}\n";

proptest! {
    /// Whatever is done to a lockfile, reading it ends without a panic.
    #[test]
    fn mangled_lockfiles_are_read_or_not(
        at in 0..TEXT.len(),
        length in 0..40_usize,
        inserted in "[\\[\\]{}:,'\"&*!<>|# \\n\\t-]{0,12}",
        times in 1..200_usize,
    ) {
        let end = (at + length).min(TEXT.len());
        let _ = Locked::read(&format!("{}{}{}", &TEXT[..at], inserted.repeat(times), &TEXT[end..]));
    }
}

#[test]
fn deep_nesting_is_refused() {
    for bracket in ["[", "{\"a\":", "- ", "? ", "a:\n "] {
        assert!(Locked::read(&bracket.repeat(100_000)).is_none());
    }
}
