use super::{
    LockedPackage, Source,
    lines::{field, split_key, split_name},
    source::of_address,
};

/// Reads the blocks of yarn 2 and later: descriptors in the first column, fields below them.
pub(super) fn packages(content: &str) -> Vec<LockedPackage> {
    let mut packages = Vec::new();
    let mut current: Option<LockedPackage> = None;
    for (number, line) in (1..).zip(content.lines()) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        match indent {
            0 => {
                packages.extend(current.take());
                current = split_key(line.trim_end())
                    .filter(|(key, _)| *key != "__metadata")
                    .and_then(|(key, _)| package(key, number));
            }
            2 => {
                if let (Some(package), Some((key, value))) = (&mut current, field(line)) {
                    apply(package, key, value);
                }
            }
            _ => {}
        }
    }
    packages.extend(current);
    packages
}

fn package(key: &str, line: u64) -> Option<LockedPackage> {
    let (name, _) = split_name(key.split(", ").next()?)?;
    Some(LockedPackage {
        name: name.to_owned(),
        key: key.to_owned(),
        line: Some(line),
        ..LockedPackage::default()
    })
}

fn apply(package: &mut LockedPackage, key: &str, value: &str) {
    match key {
        "version" if value != "0.0.0-use.local" => package.version = Some(value.to_owned()),
        "resolution" => {
            let Some((name, reference)) = split_name(value) else { return };
            package.published_name = (name != package.name).then(|| name.to_owned());
            package.source = source(reference);
        }
        "checksum" => package.integrity = Some(value.to_owned()),
        _ => {}
    }
}

fn source(reference: &str) -> Source {
    if let Some(version) = reference.strip_prefix("npm:") {
        return match version.split_once("::__archiveUrl=") {
            Some((_, address)) => {
                let address = address.split('&').next().unwrap_or(address);
                Source::Tarball(percent_decoded(address))
            }
            None => Source::Registry,
        };
    }
    // A patch changes what a registry, or whatever it names, has.
    if let Some(patched) = reference.strip_prefix("patch:") {
        let inner = percent_decoded(patched.split('#').next().unwrap_or(patched));
        return split_name(&inner).map_or(Source::Registry, |(_, reference)| {
            if reference.starts_with("patch:") { Source::Registry } else { source(reference) }
        });
    }
    of_address(reference)
}

fn percent_decoded(text: &str) -> String {
    url::form_urlencoded::parse(text.replace('+', "%2B").as_bytes())
        .next()
        .map_or_else(String::new, |(key, _)| key.into_owned())
}
