use std::cell::OnceCell;

use super::{
    find::SpecFile,
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

/// Everything that is wrong in a specification.
pub(crate) fn lint(file: &SpecFile, surroundings: Surroundings<'_>) -> Vec<Finding> {
    let Surroundings { declared_root, project_path, project, on_amplify } = surroundings;
    let mut findings = match &file.spec {
        Err(error) => vec![syntax_finding(file, error)],
        Ok(spec) => check(&RuleContext {
            file,
            spec,
            declared_root,
            project_path,
            project,
            on_amplify,
            commands: OnceCell::new(),
        }),
    };
    if let Some((line, column)) = file.text.invalid_at {
        findings.push(
            Finding::new(
                FindingId::BuildspecSyntax,
                format!("`{}` is not UTF-8", file.relative_path),
                "Amplify reads a replacement character in place of each wrong byte; save the file as UTF-8",
            )
            .severity(Severity::Warning)
            .location(Location::at(&file.relative_path, line, column)),
        );
    }
    findings
}
