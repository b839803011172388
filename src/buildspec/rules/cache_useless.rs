use std::path::Path;

use super::{
    RuleContext,
    clean_install::{cache_folder, deletes_first, is_clean_install},
    paths::{AppPaths, below, holds_variable, is_glob, plain, written},
};
use crate::{
    buildspec::{
        list_item::quoted,
        node::{Node, Spanned},
        shell::Commands,
    },
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecCacheUseless;
/// Names that folders have and files do not.
const FOLDERS: &[&str] = &[
    "node_modules",
    "cache",
    ".cache",
    ".npm",
    ".yarn",
    ".turbo",
    ".next",
    ".pnpm-store",
    ".nx",
    ".parcel-cache",
    ".vite",
];

/// A cache that saves nothing, or nothing of use.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let Some(paths) = AppPaths::new(context, app) else { continue };
        let section = &paths.frontend.section.node;
        let Some((key, cache)) = section.value.entry("cache") else { continue };
        if let Some(finding) = shape(context, key, cache, context.is_meant(app, &["paths"])) {
            findings.push(finding);
            continue;
        }
        let items = cache.value.get("paths").map(|paths| paths.value.items()).unwrap_or_default();
        findings.extend(of_items(context, &paths, items, commands));
    }
    findings
}

/// What is wrong with the whole, so that there is no list to look at.
fn shape(
    context: &RuleContext<'_>,
    key: &Spanned<String>,
    cache: &Spanned<Node>,
    paths_is_meant: bool,
) -> Option<Finding> {
    let find = |message: String, resolution: &str| {
        context.finding(ID, key.place, message, resolution.to_owned())
    };
    let advice = "Amplify keeps nothing for the next build; list the folders to keep under `paths`";
    let paths = match &cache.value {
        Node::Mapping(_) if paths_is_meant => return None,
        Node::Mapping(_) => cache.value.entry("paths"),
        Node::Null => {
            return Some(
                find("`cache` is empty".to_owned(), advice)
                    .severity(Severity::Info)
                    .hint("cache: { paths: [] }"),
            );
        }
        other => {
            return Some(find(
                format!("`cache` is {}, not a mapping with `paths`", other.kind()),
                advice,
            ));
        }
    };
    match paths {
        None => Some(find("`cache` has no `paths`".to_owned(), advice)),
        Some((_, Spanned { value: Node::Sequence(_), .. })) => None,
        Some((key, Spanned { value: Node::Null, .. })) => Some(
            context
                .finding(ID, key.place, "`paths` is empty", advice)
                .severity(Severity::Info)
                .hint("paths: []"),
        ),
        Some((_, value)) => {
            let finding = context.finding(
                ID,
                value.place,
                format!("`paths` is {}, not a list", value.value.kind()),
                "Amplify reads a list of patterns there",
            );
            let written = context.file.text.content.get(value.place.start..value.place.end);
            Some(match (&value.value, written) {
                (Node::String(text), Some(written)) if !written.contains(['\n', '|', '>', ',']) => {
                    let list = format!("[{}]", quoted(text));
                    finding.fix(context.replacement(value.place, list, "make `paths` a list"))
                }
                _ => finding.hint("paths: ['.next/cache/**/*']"),
            })
        }
    }
}

fn of_items(
    context: &RuleContext<'_>,
    paths: &AppPaths<'_>,
    items: &[Spanned<Node>],
    commands: &Commands,
) -> Vec<Finding> {
    let texts: Vec<_> = items.iter().filter_map(|item| item.value.as_str()).collect();
    let mut findings = Vec::new();
    if let Some(first) = items.first()
        && texts.len() == items.len()
        && texts.iter().all(|text| text.starts_with('!'))
    {
        findings.push(context.finding(
            ID,
            first.place,
            "`cache.paths` only excludes",
            "without a pattern that includes, nothing is kept; add what the exclusion is an exception from",
        ));
        return findings;
    }
    for item in items {
        match &item.value {
            Node::String(text) => findings.extend(of_path(context, paths, item, text, commands)),
            other => findings.push(context.finding(
                ID,
                item.place,
                format!("an item of `cache.paths` is {}, not a string", other.kind()),
                "Amplify reads patterns of files there; quote it, or remove it",
            )),
        }
    }
    findings
}

