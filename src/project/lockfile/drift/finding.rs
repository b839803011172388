use std::path::Path;

use super::{Change, ChangeKind, Drift, DriftInput, Verdict};
use crate::{
    project::{lockfile::relative, text::read_text},
    report::{Evidence, Finding, FindingId, Location},
};

/// Changes that a message lists; the others are counted.
const LISTED: usize = 20;
/// Bytes above which no manifest is searched for a line.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;

/// What is to be reported; nothing unless the manager would certainly refuse.
pub(crate) fn findings(app_root: &Path, input: &DriftInput<'_>, drift: &Drift) -> Vec<Finding> {
    if drift.verdict != Verdict::OutOfSync {
        return Vec::new();
    }
    let manager = input.lockfile.kind.manager();
    let lockfile = &input.lockfile.relative_path;
    let platform_only = !drift.changes.is_empty()
        && drift.changes.iter().all(|change| change.kind == ChangeKind::PlatformOptional);
    let finding = if platform_only {
        Finding::new(
            FindingId::PlatformBinaryMissing,
            format!("`{lockfile}` lacks optional packages of other platforms"),
            format!(
                "{manager} wants every optional package in the lockfile, whatever the system; the lockfile was written where they were left out, so write it anew and commit it"
            ),
        )
    } else {
        let files = files_of(drift);
        Finding::new(
            FindingId::LockfileOutOfSync,
            format!("`{lockfile}` was not made for {files}"),
            format!(
                "`{}` refuses to install from it; update the lockfile and commit it",
                manager.frozen_install().join(" ")
            ),
        )
    };
    let update = match manager.program() {
        "npm" if platform_only => "rm -rf node_modules package-lock.json && npm install".to_owned(),
        "npm" => "npm install --package-lock-only".to_owned(),
        "pnpm" => "pnpm install --lockfile-only".to_owned(),
        "yarn" => "yarn install".to_owned(),
        program => format!("{program} install"),
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
        finding
            .location(location(app_root, input.root, drift))
            .hint(update)
            .hint(format!("git add {lockfile}")),
    ]
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
