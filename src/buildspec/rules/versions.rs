//! The exact versions that hints name.

use crate::project::{LockfileKind, Project};

/// The package manager as a command line should name it: `pnpm@10.4.1`, else by the era of the lockfile.
pub(super) fn pinned(project: Option<&Project>, program: &str) -> String {
    let requested = project.and_then(|project| {
        let requested = project.manager.requested.as_ref()?;
        (requested.kind.program() == program).then_some(requested.version.as_ref()?)
    });
    match requested {
        Some(version) => format!("{program}@{version}"),
        None => format!("{program}@{}", era(project, program).unwrap_or("<version>")),
    }
}

/// The version of `packageManager`, where it names this program.
pub(super) fn requested(project: Option<&Project>, program: &str) -> Option<String> {
    let requested = project?.manager.requested.as_ref()?;
    (requested.kind.program() == program)
        .then(|| requested.version.as_ref().map(ToString::to_string))?
}

/// The major version that writes such a lockfile.
fn era(project: Option<&Project>, program: &str) -> Option<&'static str> {
    let lockfile =
        project?.lockfiles.iter().find(|lockfile| lockfile.kind.manager().program() == program)?;
    let text = lockfile.text.as_ref().ok()?.content.as_str();
    let head = || text.lines().take(20);
    match lockfile.kind {
        LockfileKind::Pnpm => {
            let line = head().find_map(|line| line.strip_prefix("lockfileVersion:"))?;
            match line.trim().trim_matches(['\'', '"']) {
                "9.0" => Some("10"),
                "6.0" | "6.1" => Some("8"),
                "5.4" => Some("7"),
                "5.3" => Some("6"),
                _ => None,
            }
        }
        LockfileKind::YarnBerry => {
            let mut lines = head().skip_while(|line| !line.starts_with("__metadata:"));
            let version = lines.find_map(|line| line.trim().strip_prefix("version:"))?;
            match version.trim() {
                "8" => Some("4"),
                "6" | "7" => Some("3"),
                "4" | "5" => Some("2"),
                _ => None,
            }
        }
        LockfileKind::YarnClassic => Some("1.22.22"),
        LockfileKind::Bun | LockfileKind::BunBinary => Some("1"),
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => None,
    }
}
