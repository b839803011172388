use std::path::Path;

use super::{Change, ChangeKind, Drift, DriftInput, Verdict};
use crate::{
    project::{lockfile::relative, text::read_text},
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// Changes that a message lists; the others are counted.
const LISTED: usize = 20;
/// Bytes above which no manifest is searched for a line.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;

/// What is to be reported: an error where the manager would certainly refuse, a warning where it installs without what the build needs.
pub(crate) fn findings(app_root: &Path, input: &DriftInput<'_>, drift: &Drift) -> Vec<Finding> {
    let lockfile = &input.lockfile.relative_path;
    let is_platform = |change: &Change| change.kind == ChangeKind::PlatformOptional;
    let platform_only = !drift.changes.is_empty() && drift.changes.iter().all(is_platform);
    let finding = match drift.verdict {
        Verdict::OutOfSync if platform_only => refused_for_platforms(input, drift),
        Verdict::OutOfSync => refused(input, drift),
        Verdict::InSync | Verdict::Undecided => {
            let needed =
                drift.changes.iter().find(|change| is_platform(change) && is_of_build(change));
            let Some(change) = needed else { return Vec::new() };
            installed_without(lockfile, &change.name)
        }
    };
    let finding = drift.changes.iter().take(LISTED).fold(finding, |finding, change| {
        finding.evidence(Evidence::new(file(app_root, input.root, &change.file), text(change)))
    });
    let more = drift.changes.len().saturating_sub(LISTED);
    let finding = if more > 0 {
        finding.evidence(Evidence::new(lockfile, format!("and {more} more")))
    } else {
        finding
    };
    vec![
        finding.location(location(app_root, input.root, drift)).hint(format!("git add {lockfile}")),
    ]
}

fn refused(input: &DriftInput<'_>, drift: &Drift) -> Finding {
    let manager = input.lockfile.kind.manager();
    let lockfile = &input.lockfile.relative_path;
    let own = input.lockfile.path.file_name().unwrap_or_default();
    let message = if drift.changes.iter().all(|change| own == change.file.as_str()) {
        format!("`{lockfile}` lacks packages that its own packages need")
    } else {
        format!("`{lockfile}` was not made for {}", files_of(drift))
    };
    Finding::new(
        FindingId::LockfileOutOfSync,
        message,
        format!(
            "`{}` refuses to install from it; update the lockfile and commit it",
            manager.frozen_install().join(" ")
        ),
    )
    .hint(match manager.program() {
        "npm" => "npm install --package-lock-only".to_owned(),
        "pnpm" => "pnpm install --lockfile-only".to_owned(),
        program => format!("{program} install"),
    })
}

fn refused_for_platforms(input: &DriftInput<'_>, drift: &Drift) -> Finding {
    let manager = input.lockfile.kind.manager();
    let of_build = drift.changes.iter().find(|change| is_of_build(change));
    let consequence = of_build.map_or_else(String::new, |change| {
        format!(" (the build itself would miss `{}`)", change.name)
    });
    Finding::new(
        FindingId::PlatformBinaryMissing,
        format!("`{}` lacks optional packages that its own packages list", input.lockfile.relative_path),
        format!(
            "`{}` wants every optional package in the lockfile, whatever the system{consequence}; nobody forgot to install: the lockfile was written where {manager} left them out, so let it add them and commit the result",
            manager.frozen_install().join(" ")
        ),
    )
    .hint("npm install --package-lock-only")
}

/// npm before 11.6.2 does not miss what the lockfile never had.
fn installed_without(lockfile: &str, name: &str) -> Finding {
    Finding::new(
        FindingId::PlatformBinaryMissing,
        format!("`{lockfile}` lacks `{name}`, which the build machine needs"),
        "npm before 11.6.2 installs without it and says nothing, later versions refuse; the build then looks for another way or fails, so let a newer npm add it and commit the result",
    )
    .severity(Severity::Warning)
    .hint("npx npm@11 install --package-lock-only")
}

/// Whether a platform package is for Linux on x64 with glibc, where Amplify builds.
fn is_of_build(change: &Change) -> bool {
    let name = &change.name;
    ["linux-x64", "linux-64", "linux-amd64"].iter().any(|platform| name.contains(platform))
        && !name.contains("musl")
}

fn files_of(drift: &Drift) -> String {
    let mut files: Vec<_> =
        drift.changes.iter().map(|change| format!("`{}`", change.file)).collect();
    files.dedup();
    match &files[..] {
        [] => "the manifest".to_owned(),
        [one] => format!("this {one}"),
        [one, rest @ ..] => format!("this {one} and {} more", rest.len()),
    }
}

/// One difference in one line: `dependencies: zod ^4.0.0, locked for ^3.25.0`.
pub(crate) fn text(change: &Change) -> String {
    let Change { section, name, wanted, locked, .. } = change;
    match (wanted, locked) {
        (Some(wanted), Some(locked)) => format!("{section}: {name} {wanted}, locked {locked}"),
        (Some(wanted), None) => format!("{section}: {name} {wanted}, not locked"),
        (None, Some(locked)) => format!("{section}: {name}, only in the lockfile ({locked})"),
        (None, None) => format!("{section}: {name}"),
    }
}

fn file(app_root: &Path, root: &Path, name: &str) -> String {
    relative(app_root, &root.join(name))
}

/// The line of the first change, as far as a manifest shows it.
fn location(app_root: &Path, root: &Path, drift: &Drift) -> Location {
    let Some(change) = drift.changes.first() else { return Location::file("package.json") };
    let path = file(app_root, root, &change.file);
    let line = read_text(&root.join(&change.file), MAXIMUM_SIZE).ok().and_then(|text| {
        let quoted = format!("\"{}\"", change.name);
        let of_section = text.content.find(&format!("\"{}\"", change.section)).unwrap_or(0);
        let at = of_section + text.content[of_section..].find(&quoted)?;
        Some(text.content[..at].matches('\n').count() as u64 + 1)
    });
    Location::line(path, line)
}
