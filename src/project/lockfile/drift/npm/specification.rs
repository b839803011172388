//! What a dependency asks for (`npm-package-arg` 13).

use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::project::range::{Reading, SemanticVersion, VersionRange};

/// What stands behind a name in a table of dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Specification {
    /// Any version at all, also a pre-release.
    Any,
    /// A version or a range.
    Range(String),
    /// A dist-tag.
    Tag(String),
    /// A range or tag of a package of another name.
    Alias {
        name: String,
        range: String,
    },
    Git(Git),
    /// An archive by its address.
    Remote(String),
    /// An archive on disk, absolute.
    File(PathBuf),
    /// A folder, absolute.
    Directory(PathBuf),
    /// What npm stops at.
    Unsupported,
}

/// A repository and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Git {
    /// In one form for every way to write it.
    pub(super) repository: String,
    /// A commit, branch or tag.
    pub(super) reference: Option<String>,
    /// `semver:` range.
    pub(super) range: Option<String>,
}

impl Git {
    /// Whether the reference is a whole hash.
    pub(super) fn is_commit(&self) -> bool {
        self.reference.as_deref().is_some_and(|reference| {
            (40..=64).contains(&reference.len())
                && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }
}

impl Specification {
    /// Parses as npm does for a package that lies in `folder`.
    pub(super) fn parse(text: &str, folder: &Path) -> Self {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("file:") || is_path(text) {
            return path_of(text, folder);
        }
        if lower.starts_with("npm:") {
            return alias(&text[4..]);
        }
        if let Some(git) = hosted(text) {
            return Self::Git(git);
        }
        let scheme_end = lower.strip_prefix("git+").unwrap_or(&lower).find(':');
        let is_url = scheme_end.is_some_and(|end| {
            let start = if lower.starts_with("git+") { 4 } else { 0 };
            end > 0 && lower[start..start + end].bytes().all(|byte| byte.is_ascii_lowercase())
        });
        if is_url {
            return of_url(text);
        }
        if text.contains('/') || is_archive(text) {
            return path_of(text, folder);
        }
        of_registry(text)
    }

    /// Whether a registry gives it.
    pub(super) fn is_registry(&self) -> bool {
        matches!(self, Self::Any | Self::Range(_) | Self::Tag(_) | Self::Alias { .. })
    }

    /// Without the other name.
    pub(super) fn target(&self) -> Self {
        match self {
            Self::Alias { range, .. } => of_registry(range),
            other => other.clone(),
        }
    }
}

fn of_registry(text: &str) -> Specification {
    let text = text.trim();
    if matches!(text, "" | "*") {
        return Specification::Any;
    }
    if SemanticVersion::parse(text).is_some()
        || VersionRange::parse(text, Reading::Dependency).is_some()
    {
        return Specification::Range(text.to_owned());
    }
    // What `encodeURIComponent` leaves as it is.
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte));
    if is_plain { Specification::Tag(text.to_owned()) } else { Specification::Unsupported }
}

fn alias(text: &str) -> Specification {
    let end = text.char_indices().skip(1).find(|(_, character)| *character == '@');
    let (name, range) = end.map_or((text, ""), |(end, _)| (&text[..end], &text[end + 1..]));
    let is_registry = !range.contains(['/', ':']) && !is_path(range);
    if name.is_empty() || !is_registry || of_registry(range) == Specification::Unsupported {
        return Specification::Unsupported;
    }
    Specification::Alias { name: name.to_owned(), range: range.to_owned() }
}

/// `./x`, `../x`, `~/x`, `/x`, and `c:x`
fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/'])
        || text.starts_with("~/")
        || matches!(text.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn is_archive(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar"].iter().any(|ending| lower.ends_with(ending))
}

fn path_of(text: &str, folder: &Path) -> Specification {
    let bare = if text.to_ascii_lowercase().starts_with("file:") { &text[5..] } else { text };
    // `file:/../x` and its kin mean `../x`; other slashes at the front collapse to one.
    let trimmed = bare.trim_start_matches('/');
    let path = if trimmed.len() == bare.len() || trimmed.starts_with('.') {
        normal(&folder.join(trimmed))
    } else {
        normal(&Path::new("/").join(trimmed))
    };
    if is_archive(text) { Specification::File(path) } else { Specification::Directory(path) }
}

/// Without `.` and `..`, without looking at the disk.
pub(super) fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
        path
    })
}

