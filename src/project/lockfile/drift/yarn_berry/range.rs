use std::{borrow::Cow, fmt::Write as _};

use crate::project::{NodeRange, lockfile::yarn_format::split_descriptor};

/// When yarn puts its protocol before a range, and what else differs by its age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// yarn 2: only at the end, when nothing local fits (`ProtocolResolver`); portals keep development's dependencies.
    Oldest,
    /// yarn 3: at the end as well.
    AsWritten,
    /// yarn 4: at once (`normalizeDependency`).
    Normalized,
}

/// Whether a text is a range of versions (`semverUtils.validRange`).
pub(super) fn is_range(text: &str) -> bool {
    !text.contains(':') && NodeRange::parse(text).is_some()
}

fn is_tag(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['v', 'V'])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

/// With the protocol, where a range has none.
pub(super) fn with_protocol(range: &str) -> Cow<'_, str> {
    if !range.contains(':') && (is_tag(range) || is_range(range)) {
        Cow::Owned(format!("npm:{range}"))
    } else {
        Cow::Borrowed(range)
    }
}

/// Ties what is read from a folder to the package that asks for it (`bindDescriptor` of the resolvers).
pub(super) fn bound(range: &str, parent: &str) -> String {
    let path = is_path(range);
    let is_local = path
        || ["file:", "link:", "portal:", "exec:"]
            .iter()
            .any(|protocol| range.starts_with(protocol))
        || (range.starts_with("patch:") && patch_files(range).any(is_relative));
    match (is_local && !range.contains("::"), path) {
        (true, true) => format!("file:{range}::locator={}", escaped(parent)),
        (true, false) => format!("{range}::locator={}", escaped(parent)),
        (false, true) => format!("file:{range}"),
        (false, false) => range.to_owned(),
    }
}

fn is_path(range: &str) -> bool {
    ["/", "./", "../"].iter().any(|start| range.starts_with(start))
}

/// The files of a patch.
pub(super) fn patch_files(range: &str) -> impl Iterator<Item = &str> {
    let selector = range.split_once('#').map_or("", |(_, selector)| selector);
    selector.split("::").next().unwrap_or_default().split('&')
}

/// Whether a file of a patch lies beside the manifest that names it.
pub(super) fn is_relative(file: &str) -> bool {
    let file = file.rsplit('!').next().unwrap_or(file);
    !file.starts_with(['/', '~']) && !file.starts_with("builtin<")
}

/// The descriptor that a patch is applied to.
pub(super) fn patch_source(range: &str) -> Option<String> {
    let (source, _) = range.strip_prefix("patch:")?.split_once('#')?;
    unescaped(source)
}

/// The patches that yarn applies of itself to three packages (@yarnpkg/plugin-compat), as each of its versions writes them.
pub(super) fn built_in_patches(name: &str, range: &str, style: Style) -> Option<Vec<String>> {
    if !matches!(name, "fsevents" | "resolve" | "typescript") {
        return None;
    }
    let source =
        format!("{name}@{range}").replace('%', "%25").replace(':', "%3A").replace('#', "%23");
    let flags: &[&str] = match style {
        Style::Oldest | Style::AsWritten => &["~builtin", "builtin"],
        Style::Normalized => &["optional!builtin"],
    };
    Some(flags.iter().map(|flag| format!("patch:{source}#{flag}<compat/{name}>")).collect())
}

/// The key under which a package stands that is installed under another name and is its own peer.
pub(super) fn aliased(range: &str) -> Option<String> {
    let target = range.strip_prefix("npm:")?;
    let (name, version) = split_descriptor(target);
    (!version.is_empty() && !name.is_empty() && !is_range(name)).then(|| format!("{name}@{range}"))
}

/// As `querystring.escape` of Node.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
        escaped
    })
}

/// As `decodeURIComponent`.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_tags_get_the_protocol() {
        for (range, expected) in [
            ("^1.0.0", "npm:^1.0.0"),
            ("", "npm:"),
            ("latest", "npm:latest"),
            ("npm:^1", "npm:^1"),
            ("workspace:*", "workspace:*"),
            ("1.x || 2", "npm:1.x || 2"),
            ("user/repo", "user/repo"),
            ("./x", "./x"),
        ] {
            assert_eq!(with_protocol(range), expected);
        }
    }

    #[test]
    fn what_is_local_is_bound() {
        for (range, expected) in [
            ("file:./x", "file:./x::locator=app%40workspace%3A."),
            ("./x.tgz", "file:./x.tgz::locator=app%40workspace%3A."),
            ("link:x::locator=b", "link:x::locator=b"),
            ("npm:1", "npm:1"),
            ("patch:a@npm%3A1#./a.patch", "patch:a@npm%3A1#./a.patch::locator=app%40workspace%3A."),
            ("patch:a@npm%3A1#~/.yarn/a.patch", "patch:a@npm%3A1#~/.yarn/a.patch"),
            ("patch:a@1#optional!builtin<compat/a>", "patch:a@1#optional!builtin<compat/a>"),
        ] {
            assert_eq!(bound(range, "app@workspace:."), expected);
        }
        assert_eq!(patch_source("patch:a@npm%3A1#x").as_deref(), Some("a@npm:1"));
        assert_eq!(patch_source("patch:a@npm%3#x"), None);
        assert_eq!(aliased("npm:b@^1").as_deref(), Some("b@npm:b@^1"));
        assert_eq!(aliased("npm:^1"), None);
    }
}
