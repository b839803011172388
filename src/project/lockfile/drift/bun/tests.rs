use proptest::prelude::*;

use super::lockfile::Locked;

const TEXT: &str = r#"{ "lockfileVersion": 1, "workspaces": { "": { "name": "a", "dependencies": { "b": "^1.0.0", }, }, }, "packages": { "b": ["b@1.0.0", "", { "dependencies": { "@c/d": "1" } }, "sha512-x"], "b/@c/d": ["@c/d@1.0.0", "", {}, "sha512-x"], } }"#;

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
    for bracket in ["[", "{\"a\":", "- "] {
        assert!(Locked::read(&bracket.repeat(100_000)).is_none());
    }
}