fn of_path(
    context: &RuleContext<'_>,
    paths: &AppPaths<'_>,
    item: &Spanned<Node>,
    text: &str,
    commands: &Commands,
) -> Option<Finding> {
    let find =
        |message: String, resolution: String| context.finding(ID, item.place, message, resolution);
    // What is excluded is never useless, and `path_variable` speaks of the others.
    if text.starts_with('!') || holds_variable(text) {
        return None;
    }
    let path = plain(text);
    if text.starts_with('/') {
        return Some(find(
            format!("`{text}` lies outside the project, so it is not cached"),
            "Amplify passes over it without a word; let the tool keep its cache in a folder of the project, and name that".to_owned(),
        ));
    }
    if leaves_repository(&path, paths, context) {
        return Some(find(
            format!("`{text}` lies outside the repository, so it is not cached"),
            "Amplify passes over it without a word; write the path from the project's folder"
                .to_owned(),
        ));
    }
    if deletes_first(&path, commands) {
        return Some(node_modules(context, item, text, commands));
    }
    if names_folder(context, paths, text, &path) {
        let right = format!("{}/**/*", text.trim_end_matches('/'));
        let finding = find(
            format!("`{text}` names a folder, not the files in it"),
            "the documented form is a pattern; a folder alone may keep nothing".to_owned(),
        );
        return Some(finding.fix(context.replacement(
            item.place,
            written(&right),
            format!("cache `{right}`"),
        )));
    }
    let rest = below(&path, &paths.app_root)
        .filter(|_| !paths.app_root.is_empty() && paths.build_path.is_none())?;
    let is_there = paths.base_on_disk(context).is_some_and(|base| {
        let first = path.split('/').next().unwrap_or_default();
        base.join(first).exists()
    });
    (!is_there).then(|| {
        find(
            format!("`{text}` repeats `appRoot`"),
            "the documentation calls these paths relative to the project, and projects with `appRoot` report that this is the app's folder; if the cache stays empty, leave the part out".to_owned(),
        )
        .severity(Severity::Info)
        .hint(format!("- {rest}"))
    })
}

/// Whether it leads out of the repository, for certain: where an app below its root is cached from is not documented.
fn leaves_repository(path: &str, paths: &AppPaths<'_>, context: &RuleContext<'_>) -> bool {
    let up = path.split('/').take_while(|part| *part == "..").count();
    let depth = |folder: &str| folder.split('/').filter(|part| !part.is_empty()).count();
    let deepest = if context.spec.monorepo {
        depth(&paths.app_root).max(depth(paths.base()))
    } else if context.project.is_some() {
        // The file may lie in the app's folder, and be meant for it.
        depth(context.project_path)
    } else {
        return false;
    };
    up > deepest
}

fn node_modules(
    context: &RuleContext<'_>,
    item: &Spanned<Node>,
    text: &str,
    commands: &Commands,
) -> Finding {
    let cache = commands
        .invocations
        .iter()
        .filter(|invocation| is_clean_install(invocation))
        .find_map(cache_folder);
    let finding = context.finding(
        ID,
        item.place,
        format!("`{text}` is cached, but `npm ci` deletes the folder before it installs"),
        "saving and restoring it only costs time; keep npm's own cache instead",
    );
    match cache {
        Some(folder) => finding.hint(format!("- {folder}/**/*")),
        None => finding.hint("- npm ci --cache .npm --prefer-offline").hint("- .npm/**/*"),
    }
}

fn names_folder(context: &RuleContext<'_>, paths: &AppPaths<'_>, text: &str, path: &str) -> bool {
    if is_glob(text) || path.is_empty() {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_folder = |base: &Path| base.join(path).is_dir();
    text.ends_with('/')
        || FOLDERS.contains(&name)
        || paths.base_on_disk(context).is_some_and(|base| is_folder(&base))
}
