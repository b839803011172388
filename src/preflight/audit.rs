use crate::{
    project::Project,
    report::{Evidence, Finding, FindingId, Location, Severity},
    supply_chain::{Grade, Vulnerable, read_audit},
};

/// Advisories of one package that are listed.
const LISTED: usize = 5;

/// What an audit of the manager says, as findings.
pub(crate) fn of_audit(project: &Project, output: &str) -> Vec<Finding> {
    match read_audit(output) {
        Ok(found) => found.iter().map(|one| finding(project, one)).collect(),
        Err(reason) => vec![unanswered(project, &reason.to_string())],
    }
}

/// That there was no answer.
pub(crate) fn unanswered(project: &Project, reason: &str) -> Finding {
    let program = project.manager.kind.program();
    Finding::new(
        FindingId::RegistryUnreachable,
        format!("the audit of {program} got no answer: {reason}"),
        "the registry has no such address or cannot be reached, so nothing is known of vulnerable packages; the app itself is not touched by that",
    )
    .severity(Severity::Warning)
}

fn finding(project: &Project, one: &Vulnerable) -> Finding {
    let Vulnerable { package, severity, advisories, path, fix } = one;
    let title = advisories.first().map_or("", |known| known.title.as_str());
    let more = match advisories.len() {
        0 | 1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    let way = path.as_ref().map(|path| format!(" (through `{path}`)")).unwrap_or_default();
    let resolution = match fix {
        Some(fix) => format!("mended by `{fix}`{way}"),
        None => format!("take a version outside of the ranges below{way}"),
    };
    let place = project
        .lockfile()
        .map_or_else(|| Location::file("package.json"), |it| Location::file(&it.relative_path));
    let finding = Finding::new(
        FindingId::VulnerablePackage,
        format!("`{package}` has a {} advisory: {title}{more}", severity.name()),
        resolution,
    )
    .severity(if *severity >= Grade::Moderate { Severity::Warning } else { Severity::Info })
    .location(place);
    advisories.iter().take(LISTED).fold(finding, |finding, known| {
        finding.evidence(Evidence::new(
            &known.address,
            format!("{package} {}: {}", known.range, known.title),
        ))
    })
}
