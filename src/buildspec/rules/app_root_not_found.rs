use std::path::Path;

use walkdir::WalkDir;

use super::{
    RuleContext,
    context::platform_message,
    paths::{holds_variable, is_glob, plain, repository},
};
use crate::{
    buildspec::model::App,
    report::{Finding, FindingId, Severity},
};

/// Folders below the repository's root that are looked at for a similar name.
const LARGEST_WALK: usize = 4000;
/// How deep apps lie.
const DEEPEST_APP: usize = 4;

/// The folder of every `appRoot` must exist, in that case.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let Some(repository) = repository(context) else { return Vec::new() };
    absent(context).map(|(app, severity)| finding(context, repository, app, severity)).collect()
}

/// The apps whose folder does not exist; none where the repository is not at hand.
pub(super) fn absent<'a>(context: &RuleContext<'a>) -> impl Iterator<Item = (&'a App, Severity)> {
    let repository = repository(context).filter(|_| context.spec.monorepo);
    context.apps().filter(move |(app, _)| {
        let Some((repository, root)) = repository.zip(app.app_root.as_ref()) else { return false };
        let path = plain(&root.value);
        !holds_variable(&path)
            && !is_glob(&path)
            && !path.contains(['\\', '\0'])
            && !path.starts_with("..")
            && !repository.join(path).is_dir()
    })
}

fn finding(context: &RuleContext<'_>, repository: &Path, app: &App, severity: Severity) -> Finding {
    let place = app.app_root.as_ref().map_or(app.node.place, |root| root.place);
    let text = app.app_root.as_ref().map_or("", |root| root.value.as_str());
    let path = plain(text);
    let no_match = !context.spec.apps.iter().any(|app| {
        app.app_root.as_ref().is_some_and(|root| Some(root.value.as_str()) == context.declared_root)
    });
    // The one entry that stands for the app that the variable names.
    let certain = severity == Severity::Error
        || (context.declared_root.is_some() && no_match && context.spec.apps.len() == 1);
    let severity = if certain { Severity::Error } else { Severity::Warning };
    let candidates = apps(repository);
    let same = candidates.iter().find(|other| other.eq_ignore_ascii_case(&path));
    let near = candidates
        .iter()
        .map(|other| (strsim::osa_distance(other, &path), other))
        .filter(|(distance, other)| *distance <= 2 || ends_alike(other, &path))
        .min();
    let resolution = match (same, near) {
        (Some(other), _) => {
            format!("Amplify builds on Linux, where case counts; the folder is `{other}`")
        }
        (None, Some((_, other))) => format!("Amplify finds no app there; did you mean `{other}`?"),
        (None, None) => {
            "Amplify finds no app there; name a folder of the repository, or remove the entry"
                .to_owned()
        }
    };
    let finding = context
        .finding(
            FindingId::BuildspecAppRootNotFound,
            place,
            format!("the folder `{text}` of `appRoot` does not exist"),
            resolution,
        )
        .severity(severity);
    let finding = if context.declared_root.is_some() && no_match {
        finding.evidence(platform_message(
            "CustomerError: Invalid monorepo spec, no matching appRoot found in build spec",
        ))
    } else {
        finding
    };
    match same.or(near.map(|(_, other)| other)) {
        Some(other) => finding.hint(format!("appRoot: {other}")),
        None => finding,
    }
}

/// `web` for `apps/web`, and the other way round.
fn ends_alike(first: &str, second: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    name(first) == name(second)
}

/// The folders that hold a package.json, relative to the repository's root.
fn apps(repository: &Path) -> Vec<String> {
    WalkDir::new(repository)
        .min_depth(1)
        .max_depth(DEEPEST_APP)
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.file_type().is_dir() && name != "node_modules" && !name.starts_with('.')
        })
        .take(LARGEST_WALK)
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join("package.json").is_file())
        .filter_map(|entry| Some(entry.path().strip_prefix(repository).ok()?.to_str()?.to_owned()))
        .collect()
}
