use semver::Version;

use super::version::prefixes_checksums;
use crate::project::{
    lockfile::yarn_format::{BerryLockfile, Value, render},
    text::Text,
};

/// Whether the file is, byte for byte, what yarn would write for what it holds.
pub(super) fn is_as_yarn_writes_it(text: &Text, lockfile: &BerryLockfile, yarn: &Version) -> bool {
    let Some(cache_key) = lockfile.metadata("cacheKey") else {
        return !text.byte_order_mark && same(&text.content, &render(lockfile));
    };
    let prefix = format!("{cache_key}/");
    let mut written = lockfile.clone();
    for entry in &mut written.entries {
        for (name, value) in &mut entry.fields {
            let Value::Text(checksum) = value else { continue };
            if name != "checksum" {
                continue;
            }
            if prefixes_checksums(yarn) {
                if !checksum.contains('/') {
                    checksum.insert_str(0, &prefix);
                }
            } else if let Some(bare) = checksum.strip_prefix(&prefix) {
                *checksum = bare.to_owned();
            }
        }
    }
    !text.byte_order_mark && same(&text.content, &render(&written))
}

/// Compares with the line ends that most lines of the file have, as `normalizeLineEndings` chooses them.
fn same(content: &str, written: &str) -> bool {
    let carriage_returns = content.matches("\r\n").count();
    if carriage_returns * 2 > content.matches('\n').count() {
        content == written.replace('\n', "\r\n")
    } else {
        content == written
    }
}
