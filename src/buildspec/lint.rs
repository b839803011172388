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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::project::Text;

    fn lines() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "version",
            "env",
            "variables",
            "frontend",
            "Frontend",
            "backend",
            "test",
            "phases",
            "preBuild",
            "pre_build",
            "build",
            "commands",
            "command",
            "artifacts",
            "baseDirectory",
            "files",
            "cache",
            "paths",
            "path",
            "appRoot",
            "applications",
            "buildPath",
            "AWS_X",
            "é",
            "- appRoot",
            "- frontend",
            "<<",
            "? x",
            "\"quoted key\"",
            "test",
        ]);
        let value = prop::sample::select(vec![
            "",
            " 1",
            " .next",
            " /é/.next",
            " [a, {b: c}]",
            " {}",
            " []",
            " |",
            " >-",
            " 'x'",
            " ''",
            " null",
            " *a",
            " &a",
            " npm ci # note",
            " # deployfix-ignore: x",
            " ../..",
            " $X",
            " C:\\x",
            " \u{0}",
            " true",
        ]);
        let line = (0..8usize, key, value, 0..10u8).prop_map(|(depth, key, value, form)| {
            let indentation = " ".repeat(depth);
            match form {
                0 => format!("{indentation}- {key}{value}\n"),
                1 => format!("{indentation}-{value}\n"),
                2 => format!(
                    "{indentation}# deployfix-ignore: configuration/buildspec-{key}{value}\n"
                ),
                3 => format!("{indentation}{key}:{value}\r\n"),
                _ => format!("{indentation}{key}:{value}\n"),
            }
        });
        prop::collection::vec(line, 0..25).prop_map(|lines| lines.concat())
    }

    proptest! {
        /// Nothing panics, and every place and every edit lies in the text and between characters.
        #[test]
        fn no_text_panics(content in lines()) {
            let text = Text { content: content.clone(), byte_order_mark: false, invalid_at: None };
            let file = SpecFile::new("amplify.yml".into(), "amplify.yml".into(), text);
            let linted = lint(&file, Surroundings { declared_root: Some("apps/web"), ..Surroundings::default() });
            for edit in linted.findings.iter().filter_map(|finding| finding.fix.as_ref()).flat_map(|fix| &fix.edits) {
                let (start, end) = (usize::try_from(edit.start).unwrap(), usize::try_from(edit.end).unwrap());
                prop_assert!(content.get(start..end).is_some(), "{edit:?} in {content:?}");
            }
        }
    }
}