/// A path as a lockfile writes it: relative to the root, with `..` where it lies outside.
pub(super) fn relative_path(root: &Path, path: &Path) -> String {
    for (steps, folder) in root.ancestors().enumerate() {
        if let Ok(rest) = path.strip_prefix(folder) {
            let up = "../".repeat(steps);
            return format!("{up}{}", rest.to_string_lossy()).trim_end_matches('/').to_owned();
        }
    }
    path.to_string_lossy().into_owned()
}

fn of_url(text: &str) -> Specification {
    if let Some(rest) = text.strip_prefix("git+ssh://")
        && let (address, reference) = split_reference(rest)
        && let Some((host, path)) = address.split_once(':')
        && !path.starts_with(|first: char| first.is_ascii_digit())
    {
        return git(format!("{host}:{path}"), reference);
    }
    let Ok(mut url) = Url::parse(text) else { return Specification::Unsupported };
    match url.scheme() {
        "git" | "git+http" | "git+https" | "git+rsync" | "git+ftp" | "git+file" | "git+ssh" => {
            let reference = url.fragment().map(ToOwned::to_owned);
            url.set_fragment(None);
            let address = url.as_str();
            let repository = address.strip_prefix("git+").unwrap_or(address).to_owned();
            git(repository, reference.as_deref())
        }
        "http" | "https" => Specification::Remote(text.to_owned()),
        _ => Specification::Unsupported,
    }
}

fn split_reference(text: &str) -> (&str, Option<&str>) {
    text.split_once('#').map_or((text, None), |(address, reference)| (address, Some(reference)))
}

fn git(repository: String, reference: Option<&str>) -> Specification {
    Specification::Git(with_reference(repository, reference))
}

fn with_reference(repository: String, text: Option<&str>) -> Git {
    let mut git = Git { repository, reference: None, range: None };
    for part in text.unwrap_or_default().split("::").filter(|part| !part.is_empty()) {
        match part.split_once(':') {
            None => git.reference = Some(part.to_owned()),
            Some(("semver", range)) => {
                git.range = Some(range.replace("%5E", "^").replace("%20", " "));
            }
            Some(_) => {}
        }
    }
    git
}

/// Repositories of the hosts that npm knows, whichever way they are written (`hosted-git-info`).
fn hosted(text: &str) -> Option<Git> {
    const HOSTS: [(&str, &str); 4] = [
        ("github", "github.com"),
        ("gitlab", "gitlab.com"),
        ("bitbucket", "bitbucket.org"),
        ("sourcehut", "git.sr.ht"),
    ];
    let (address, reference) = split_reference(text);
    let (host, path) = if let Some((shortcut, path)) = address.split_once(':')
        && let Some((_, host)) = HOSTS.iter().find(|(name, _)| *name == shortcut)
    {
        (*host, path)
    } else if !address.contains([':', '@', ' ']) && !address.starts_with(['.', '/', '~']) {
        ("github.com", address)
    } else {
        let after_scheme = match address.split_once("://") {
            Some((scheme, rest)) if is_hosted_scheme(scheme) => rest,
            Some(_) => return None,
            None => address,
        };
        let after_user = after_scheme.rsplit_once('@').map_or(after_scheme, |(_, rest)| rest);
        let (host, path) = after_user.split_once(['/', ':'])?;
        let host = host.strip_prefix("www.").unwrap_or(host);
        (HOSTS.iter().find(|(_, known)| *known == host)?.1, path)
    };
    let path = path.trim_start_matches('/').trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let parts: Vec<_> = path.split('/').collect();
    let is_repository = match parts[..] {
        [user, project] => !user.is_empty() && !project.is_empty(),
        // Groups of gitlab may nest.
        _ => host == "gitlab.com" && parts.len() > 2 && !parts.contains(&"-"),
    };
    is_repository.then(|| with_reference(format!("{host}:{path}"), reference))
}

fn is_hosted_scheme(scheme: &str) -> bool {
    matches!(scheme, "git" | "git+ssh" | "git+https" | "ssh" | "https" | "http")
}
