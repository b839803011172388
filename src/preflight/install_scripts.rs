use super::Context;
use crate::{
    config::OtherScripts,
    project::locked_packages,
    report::{Evidence, Finding, FindingId, Location},
    supply_chain::{ReviewedScripts, with_scripts},
};

/// Packages that a message lists; the others are counted.
const LISTED: usize = 10;

/// Install scripts that run although nobody has put their package on the list.
///
/// Nearly every app of Next runs some, so without a list nothing is said; nor where the others are held back.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let project = context.project;
    let scripts = &context.config.install.scripts;
    let Some(lockfile) = project.lockfile() else { return Vec::new() };
    let Some(root) = lockfile.path.parent() else { return Vec::new() };
    let reviewed = ReviewedScripts::read(root, scripts);
    if !reviewed.is_policy || scripts.others == OtherScripts::Skip {
        return Vec::new();
    }
    let packages = locked_packages(lockfile);
    let unreviewed: Vec<_> = with_scripts(root, &packages)
        .into_iter()
        .filter(|package| !reviewed.contains(&package.name))
        .filter(|package| !context.accepts(FindingId::UnreviewedInstallScript, &package.name))
        .collect();
    let message = match &unreviewed[..] {
        [] => return Vec::new(),
        [one] => format!("`{}` runs an install script that nobody has reviewed", one.name),
        several => {
            format!("{} packages run install scripts that nobody has reviewed", several.len())
        }
    };
    let finding = Finding::new(
        FindingId::UnreviewedInstallScript,
        message,
        "install scripts run with the rights of the build; review them and add the packages to the list, or hold the others back",
    )
    .location(Location::line(&lockfile.relative_path, unreviewed[0].line));
    let finding = unreviewed.iter().take(LISTED).fold(finding, |finding, package| {
        let version = package.version.as_deref().unwrap_or("no version");
        finding.evidence(Evidence {
            source: lockfile.relative_path.clone(),
            line: package.line,
            text: format!("{} {version}", package.name),
        })
    });
    vec![
        finding
            .hint(format!(
                "add `{}` to `install.scripts.allow` in deployfix.yml",
                unreviewed[0].name
            ))
            .hint("set `install.scripts.others: skip` in deployfix.yml"),
    ]
}
