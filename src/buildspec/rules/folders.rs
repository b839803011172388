//! Where on disk the commands and paths of an app lead.

use std::path::{Component, Path, PathBuf};

use super::RuleContext;
use crate::{
    buildspec::{
        model::App,
        selection::{Selection, normal},
        shell::{Invocation, join},
    },
    project::Project,
};

impl<'a> RuleContext<'a> {
    /// The project, where it is the one that this app of the specification describes.
    pub(super) fn project_of(&self, app: &App) -> Option<&'a Project> {
        let is_selected =
            matches!(self.selection(), Selection::App(selected) if std::ptr::eq(selected, app));
        self.project.filter(|_| is_selected && !self.declared_elsewhere())
    }

    /// The repository's root on disk.
    fn repository(&self) -> Option<&'a Path> {
        let project = self.project?;
        Some(project.repository_root.as_deref().unwrap_or(&project.root))
    }

    /// Where the commands of an app start: `buildPath`, else `appRoot`, else the repository's root.
    pub(super) fn start_folder(&self, app: &App) -> Option<PathBuf> {
        Some(self.repository()?.join(start(app)))
    }

    /// The folder in which a command runs, as far as it can be told.
    pub(super) fn folder_of(&self, app: &App, invocation: &Invocation) -> Option<PathBuf> {
        let folder = invocation.folder.as_deref()?;
        let folder = plain(&self.start_folder(app)?.join(folder))?;
        folder.starts_with(self.repository()?).then_some(folder)
    }
}

/// `buildPath`, else `appRoot`, relative to the repository's root.
pub(super) fn start(app: &App) -> &str {
    let build_path = app.frontend.as_ref().and_then(|frontend| frontend.build_path.as_ref());
    build_path.or(app.app_root.as_ref()).map_or("", |path| normal(&path.value))
}

/// A path without `.` and `..`; nothing where it leads above its own beginning.
pub(super) fn plain(path: &Path) -> Option<PathBuf> {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !result.pop() {
                    return None;
                }
            }
            other => result.push(other),
        }
    }
    Some(result)
}

/// The folder, relative to the repository, in which the frontend's commands start; nothing where it is not known.
pub(super) fn known_start(context: &RuleContext<'_>, app: &App) -> Option<String> {
    let build_path = app.frontend.as_ref().and_then(|frontend| frontend.build_path.as_ref());
    match build_path.map(|path| path.value.trim()) {
        Some("/") => Some(String::new()),
        Some(_) => None,
        None => known_root(context, app),
    }
}

/// The app root relative to the repository; nothing where it is not known.
pub(super) fn known_root(context: &RuleContext<'_>, app: &App) -> Option<String> {
    if !context.spec.monorepo {
        return Some(String::new());
    }
    app.app_root.as_ref().and_then(|root| join("", normal(&root.value)))
}

/// The repository on disk, where the file lies at its root, as Amplify needs it.
pub(super) fn repository_on_disk(context: &RuleContext<'_>) -> Option<PathBuf> {
    let project = context.project?;
    let folder = context.file.path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    let folder = folder.canonicalize().ok()?;
    match &project.repository_root {
        Some(root) => (*root == folder).then_some(folder),
        None => (project.root == folder).then_some(folder),
    }
}
