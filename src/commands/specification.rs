//! The part of amplify.yml that is about this app.

use std::path::{Component, Path, PathBuf};

use crate::{
    buildspec::{self, App, FindError, Selection, SpecFile, select},
    project::Project,
};

/// amplify.yml as it concerns one app.
pub(super) struct Specification {
    /// The file; nothing where there is none.
    file: Option<SpecFile>,
    /// Where it lies.
    folder: PathBuf,
    /// The app root relative to that folder, `/` as separator, empty for the folder itself.
    relative_root: String,
    /// `AMPLIFY_MONOREPO_APP_ROOT`, where it is set.
    wanted: Option<String>,
}

impl Specification {
    /// Reads the file of the repository that holds the app.
    pub(super) fn read(project: &Project, wanted: Option<&str>) -> Result<Self, FindError> {
        let file = buildspec::find(&project.root, project.repository_root.as_deref())?;
        let folder = file
            .as_ref()
            .and_then(|file| file.path.parent())
            .unwrap_or(&project.root)
            .to_path_buf();
        let relative = project.root.strip_prefix(&folder).unwrap_or(Path::new(""));
        let relative_root = relative.to_string_lossy().into_owned();
        let wanted = wanted.filter(|wanted| !wanted.is_empty()).map(str::to_owned);
        Ok(Self { file, folder, relative_root, wanted })
    }

    /// The file itself.
    pub(super) fn file(&self) -> Option<&SpecFile> {
        self.file.as_ref()
    }

    /// The app's entry; nothing where the file is broken or does not name the app.
    pub(super) fn app(&self) -> Option<&App> {
        let spec = self.file.as_ref()?.spec.as_ref().ok()?;
        let by_folder = (spec.monorepo && !self.relative_root.is_empty()).then_some(&self.relative_root);
        match select(spec, self.wanted.as_ref().or(by_folder).map(String::as_str)) {
            Selection::App(app) | Selection::NotMonorepo(app) => Some(app),
            Selection::NoMatch | Selection::Ambiguous => None,
        }
    }

    /// `appRoot` of the app's entry, where it has one.
    pub(super) fn app_root_name(&self) -> Option<&str> {
        self.app()?.app_root.as_ref().map(|root| root.value.as_str())
    }

    /// Where the commands run: `buildPath` where it is given, else the app root of a monorepo, else
    /// the folder of the file.
    pub(super) fn directory(&self) -> PathBuf {
        let Some(app) = self.app() else { return self.folder.clone() };
        let build_path = app.frontend.as_ref().and_then(|frontend| frontend.build_path.as_ref());
        match (build_path, &app.app_root) {
            (Some(path), _) => self.folder.join(path.value.trim_matches('/')),
            (None, Some(root)) => self.folder.join(root.value.trim_matches('/')),
            (None, None) => self.folder.clone(),
        }
    }

    /// `baseDirectory`, relative to the app root.
    pub(super) fn base_directory(&self) -> Option<String> {
        let artifacts = self.app()?.frontend.as_ref()?.artifacts.as_ref()?;
        let base = &artifacts.base_directory.as_ref()?.value;
        let from_folder = self.directory().join(base.trim_start_matches('/'));
        let app_root = self.folder.join(&self.relative_root);
        Some(relative(&from_folder, &app_root).unwrap_or_else(|| base.clone()))
    }

    /// `cache.paths`.
    pub(super) fn cache_paths(&self) -> Vec<String> {
        self.app()
            .and_then(|app| app.frontend.as_ref()?.cache.as_ref())
            .map(|cache| cache.paths.iter().map(|path| path.value.clone()).collect())
            .unwrap_or_default()
    }
}

/// A path below a folder, relative to it and without `.` and `..`.
fn relative(path: &Path, folder: &Path) -> Option<String> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    let below = plain.strip_prefix(folder).ok()?.to_string_lossy().into_owned();
    Some(if below.is_empty() { ".".to_owned() } else { below })
}
