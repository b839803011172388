use super::{
    LockedPackage, Source,
    lines::{field, split_key, split_name, unquoted},
};

/// Reads `packages`, as pnpm writes it since lockfile version 5: keys at two blanks, fields at four.
pub(super) fn packages(content: &str) -> Vec<LockedPackage> {
    let mut packages = Vec::new();
    let mut within = false;
    let mut current: Option<LockedPackage> = None;
    for (number, line) in (1..).zip(content.lines()) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() {
            continue;
        }
        match indent {
            0 => {
                packages.extend(current.take());
                within = line.trim_end() == "packages:";
            }
            _ if !within => {}
            2 => {
                packages.extend(current.take());
                current = split_key(line.trim_end().trim_start())
                    .map(|(key, _)| package(key.trim_start_matches("? "), number));
            }
            4 => {
                if let (Some(package), Some((key, value))) = (&mut current, field(line)) {
                    apply(package, key, value);
                }
            }
            // The block form of `resolution`, which hand-edited files have.
            6 => {
                if let (Some(package), Some((key, value))) = (&mut current, field(line)) {
                    resolution(package, key, value);
                }
            }
            _ => {}
        }
    }
    packages.extend(current);
    packages
}

fn package(key: &str, line: u64) -> LockedPackage {
    let (name, version, source) = parts(key);
    LockedPackage {
        name: name.to_owned(),
        version: version.map(ToOwned::to_owned),
        source,
        key: key.to_owned(),
        line: Some(line),
        ..LockedPackage::default()
    }
}

/// `/name/1.0.0_peer` (5), `/name@1.0.0(peer)` (6), `name@1.0.0` (9), and addresses of what no registry has.
fn parts(key: &str) -> (&str, Option<&str>, Source) {
    let without_peers = key.split('(').next().unwrap_or(key);
    let path = without_peers.strip_prefix('/').unwrap_or(without_peers);
    // Before version 6 a slash stands between name and version, and peers with an `@` may follow.
    let scope = if path.starts_with('@') { path.find('/').map_or(0, |at| at + 1) } else { 0 };
    let is_old =
        path[scope..].find(['/', '@']).is_some_and(|at| path[scope + at..].starts_with('/'));
    if is_old && without_peers.starts_with('/') {
        let (name, version) = path.rsplit_once('/').unwrap_or((path, ""));
        let version = version.split('_').next().unwrap_or(version);
        return (name, Some(version), Source::Registry);
    }
    if !is_old && let Some((name, rest)) = split_name(path) {
        if rest.starts_with(|character: char| character.is_ascii_digit()) {
            return (name, Some(rest), Source::Registry);
        }
        return (name, None, Source::of(rest));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    (name, None, Source::of(without_peers))
}

fn apply(package: &mut LockedPackage, key: &str, value: &str) {
    match key {
        "resolution" => {
            let inner = value.trim_start_matches('{').trim_end_matches('}');
            for (key, value) in inner.split(", ").filter_map(field) {
                resolution(package, key, value);
            }
        }
        "name" => value.clone_into(&mut package.name),
        "version" => package.version = Some(value.to_owned()),
        "dev" => package.development = Some(value == "true"),
        "optional" => package.optional = Some(value == "true"),
        "requiresBuild" => package.has_install_script = Some(value == "true"),
        _ => {}
    }
}

fn resolution(package: &mut LockedPackage, key: &str, value: &str) {
    let value = unquoted(value.trim());
    match key {
        "integrity" => package.integrity = Some(value.to_owned()),
        "tarball" => package.source = Source::of(value),
        "directory" => package.source = Source::Local(value.to_owned()),
        "repo" => package.source = Source::Git(value.to_owned()),
        "commit" => {
            if let Source::Git(address) = &mut package.source
                && !address.contains('#')
            {
                *address = format!("{address}#{value}");
            } else {
                package.source = Source::Git(format!("#{value}"));
            }
        }
        _ => {}
    }
}
