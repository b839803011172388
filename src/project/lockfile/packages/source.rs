use super::Source;

/// What an address is that a lockfile names.
pub(super) fn of_address(address: &str) -> Source {
    let owned = || address.to_owned();
    if is_git(address) {
        Source::Git(owned())
    } else if address.starts_with("https://") || address.starts_with("http://") {
        Source::Tarball(owned())
    } else {
        Source::Local(owned())
    }
}

fn is_git(address: &str) -> bool {
    const SCHEMES: [&str; 7] = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:"];
    let path = address.split(['#', '?']).next().unwrap_or(address);
    SCHEMES.iter().any(|scheme| address.starts_with(scheme))
        || (path.starts_with("http") && path.strip_suffix(".git").is_some())
        || address.contains("#commit=")
        || is_archive_of_commit(address)
}

/// What the git hosts serve as the archive of a commit; pnpm and yarn 1 fetch it instead of cloning.
fn is_archive_of_commit(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match host {
        "codeload.github.com" => true,
        "bitbucket.org" => path.contains("/get/"),
        _ => {
            host.starts_with("gitlab.")
                && (path.contains("/repository/archive") || path.contains("/-/archive/"))
        }
    }
}
