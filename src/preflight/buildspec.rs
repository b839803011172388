use super::Context;
use crate::{
    buildspec::{FILE, SpecFile, lint},
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// The name that Amplify does not open.
const MISSPELLED: &str = "amplify.yaml";

/// amplify.yml.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let file = match context.specification.file() {
        Ok(Some(file)) => file,
        Ok(None) => return vec![missing(context)],
        Err(error) => {
            return vec![
                Finding::new(
                    FindingId::BuildspecSyntax,
                    error.to_string(),
                    "Amplify cannot read it either; commit a regular, readable file in its place, or delete it",
                )
                .location(Location::file(error.relative_path.clone())),
            ];
        }
    };
    let mut findings: Vec<_> = misplaced(context, file).into_iter().collect();
    let on_amplify = context.platform.is_some();
    let linted = lint(file, context.specification.surroundings(context.project, on_amplify));
    findings.extend(linted.findings);
    let _ = context.silenced.set(linted.silenced);
    findings
}

fn missing(context: &Context<'_>) -> Finding {
    let finding = Finding::new(
        FindingId::BuildspecMissing,
        format!("there is no `{FILE}` at the repository's root"),
        "Amplify uses the build specification of its console, which is not under version control and cannot be checked here",
    );
    let root = context.project.repository_root.as_ref().unwrap_or(&context.project.root);
    if root.join(MISSPELLED).is_file() {
        return finding
            .severity(Severity::Warning)
            .evidence(Evidence::new(
                "repository root",
                format!("`{MISSPELLED}` is there, but Amplify opens `{FILE}` only"),
            ))
            .hint(format!("git mv {MISSPELLED} {FILE}"));
    }
    finding
}

/// A specification below the repository's root, which Amplify does not open.
fn misplaced(context: &Context<'_>, file: &SpecFile) -> Option<Finding> {
    let root = context.project.repository_root.as_deref()?;
    (file.path.parent() != Some(root)).then(|| {
        Finding::new(
            FindingId::BuildspecMissing,
            format!("`{}` is not at the repository's root", file.relative_path),
            "Amplify opens the file at the repository's root only, also for an app in a subfolder; it is checked here as if it stood there",
        )
        .severity(Severity::Info)
        .location(Location::file(file.relative_path.clone()))
    })
}
