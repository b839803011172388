use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use super::{
    find::{FindError, SpecFile, find},
    lint::Surroundings,
    model::{App, Spec},
    selection::{Selection, select},
};

use crate::project::Project;

/// amplify.yml as it concerns one app.
#[derive(Debug)]
pub(crate) struct Specification {
    file: Result<Option<SpecFile>, FindError>,
    /// Where the file lies, else the app root.
    folder: PathBuf,
    app_root: PathBuf,
    /// The app root relative to the repository, `/` as separator; empty where they are one.
    project_path: String,
    declared_root: Option<String>,
}

impl Specification {
    /// Reads the file of the repository that holds the app.
    pub(crate) fn read(
        app_root: &Path,
        repository_root: Option<&Path>,
        variables: &BTreeMap<String, String>,
    ) -> Self {
        let file = find(app_root, repository_root);
        let folder = match &file {
            Ok(Some(file)) => file.path.parent().unwrap_or(app_root),
            Ok(None) | Err(_) => app_root,
        };
        Self {
            folder: folder.to_path_buf(),
            file,
            app_root: app_root.to_path_buf(),
            project_path: project_path(app_root, repository_root),
            declared_root: declared_root(variables).map(str::to_owned),
        }
    }

    /// The file; nothing where there is none.
    pub(crate) fn file(&self) -> Result<Option<&SpecFile>, &FindError> {
        self.file.as_ref().map(Option::as_ref)
    }

    /// The file and its meaning, where it has one.
    pub(crate) fn spec(&self) -> Option<(&SpecFile, &Spec)> {
        let file = self.file.as_ref().ok()?.as_ref()?;
        Some((file, file.spec.as_ref().ok()?))
    }

    /// The app root relative to the repository; empty where they are one.
    pub(crate) fn project_path(&self) -> &str {
        &self.project_path
    }

    /// `AMPLIFY_MONOREPO_APP_ROOT`, in an Amplify build or set by hand.
    pub(crate) fn declared_root(&self) -> Option<&str> {
        self.declared_root.as_deref()
    }

    /// What is known of the app beside the file.
    pub(crate) fn surroundings<'a>(
        &'a self,
        project: &'a Project,
        on_amplify: bool,
    ) -> Surroundings<'a> {
        Surroundings {
            declared_root: self.declared_root(),
            project_path: &self.project_path,
            project: Some(project),
            on_amplify,
        }
    }

    /// The app's entry; nothing where the file is broken or does not name the app.
    pub(crate) fn app(&self) -> Option<&App> {
        let (_, spec) = self.spec()?;
        match select(spec, self.declared_root().or(Some(&self.project_path))) {
            Selection::App(app) | Selection::NotMonorepo(app) => Some(app),
            Selection::NoMatch | Selection::Ambiguous => None,
        }
    }

    /// Where the commands run: `buildPath` where it is given, else the app root of a monorepo, else
    /// the folder of the file.
    pub(crate) fn directory(&self) -> PathBuf {
        let Some(app) = self.app() else { return self.folder.clone() };
        let build_path = app.frontend.as_ref().and_then(|frontend| frontend.build_path.as_ref());
        match build_path.or(app.app_root.as_ref()) {
            Some(path) => self.folder.join(path.value.trim_start_matches("./").trim_matches('/')),
            None => self.folder.clone(),
        }
    }

    /// `baseDirectory`, relative to the app root.
    pub(crate) fn base_directory(&self) -> Option<String> {
        let artifacts = self.app()?.frontend.as_ref()?.artifacts.as_ref()?;
        let base = &artifacts.base_directory.as_ref()?.value;
        let absolute = self.directory().join(base.trim_start_matches('/'));
        Some(relative(&absolute, &self.app_root).unwrap_or_else(|| base.clone()))
    }

    /// `cache.paths`.
    pub(crate) fn cache_paths(&self) -> Vec<String> {
        self.app()
            .and_then(|app| app.frontend.as_ref()?.cache.as_ref())
            .map(|cache| cache.paths.iter().map(|path| path.value.clone()).collect())
            .unwrap_or_default()
    }
}

/// The app root relative to the repository, `/` as separator; empty where they are one.
pub(crate) fn project_path(app_root: &Path, repository_root: Option<&Path>) -> String {
    repository_root
        .and_then(|repository| app_root.strip_prefix(repository).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `AMPLIFY_MONOREPO_APP_ROOT`, in an Amplify build or set by hand.
pub(crate) fn declared_root(variables: &BTreeMap<String, String>) -> Option<&str> {
    variables.get("AMPLIFY_MONOREPO_APP_ROOT").map(String::as_str).filter(|root| !root.is_empty())
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
