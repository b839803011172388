use super::{
    find::SpecFile,
    ignore::{Linted, silence},
    rules::{RuleContext, check, syntax_finding},
};
use crate::{
    project::Project,
    report::{Finding, FindingId, Location, Severity},
};

/// What is known beside the file itself.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Surroundings<'a> {
    /// `AMPLIFY_MONOREPO_APP_ROOT`.
    pub(crate) declared_root: Option<&'a str>,
    /// The app root relative to the repository; empty where they are one.
    pub(crate) project_path: &'a str,
    /// The app on disk; absent where only the file is at hand.
    pub(crate) project: Option<&'a Project>,
    /// Whether this is an Amplify build.
    pub(crate) on_amplify: bool,
}

/// Everything that is wrong in a specification, and what its comments accept.
pub(crate) fn lint(file: &SpecFile, surroundings: Surroundings<'_>) -> Linted {
    let mut linted = match &file.spec {
        Err(error) => Linted { findings: vec![syntax_finding(file, error)], silenced: Vec::new() },
        Ok(spec) => {
            let findings = check(&RuleContext::new(file, spec, surroundings));
            silence(file, &spec.root, findings, surroundings.project.is_some())
        }
    };
    if let Some((line, column)) = file.text.invalid_at {
        linted.findings.push(
            Finding::new(
                FindingId::BuildspecSyntax,
                format!("`{}` is not UTF-8", file.relative_path),
                "Amplify reads a replacement character in place of each wrong byte; save the file as UTF-8",
            )
            .severity(Severity::Warning)
            .location(Location::at(&file.relative_path, line, column)),
        );
    }
    linted
}
