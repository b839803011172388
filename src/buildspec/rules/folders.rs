//! Where the commands of an app run.

use std::path::PathBuf;

use super::RuleContext;
use crate::buildspec::{model::App, selection::normal, shell::join};

/// The folder, relative to the repository, in which the frontend's commands start; nothing where it is not known.
pub(super) fn start(context: &RuleContext<'_>, app: &App) -> Option<String> {
    let build_path = app.frontend.as_ref().and_then(|frontend| frontend.build_path.as_ref());
    match build_path.map(|path| path.value.trim()) {
        Some("/") => Some(String::new()),
        Some(_) => None,
        None => root(context, app),
    }
}

/// The app root relative to the repository; nothing where it is not known.
pub(super) fn root(context: &RuleContext<'_>, app: &App) -> Option<String> {
    if !context.spec.monorepo {
        return Some(String::new());
    }
    app.app_root.as_ref().and_then(|root| join("", normal(&root.value)))
}

/// The repository on disk, where the file lies at its root, as Amplify needs it.
pub(super) fn repository(context: &RuleContext<'_>) -> Option<PathBuf> {
    let project = context.project?;
    let folder = context.file.path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    let folder = folder.canonicalize().ok()?;
    match &project.repository_root {
        Some(root) => (*root == folder).then_some(folder),
        None => (project.root == folder).then_some(folder),
    }
}
