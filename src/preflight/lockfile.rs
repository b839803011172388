use std::borrow::Cow;

use super::Context;
use crate::{
    project::{
        DecidedBy, DriftInput, Lockfile, ManagerKind, Manifest, drift, drift_findings,
        lockfile_health, manager_conflicts,
    },
    report::{Finding, FindingId, Location, Severity},
};

/// The lockfile: there, whole, and the only one.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let project = context.project;
    let manifest = project.manifest.manifest.as_ref();
    let has_dependencies = manifest.is_none_or(Manifest::has_dependencies);
    let mut findings = match project.lockfile() {
        Some(lockfile) => {
            let mut findings = lockfile_health(lockfile, has_dependencies);
            if manifest.is_some() && !findings.iter().any(Finding::is_error) {
                findings.extend(out_of_sync(context, lockfile));
            }
            findings
        }
        None if manifest.is_some() && has_dependencies => vec![missing(context)],
        None => Vec::new(),
    };
    if let Some(commands) = context.spec_commands()
        && commands.installs_freely
        && !commands.installs_frozen
    {
        // `npm install` and its kin write what is missing or broken anew.
        for finding in findings.iter_mut().filter(|finding| finding.is_error()) {
            finding.severity = Severity::Warning;
        }
    }
    findings.extend(manager_conflicts(manifest, &project.lockfiles, &project.manager));
    findings
}

/// Where the manager's frozen install would refuse, because a manifest changed without the lockfile.
fn out_of_sync(context: &Context<'_>, lockfile: &Lockfile) -> Vec<Finding> {
    let project = context.project;
    let Some(root) = lockfile.path.parent() else { return Vec::new() };
    let path = context.variables.get("PATH").map(String::as_str);
    let version =
        project.manager.requested.as_ref().and_then(|requested| requested.version.clone()).or_else(
            || {
                let installed = project.manager.kind.installed_version(path, &project.root)?;
                semver::Version::parse(&installed).ok()
            },
        );
    // A flag of the command in amplify.yml counts as the setting that it is.
    let mut variables = Cow::Borrowed(context.variables);
    if context.spec_commands().is_some_and(|commands| commands.ignores_peers) {
        variables.to_mut().insert("npm_config_legacy_peer_deps".to_owned(), "true".to_owned());
    }
    let input =
        DriftInput { root, lockfile, manager_version: version.as_ref(), variables: &variables };
    drift_findings(&project.root, &input, &drift(&input))
}

fn missing(context: &Context<'_>) -> Finding {
    let manager = &context.project.manager;
    let name = manager.kind.lockfile_name();
    let command = manager.kind.frozen_install().join(" ");
    let resolution = match manager.decided_by {
        DecidedBy::Default => format!(
            "`{command}` installs only what a lockfile names, and there is none of npm, pnpm, yarn or bun; write one and commit it"
        ),
        _ => format!(
            "`packageManager` asks for {}, whose `{command}` installs only what its lockfile names; write it and commit it",
            manager.kind
        ),
    };
    let write = match manager.kind {
        ManagerKind::Npm => "npm install --package-lock-only".to_owned(),
        ManagerKind::Pnpm => "pnpm install --lockfile-only".to_owned(),
        other => format!("{} install", other.program()),
    };
    // Seen by running them: npm, pnpm and yarn 4 stop, yarn 1 installs the newest versions; bun was not seen.
    let (severity, resolution) = match manager.kind {
        ManagerKind::Npm | ManagerKind::Pnpm | ManagerKind::YarnBerry => {
            (Severity::Error, resolution)
        }
        ManagerKind::YarnClassic | ManagerKind::Bun => (
            Severity::Warning,
            format!(
                "without it {} may install other versions at every build; write it and commit it",
                manager.kind
            ),
        ),
    };
    Finding::new(FindingId::LockfileMissing, format!("there is no `{name}`"), resolution)
        .severity(severity)
        .location(Location::file("package.json"))
        .hint(write)
        .hint(format!("git add {name}"))
}
