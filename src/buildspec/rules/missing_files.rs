use super::{RuleContext, strays::Required};
use crate::{
    buildspec::node::Node,
    report::{Finding, FindingId, Severity},
};

/// `artifacts.files` must be a list with at least one pattern.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, severity)| {
            let frontend = app.frontend.as_ref()?;
            Some((app, frontend, frontend.artifacts.as_ref()?, severity))
        })
        .filter(|(app, _, artifacts, _)| {
            artifacts.files.is_empty() && !context.is_stray(app, Required::Files)
        })
        .map(|(_, frontend, artifacts, severity)| {
            let files = artifacts.node.value.entry("files");
            let section = &frontend.section.node;
            let place = match files {
                Some((key, _)) => key.place,
                None => RuleContext::key_place(section, "artifacts"),
            };
            let is_mapping = matches!(artifacts.node.value, Node::Mapping(_));
            let (message, certain) = match files.map(|(_, files)| &files.value) {
                _ if !is_mapping => (
                    format!("`artifacts` is {}, not a mapping with `files`", artifacts.node.value.kind()),
                    true,
                ),
                None => ("`artifacts` has no `files`".to_owned(), true),
                Some(Node::Null) => ("`artifacts.files` is empty".to_owned(), true),
                Some(Node::Sequence(items)) if items.is_empty() => {
                    ("`artifacts.files` is an empty list".to_owned(), true)
                }
                // Whether one pattern without a list, or a list of other things, is let through is not known.
                Some(Node::Sequence(_)) => ("`artifacts.files` lists no string".to_owned(), false),
                Some(other @ Node::String(_)) => {
                    (format!("`artifacts.files` is {}, not a list", other.kind()), false)
                }
                Some(other) => (format!("`artifacts.files` is {}, not a list", other.kind()), true),
            };
            let finding = context
                .finding(
                    FindingId::BuildspecMissingFiles,
                    place,
                    message,
                    "Amplify does not know which files of `baseDirectory` to deploy; list at least one quoted pattern",
                )
                .severity(if certain { severity } else { Severity::Warning })
                .evidence(Required::Files.message());
            let value = files.map(|(_, value)| value);
            let written = value.and_then(|value| {
                context.file.text.content.get(value.place.start..value.place.end)
            });
            match (value, written) {
                (Some(value), Some(written))
                    if value.value.as_str().is_some() && !written.contains(['\n', '|', '>']) =>
                {
                    let text = value.value.as_str().unwrap_or_default().replace('\'', "''");
                    finding.fix(context.replacement(
                        value.place,
                        format!("['{text}']"),
                        "make `files` a list",
                    ))
                }
                _ => finding.hint("files: ['**/*']"),
            }
        })
        .collect()
}
