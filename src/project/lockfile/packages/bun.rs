use super::{
    LockedPackage, Source,
    json::Json,
    lines::{Lines, split_name},
    source::of_address,
};

/// bun.lock, whose packages are tuples that begin with `name@resolution`.
pub(super) fn packages(text: &str) -> Vec<LockedPackage> {
    let text = plain_json(text);
    let Some(file) = Json::parse(&text) else { return Vec::new() };
    let mut lines = Lines::new(&text);
    let packages = file.get("packages").map(Json::table).unwrap_or_default();
    packages
        .iter()
        .filter_map(|(key, tuple)| of_tuple(key, lines.line_of(key), tuple.list()))
        .collect()
}

fn of_tuple(key: &str, line: Option<u64>, tuple: &[Json<'_>]) -> Option<LockedPackage> {
    let (published, resolution) = split_name(tuple.first()?.text()?)?;
    let mut package = LockedPackage::new(last_name(key), key, line);
    package.published_as(published);
    let info = tuple.iter().find(|item| matches!(item, Json::Table(_)));
    let texts: Vec<_> = tuple[1..].iter().filter_map(Json::text).collect();
    package.integrity =
        texts.iter().rev().find(|text| is_integrity(text)).map(|text| (*text).to_owned());
    package.bundled = info.is_some_and(|info| info.is_set("bundled"));
    package.source = if ["workspace:", "root:", "file:", "link:", "./", "../"]
        .iter()
        .any(|start| resolution.starts_with(start))
    {
        Source::Local(resolution.to_owned())
    } else if resolution.starts_with(|first: char| first.is_ascii_digit()) {
        // The second item is empty where the registry is the configured one.
        match texts.first() {
            Some(address) if address.starts_with("http") => Source::Tarball((*address).to_owned()),
            _ => Source::Registry,
        }
    } else {
        of_address(resolution)
    };
    if resolution.starts_with(|first: char| first.is_ascii_digit()) {
        package.version = Some(resolution.to_owned());
    }
    Some(package)
}

fn is_integrity(text: &str) -> bool {
    ["sha1-", "sha256-", "sha384-", "sha512-", "md5-"].iter().any(|kind| text.starts_with(kind))
}

/// The last name of a path of names, with its scope.
fn last_name(key: &str) -> &str {
    let Some(slash) = key.rfind('/') else { return key };
    let scope = key[..slash].rfind('/').map_or(0, |above| above + 1);
    if key[scope..].starts_with('@') { &key[scope..] } else { &key[slash + 1..] }
}

/// The same text, as long, with blanks for what JSON does not know: comments, and commas before a closing bracket.
fn plain_json(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let (mut at, mut comma) = (0, None);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                comma = None;
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
            }
            b'/' if matches!(bytes.get(at + 1), Some(b'/' | b'*')) => {
                let end = match bytes[at + 1] {
                    b'/' => memchr::memchr(b'\n', &bytes[at..]),
                    _ => memchr::memmem::find(&bytes[at + 2..], b"*/").map(|end| end + 4),
                };
                let end = end.map_or(bytes.len(), |end| at + end);
                bytes[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|it| *it = b' ');
                at = end;
                continue;
            }
            b',' => comma = Some(at),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    bytes[comma] = b' ';
                }
            }
            byte if byte.is_ascii_whitespace() => {}
            _ => comma = None,
        }
        at += 1;
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}
