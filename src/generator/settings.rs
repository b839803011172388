use std::path::Path;

use crate::project::read_text;

/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// The value of a top-level `key: value` or `key = value` line, without quotes and comment.
pub(super) fn setting(path: &Path, key: &str) -> Option<String> {
    let text = read_text(path, MAXIMUM_SIZE).ok()?.content;
    text.lines().rev().find_map(|line| {
        let rest = line.strip_prefix(key)?.trim_start();
        let value = rest.strip_prefix(['=', ':'])?;
        let value = value.split(" #").next().unwrap_or_default().trim();
        Some(value.trim_matches(['"', '\'']).to_owned())
    })
}

/// The strings of a top-level list of a YAML file; nothing where there is no such list.
pub(super) fn setting_list(path: &Path, key: &str) -> Option<Vec<String>> {
    let text = read_text(path, MAXIMUM_SIZE).ok()?.content;
    let root: serde_yaml::Value = serde_yaml::from_str(&text).ok()?;
    let list = root.get(key)?.as_sequence()?;
    Some(list.iter().filter_map(|item| item.as_str().map(ToOwned::to_owned)).collect())
}
