use semver::Version;

use super::Context;
use crate::{
    project::{ManagerKind, locked_packages},
    report::{Evidence, Finding, FindingId, Location, Severity},
    supply_chain::{Affected, Rating, Usage, affected},
};

/// Packages of React that decode what browsers send.
const REACT: [&str; 3] =
    ["react-server-dom-webpack", "react-server-dom-parcel", "react-server-dom-turbopack"];

/// Known grave flaws of the framework in the version that will run.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let project = context.project;
    let usage = Usage::of(project);
    let mut findings = Vec::new();
    if context.uses_next()
        && let Some(version) = project.next.version()
    {
        let place = Location::file("package.json");
        findings.extend(of_version(context, "next", &version, usage, &place));
    }
    let Some(lockfile) = project.lockfile() else { return findings };
    for package in locked_packages(lockfile) {
        if REACT.contains(&package.name.as_str())
            && package.development != Some(true)
            && let Some(version) = package.version.and_then(|text| Version::parse(&text).ok())
        {
            let place = Location::line(&lockfile.relative_path, package.line);
            findings.extend(of_version(context, &package.name, &version, usage, &place));
        }
    }
    findings
}

/// One finding for each flaw that must not go live, and one for all others together.
fn of_version(
    context: &Context<'_>,
    package: &str,
    version: &Version,
    usage: Usage,
    place: &Location,
) -> Vec<Finding> {
    let manager = context.project.manager.kind;
    let found = affected(package, version, usage);
    let target = same_line(version, &found);
    let (grave, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|one| one.advisory.rating == Rating::Critical && one.is_used);
    let update = |finding: Finding| match &target {
        Some(target) => finding.hint(add(manager, package, target)),
        None => finding,
    };
    let mut findings: Vec<_> = grave
        .iter()
        .map(|one| {
            let advisory = one.advisory;
            update(
                Finding::new(
                    FindingId::VulnerableFramework,
                    format!("`{package}@{version}` has {}: {}", advisory.id, advisory.summary),
                    format!(
                        "this app uses what is broken, and {} mends it; take it before anything goes live",
                        one.fixed
                    ),
                )
                .location(place.clone())
                .evidence(evidence(one)),
            )
        })
        .collect();
    if !others.is_empty() {
        let count = others.len();
        let what = match &others[..] {
            [one] => one.advisory.id.clone(),
            _ => format!("{count} grave advisories"),
        };
        let reason = if usage.static_export {
            "files alone run no server that they could break; take the newest patch all the same"
        } else if grave.is_empty() {
            "they count where the app uses what is broken; take the newest patch of this line"
        } else {
            "the newest patch of this line mends them together with what is said above"
        };
        let finding = Finding::new(
            FindingId::VulnerableFramework,
            format!("`{package}@{version}` has {what}"),
            reason,
        )
        .severity(Severity::Warning)
        .location(place.clone());
        let finding = others.iter().fold(finding, |finding, one| finding.evidence(evidence(one)));
        findings.push(update(finding));
    }
    findings
}

fn evidence(one: &Affected) -> Evidence {
    let advisory = one.advisory;
    Evidence::new(
        &advisory.source,
        format!(
            "{}, published {}, fixed in {}: {}",
            advisory.id, advisory.published, one.fixed, advisory.summary
        ),
    )
}

/// The first version that mends the most without another minor version; of another one where none of this does.
fn same_line(version: &Version, found: &[Affected]) -> Option<Version> {
    let fixes = || found.iter().map(|one| &one.fixed);
    fixes()
        .filter(|fixed| (fixed.major, fixed.minor) == (version.major, version.minor))
        .max()
        .or_else(|| {
            let critical = found.iter().find(|one| one.advisory.rating == Rating::Critical);
            critical.map(|one| &one.fixed).or_else(|| fixes().max())
        })
        .cloned()
}

fn add(manager: ManagerKind, package: &str, version: &Version) -> String {
    let verb = match manager {
        ManagerKind::Npm => "install",
        ManagerKind::Pnpm
        | ManagerKind::YarnClassic
        | ManagerKind::YarnBerry
        | ManagerKind::Bun => "add",
    };
    format!("{} {verb} {package}@{version}", manager.program())
}
