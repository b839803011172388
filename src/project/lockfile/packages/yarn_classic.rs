use super::{
    LockedPackage, Source,
    lines::{split_name, unquoted},
    source::of_address,
};

/// Reads the blocks of yarn 1: patterns in the first column, fields below them.
pub(super) fn packages(content: &str) -> Vec<LockedPackage> {
    let mut packages = Vec::new();
    // One block may hold several names, where an alias and its package meet.
    let mut block: Vec<LockedPackage> = Vec::new();
    for (number, line) in (1..).zip(content.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        match indent {
            0 => {
                packages.append(&mut block);
                block = names(line.trim_end().trim_end_matches(':'), number);
            }
            2 => {
                if let Some((key, value)) = line.trim().split_once(' ') {
                    let value = unquoted(value.trim());
                    for package in &mut block {
                        apply(package, unquoted(key), value);
                    }
                }
            }
            _ => {}
        }
    }
    packages.append(&mut block);
    packages
}

fn names(patterns: &str, line: u64) -> Vec<LockedPackage> {
    let mut packages: Vec<LockedPackage> = Vec::new();
    for pattern in patterns.split(", ").map(unquoted) {
        let (name, range) = split_name(pattern).unwrap_or((pattern, ""));
        if packages.iter().any(|package| package.name == name) {
            continue;
        }
        let alias = range
            .strip_prefix("npm:")
            .map(|target| split_name(target).map_or(target, |(name, _)| name));
        let is_local =
            ["file:", "link:", "./", "../", "/"].iter().any(|prefix| range.starts_with(prefix));
        packages.push(LockedPackage {
            name: name.to_owned(),
            published_name: alias.filter(|alias| *alias != name).map(ToOwned::to_owned),
            source: if is_local { Source::Local(range.to_owned()) } else { Source::Registry },
            key: pattern.to_owned(),
            line: Some(line),
            ..LockedPackage::default()
        });
    }
    packages
}

fn apply(package: &mut LockedPackage, key: &str, value: &str) {
    match key {
        "version" => package.version = Some(value.to_owned()),
        "resolved" => {
            let source = of_address(value);
            // The fragment of a tarball is its sha1; that of a git address is the commit.
            if let (Source::Tarball(_), Some((address, digest))) = (&source, value.split_once('#'))
            {
                package.source = Source::Tarball(address.to_owned());
                if package.integrity.is_none() && digest.len() == 40 {
                    package.integrity = Some(format!("sha1-hex-{digest}"));
                }
            } else {
                package.source = source;
            }
        }
        "integrity" => package.integrity = Some(value.to_owned()),
        _ => {}
    }
}
