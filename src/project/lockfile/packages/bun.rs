use jsonc_parser::ParseOptions;
use serde_json::Value;

use super::{
    LockedPackage, Source,
    lines::{Lines, split_name},
};

/// Reads `packages` of bun.lock: a tuple for every package, `[name@version, registry, {…}, integrity]`.
pub(super) fn packages(content: &str) -> Vec<LockedPackage> {
    let Ok(root) = jsonc_parser::parse_to_serde_value::<Value>(content, &ParseOptions::default())
    else {
        return Vec::new();
    };
    let Some(entries) = root.get("packages").and_then(Value::as_object) else { return Vec::new() };
    let mut lines = Lines::new(content);
    lines.next("\"packages\"");
    let mut packages = Vec::new();
    for (key, value) in entries {
        let line = lines.next(&format!("\"{key}\":"));
        if let Value::Array(tuple) = value {
            packages.extend(package(key, tuple, line));
        }
    }
    packages
}

fn package(key: &str, tuple: &[Value], line: Option<u64>) -> Option<LockedPackage> {
    let text = |index: usize| tuple.get(index).and_then(Value::as_str);
    let (published, reference) = split_name(text(0)?)?;
    let name = installed_name(key);
    let is_version = reference.starts_with(|character: char| character.is_ascii_digit());
    let source = match text(1) {
        Some(address) if is_version && !address.is_empty() => Source::Tarball(address.to_owned()),
        _ if is_version => Source::Registry,
        _ => Source::of(reference),
    };
    let integrity = text(tuple.len().saturating_sub(1)).filter(|text| text.starts_with("sha"));
    Some(LockedPackage {
        name: name.to_owned(),
        published_name: (published != name).then(|| published.to_owned()),
        version: is_version.then(|| reference.to_owned()),
        source,
        integrity: integrity.map(ToOwned::to_owned),
        key: key.to_owned(),
        line,
        ..LockedPackage::default()
    })
}

/// The last package of a path such as `@scope/parent/child`.
fn installed_name(key: &str) -> &str {
    let mut parts = key.rmatch_indices('/').map(|(at, _)| at);
    let Some(last) = parts.next() else { return key };
    let before = parts.next().map_or(0, |at| at + 1);
    if key[before..].starts_with('@') { &key[before..] } else { &key[last + 1..] }
}
