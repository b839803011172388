use std::path::{Path, PathBuf};

use regex::Regex;

use super::manifest::{self, Manifest};

/// pnpm's list of workspace packages.
const PNPM_WORKSPACE: &str = "pnpm-workspace.yaml";

/// The folders above an app whose lockfile the managers use for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WorkspaceRoots {
    /// For npm, yarn and bun: the nearest folder whose `workspaces` include the app.
    pub(crate) manifest: Option<PathBuf>,
    /// For pnpm: the nearest folder with a pnpm-workspace.yaml, whether it lists the app or not.
    pub(crate) pnpm: Option<PathBuf>,
}

/// The nearest folder, from the app root up, that git calls a repository.
pub(crate) fn repository_root(app_root: &Path) -> Option<PathBuf> {
    ancestors(app_root).find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}

/// The app root and the folders above it on the same file system.
fn ancestors(app_root: &Path) -> impl Iterator<Item = &Path> {
    let device = |folder: &Path| {
        use std::os::unix::fs::MetadataExt;
        folder.metadata().ok().map(|metadata| metadata.dev())
    };
    let start = device(app_root);
    app_root.ancestors().take_while(move |folder| device(folder) == start)
}

/// Looks at the app and above it, up to the repository's root, else to the end of the file system.
pub(crate) fn roots(app_root: &Path, repository_root: Option<&Path>) -> WorkspaceRoots {
    let mut roots = WorkspaceRoots::default();
    for folder in ancestors(app_root) {
        if roots.pnpm.is_none() && folder.join(PNPM_WORKSPACE).is_file() {
            roots.pnpm = Some(folder.to_path_buf());
        }
        if roots.manifest.is_none() && folder != app_root && includes(folder, app_root) {
            roots.manifest = Some(folder.to_path_buf());
        }
        if Some(folder) == repository_root {
            break;
        }
    }
    roots
}

/// Whether the `workspaces` of a folder's manifest include the app.
fn includes(folder: &Path, app_root: &Path) -> bool {
    let Some(Manifest { workspaces: Some(patterns), .. }) = manifest::read(folder).manifest else {
        return false;
    };
    app_root
        .strip_prefix(folder)
        .is_ok_and(|relative| matches_any(&patterns, &relative.to_string_lossy()))
}

/// The folders below a root that hold a package.json and are chosen by a list of globs; relative to it, in the order of their names.
pub(crate) fn members(root: &Path, patterns: &[String]) -> Vec<String> {
    let is_searched = |entry: &walkdir::DirEntry| {
        entry.depth() == 0
            || (entry.file_type().is_dir()
                && !matches!(entry.file_name().to_str(), Some("node_modules" | ".git" | ".next")))
    };
    walkdir::WalkDir::new(root)
        .min_depth(1)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_searched)
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join(manifest::FILE).is_file())
        .filter_map(|entry| {
            Some(entry.path().strip_prefix(root).ok()?.to_string_lossy().into_owned())
        })
        .filter(|path| matches_any(patterns, path))
        .collect()
}

/// Whether a path is chosen by a list of globs in which `!` takes away again, the last one deciding.
pub(crate) fn matches_any(patterns: &[String], path: &str) -> bool {
    patterns.iter().fold(false, |chosen, pattern| {
        let (negated, pattern) = match pattern.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, pattern.as_str()),
        };
        if glob(pattern).is_some_and(|glob| glob.is_match(path)) { !negated } else { chosen }
    })
}

/// A workspace pattern as a regular expression over a path without a leading `./`.
fn glob(pattern: &str) -> Option<Regex> {
    let pattern = pattern.trim_start_matches("./").trim_matches('/');
    let mut expression = String::from("^");
    let mut rest = pattern.chars().peekable();
    let mut depth = 0_usize;
    while let Some(character) = rest.next() {
        match character {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                    expression.push_str("(?:[^/]+/)*");
                } else {
                    expression.push_str(".*");
                }
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '{' => {
                depth += 1;
                expression.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                expression.push(')');
            }
            ',' if depth > 0 => expression.push('|'),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    Regex::new(&expression).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_as_npm_does() {
        let chosen = |patterns: &[&str], path| {
            matches_any(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>(), path)
        };
        for (patterns, path, expected) in [
            (&["apps/*"][..], "apps/web", true),
            (&["./apps/*/"], "apps/web", true),
            (&["apps/*"], "apps/web/inner", false),
            (&["apps/**"], "apps/web/inner", true),
            (&["**"], "apps/web", true),
            (&["packages/*", "apps/web"], "apps/web", true),
            (&["apps/*", "!apps/web"], "apps/web", false),
            (&["{apps,packages}/*"], "apps/web", true),
            (&["apps/w?b"], "apps/web", true),
            (&["apps.*"], "appsXweb", false),
            (&["apps/("], "apps/(", true),
            (&["apps/{web"], "apps/web", false),
            (&[], "apps/web", false),
        ] {
            assert_eq!(chosen(patterns, path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn members_are_folders_with_a_manifest() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["apps/web", "apps/old", "packages/ui", "apps/web/node_modules/x"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
            std::fs::write(folder.path().join(path).join("package.json"), "{}").unwrap();
        }
        std::fs::create_dir_all(folder.path().join("apps/empty")).unwrap();
        let patterns = ["packages/*", "apps/**", "!apps/old"].map(ToOwned::to_owned);
        assert_eq!(members(folder.path(), &patterns), ["apps/web", "packages/ui"]);
    }

    #[test]
    fn the_repository_bounds_the_search() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("repository/apps/web");
        std::fs::create_dir_all(&app).unwrap();
        std::fs::write(folder.path().join("package.json"), r#"{"workspaces":["**"]}"#).unwrap();
        assert_eq!(roots(&app, None).manifest.as_deref(), Some(folder.path()));
        let repository = folder.path().join("repository");
        assert_eq!(roots(&app, Some(&repository)), WorkspaceRoots::default());
        std::fs::write(repository.join("package.json"), r#"{"workspaces":["apps/*"]}"#).unwrap();
        std::fs::write(repository.join("pnpm-workspace.yaml"), "packages: ['other/*']\n").unwrap();
        let found = roots(&app, Some(&repository));
        assert_eq!(found.manifest.as_deref(), Some(repository.as_path()));
        assert_eq!(found.pnpm.as_deref(), Some(repository.as_path()));
    }
}
