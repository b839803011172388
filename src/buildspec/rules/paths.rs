use std::path::{Path, PathBuf};

use super::RuleContext;
use crate::buildspec::{
    list_item::quoted,
    model::{App, Frontend},
    selection::normal,
};

/// A path without `.` and empty parts; `..` stays where it leaves the folder.
pub(super) fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.trim().split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// A path below a folder, as it reads from there; nothing for the folder itself and what is beside it.
pub(super) fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether the shell would put something else in its place.
pub(super) fn holds_variable(path: &str) -> bool {
    let dollar = path.match_indices('$').any(|(index, _)| {
        path[index + 1..]
            .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '('))
    });
    dollar || path == "~" || path.starts_with("~/")
}

/// Whether it holds signs of a glob.
pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// A path as a YAML scalar, in quotes where it needs them.
pub(super) fn written(path: &str) -> String {
    let is_plain = path
        .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/'))
        && path
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-' | '*'))
        && path.contains(|c: char| c.is_ascii_alphabetic());
    if is_plain { path.to_owned() } else { quoted(path) }
}

/// The parts of an app that hold paths, where it has a frontend.
pub(super) struct AppPaths<'a> {
    pub(super) app: &'a App,
    pub(super) frontend: &'a Frontend,
    /// `appRoot` without decorations; empty for an app at the repository's root.
    pub(super) app_root: String,
    /// `buildPath` the same way, where it is given.
    pub(super) build_path: Option<String>,
}

impl<'a> AppPaths<'a> {
    pub(super) fn new(context: &RuleContext<'_>, app: &'a App) -> Option<Self> {
        let frontend = app.frontend.as_ref()?;
        let app_root = app.app_root.as_ref().filter(|_| context.spec.monorepo);
        Some(Self {
            app,
            frontend,
            app_root: app_root.map(|root| plain(normal(&root.value))).unwrap_or_default(),
            build_path: frontend.build_path.as_ref().map(|path| plain(&path.value)),
        })
    }

    /// The folder to which paths are relative, itself relative to the repository.
    pub(super) fn base(&self) -> &str {
        self.build_path.as_deref().unwrap_or(&self.app_root)
    }

    /// The same on disk.
    pub(super) fn base_on_disk(&self, context: &RuleContext<'_>) -> Option<PathBuf> {
        Some(repository(context)?.join(self.base()))
    }
}

/// The repository's root, where the project is at hand and is one.
pub(super) fn repository<'a>(context: &RuleContext<'a>) -> Option<&'a Path> {
    context.project?.repository_root.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_without_decorations() {
        for (path, expected) in [
            ("./.next/", ".next"),
            ("/", ""),
            ("a//b/../c", "a/c"),
            ("../../x", "../../x"),
            (".", ""),
        ] {
            assert_eq!(plain(path), expected, "{path}");
        }
        assert_eq!(below("apps/web/.next", "apps/web"), Some(".next"));
        assert_eq!(below("apps/website", "apps/web"), None);
        for (path, expected) in
            [("$HOME/x", true), ("${A}/x", true), ("~/x", true), ("a$", false), ("a~b", false)]
        {
            assert_eq!(holds_variable(path), expected, "{path}");
        }
    }
}
