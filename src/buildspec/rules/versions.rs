//! The exact versions that hints name.

use crate::project::{Project, release_for};

/// The package manager as a command line should name it: `pnpm@10.4.1`, else the release that fits the lockfile.
pub(super) fn pinned(project: Option<&Project>, program: &str) -> String {
    let requested = project.and_then(|project| {
        let requested = project.manager.requested.as_ref()?;
        (requested.kind.program() == program).then_some(requested.version.as_ref()?)
    });
    match requested {
        Some(version) => format!("{program}@{version}"),
        None => format!("{program}@{}", release(project, program).unwrap_or("<version>")),
    }
}

/// The version of `packageManager`, where it names this program.
pub(super) fn requested(project: Option<&Project>, program: &str) -> Option<String> {
    let requested = project?.manager.requested.as_ref()?;
    (requested.kind.program() == program)
        .then(|| requested.version.as_ref().map(ToString::to_string))?
}

/// The release that installs from the lockfile, where there is one.
fn release(project: Option<&Project>, program: &str) -> Option<&'static str> {
    let project = project?;
    let lockfile =
        project.lockfiles.iter().find(|lockfile| lockfile.kind.manager().program() == program)?;
    let folder = lockfile.path.parent().unwrap_or(&project.root);
    release_for(lockfile.kind.manager(), Some(lockfile), folder)
}
