use std::path::{Path, PathBuf};

use crate::{
    commands::session::Session,
    emulator::{CleanClone, CloneError},
    project::repository,
    report::{Finding, FindingId},
};

/// Where the commands work: the working tree, or a clone of it.
pub(super) struct Workplace {
    /// The app root there.
    pub(super) app_root: PathBuf,
    /// The repository there; the app root where there is none.
    pub(super) repository: PathBuf,
    clone: Option<CleanClone>,
}

impl Workplace {
    /// The working tree, or a fresh clone of its HEAD.
    pub(super) async fn enter(session: &Session, clean: bool) -> Result<Self, Box<Finding>> {
        let app_root = session.app_root.clone();
        if !clean {
            let repository = repository::root(&app_root).unwrap_or_else(|| app_root.clone());
            return Ok(Self { app_root, repository, clone: None });
        }
        let source = repository::root(&app_root).unwrap_or_else(|| app_root.clone());
        session.printer.line(&format!("# Cloning repository: {}", source.display()));
        let clone = CleanClone::make(&app_root, &session.mask, &session.interrupt)
            .await
            .map_err(|error| refused(&error, &app_root))?;
        session.printer.line(&format!("# Switching to commit: {}", clone.commit));
        for note in &clone.notes {
            session.printer.important(note);
        }
        Ok(Self {
            app_root: clone.app_root.clone(),
            repository: clone.repository.clone(),
            clone: Some(clone),
        })
    }

    /// Whether it is a clone.
    pub(super) fn is_clone(&self) -> bool {
        self.clone.is_some()
    }

    /// Says of an import that resolves to nothing which file of that name was left out.
    pub(super) fn explain(&self, findings: &mut [Finding]) {
        let Some(clone) = &self.clone else { return };
        for finding in findings {
            if finding.id != FindingId::ModuleNotFound {
                continue;
            }
            let module = finding.message.split('`').nth(1).unwrap_or_default();
            let parts: Vec<_> =
                module.split('/').filter_map(|part| Path::new(part).file_stem()).collect();
            let names_it = |note: &&String| {
                let mut left_out = note.split('`').skip(1).step_by(2);
                left_out.any(|path| {
                    Path::new(path).file_stem().is_some_and(|name| parts.contains(&name))
                })
            };
            if let Some(note) = clone.notes.iter().find(names_it) {
                finding.hints.insert(0, note.clone());
            }
        }
    }

    /// Removes the clone, unless it is to be kept.
    pub(super) fn leave(self, session: &Session, keep: bool) {
        if let Some(clone) = self.clone.filter(|_| keep) {
            let folder = clone.keep();
            session.printer.important(&format!("the clone is kept in `{}`", folder.display()));
        }
    }
}

fn refused(error: &CloneError, app_root: &Path) -> Box<Finding> {
    let (id, resolution) = match error {
        CloneError::NothingCommitted(_) => {
            (FindingId::Usage, "commit the app first, or run without `--clean`")
        }
        CloneError::Failed(_) => (
            FindingId::RepositoryUnavailable,
            "Amplify clones the repository too; `git fsck` tells whether it is whole",
        ),
        CloneError::Folder(_) => {
            (FindingId::Usage, "set TMPDIR to a folder with room for the app and its dependencies")
        }
        CloneError::Interrupted => (FindingId::Interrupted, "deployfix was asked to stop"),
    };
    Box::new(Finding::new(id, format!("{}: {error}", app_root.display()), resolution))
}
