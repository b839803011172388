//! Where on disk the commands and paths of an app lead.

use std::path::{Component, Path, PathBuf};

use super::RuleContext;
use crate::{
    buildspec::{
        model::App,
        selection::{Selection, normal},
        shell::Invocation,
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
