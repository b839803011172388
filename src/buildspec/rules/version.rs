use super::RuleContext;
use crate::{
    buildspec::node::Node,
    report::{Edit, Finding, FindingId, Fix, Severity},
};

const ID: FindingId = FindingId::BuildspecVersion;

/// Only `1` is documented; `0.1` and `0.2` are seen in specifications that work.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let root = &context.spec.root;
    let Node::Mapping(entries) = &root.value else { return Vec::new() };
    let Some((key, value)) = root.value.entry("version") else {
        let is_misspelt = context.strays().iter().any(|stray| stray.meant() == Some("version"));
        return if is_misspelt {
            Vec::new()
        } else {
            vec![missing(context, entries.first().map(|(key, _)| key.place.start))]
        };
    };
    let (Node::Number(text) | Node::String(text)) = &value.value else {
        return vec![
            context
                .finding(
                    ID,
                    key.place,
                    format!("`version` is {}, not a number", value.value.kind()),
                    "only `1` is documented",
                )
                .severity(Severity::Warning)
                .hint("version: 1"),
        ];
    };
    match text.trim() {
        "1" | "1.0" | "0.1" | "0.2" => Vec::new(),
        _ => {
            vec![context.finding(
            ID,
            value.place,
            format!("`version` is `{text}`"),
            "only `1` is documented; what Amplify does with another version is not known",
        ).severity(Severity::Warning).hint("version: 1")]
        }
    }
}

fn missing(context: &RuleContext<'_>, first_key: Option<usize>) -> Finding {
    let finding = context.finding(
        ID,
        context.spec.root.place,
        "the build specification has no `version`",
        "Amplify reads it all the same today; the documented form begins with it",
    );
    let text = &context.file.text.content;
    let at_line_start = first_key
        .filter(|at| *at == 0 || text.as_bytes().get(*at - 1) == Some(&b'\n'))
        .and_then(|at| u64::try_from(at).ok());
    match at_line_start {
        Some(at) => finding.fix(Fix {
            description: "add `version: 1`".to_owned(),
            edits: vec![Edit {
                path: context.file.relative_path.clone(),
                start: at,
                end: at,
                replacement: format!("version: 1{}", context.line_ending()),
            }],
        }),
        None => finding.hint("version: 1"),
    }
}
