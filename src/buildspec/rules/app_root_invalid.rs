use std::collections::HashMap;

use super::{
    RuleContext,
    paths::{holds_variable, is_glob, plain, written},
};
use crate::{
    buildspec::node::Spanned,
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecAppRootInvalid;

/// `appRoot` must be the plain path of a folder from the repository's root.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: HashMap<String, &Spanned<String>> = HashMap::new();
    for (app, _) in context.apps().filter(|_| context.spec.monorepo) {
        let Some(root) = &app.app_root else { continue };
        findings.extend(form(context, root));
        let first = *seen.entry(plain(&root.value)).or_insert(root);
        if !std::ptr::eq(first, root) {
            findings.push(context.finding(
                ID,
                root.place,
                format!("a second entry has the `appRoot` `{}`", root.value),
                format!(
                    "Amplify builds only one of the two, the first is in line {}; merge them into one entry",
                    first.place.line
                ),
            ));
        }
    }
    findings
}

/// Whether the form alone is wrong.
pub(super) fn is_odd(context: &RuleContext<'_>, root: &Spanned<String>) -> bool {
    form(context, root).is_some()
}

fn form(context: &RuleContext<'_>, root: &Spanned<String>) -> Option<Finding> {
    let text = root.value.as_str();
    let right = plain(&text.replace('\\', "/"));
    let find = |message: String, resolution: &str| {
        context.finding(ID, root.place, message, resolution.to_owned())
    };
    if text.trim().is_empty() {
        return Some(
            find(
                "`appRoot` is empty".to_owned(),
                "name the app's folder; the repository's root is `.`",
            )
            .hint("appRoot: ."),
        );
    }
    if holds_variable(text) {
        return None;
    }
    if is_glob(text) {
        return Some(find(
            format!("`appRoot` is `{text}`, a pattern"),
            "Amplify takes it for the name of one folder; list each app as an entry of its own",
        ));
    }
    if right.split('/').any(|part| part == "..") {
        return Some(find(
            format!("`appRoot` is `{text}`, outside the repository"),
            "name the app's folder from the repository's root, wherever the build specification lies",
        ));
    }
    let same_text = "and give `AMPLIFY_MONOREPO_APP_ROOT` the same text";
    let (message, why, severity) = if text.contains('\\') {
        (
            "holds backslashes",
            "Amplify builds on Linux, where they separate no folders; write `/`",
            Severity::Warning,
        )
    } else if text != text.trim() {
        (
            "has white space around it",
            "Amplify compares it as text; write it without",
            Severity::Warning,
        )
    } else if text.starts_with("./") {
        (
            "begins with `./`",
            "Amplify does not find the app then; write it without",
            Severity::Warning,
        )
    } else if text.starts_with('/') && text != "/" {
        ("begins with `/`", "that is reported to fail; write it without", Severity::Warning)
    } else if text.contains("//") || text.contains("/./") || text.contains("/../") {
        (
            "is written in a roundabout way",
            "Amplify compares it as text; write it without",
            Severity::Warning,
        )
    } else if text.ends_with('/') && text != "/" {
        ("ends with `/`", "Amplify compares it as text; write it without", Severity::Info)
    } else {
        return None;
    };
    let finding = find(format!("`appRoot` `{text}` {message}"), &format!("{why}, {same_text}"))
        .severity(severity);
    let right = if right.is_empty() { ".".to_owned() } else { right };
    Some(match context.declared_root {
        // Otherwise the variable may hold the odd form as well, and both have to be changed at once.
        Some(declared) if declared == right => finding.fix(context.replacement(
            root.place,
            written(&right),
            format!("write `appRoot` as `{right}`"),
        )),
        _ => finding.hint(format!("appRoot: {right}")),
    })
}
