use super::{
    RuleContext,
    paths::{AppPaths, plain},
};
use crate::{
    buildspec::shell::Commands,
    report::{Finding, FindingId, Severity},
};

/// Next builds faster from its cache, which is lost without an entry in `cache.paths`.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, severity)| {
            let paths = AppPaths::new(context, app)?;
            let cache = paths.frontend.cache.as_ref();
            let is_kept = cache.is_some_and(|cache| {
                cache.paths.iter().any(|path| keeps_next(&path.value))
            });
            let is_readable =
                cache.is_none_or(|cache| cache.node.value.get("paths").is_none_or(|paths| paths.value.as_str().is_none()));
            if is_kept || !is_readable || context.is_meant(app, &["cache", "paths"]) {
                return None;
            }
            let folder = next_output(context, &paths, commands, severity == Severity::Error)?;
            let place = match paths.frontend.section.node.value.entry("cache") {
                Some((key, _)) => key.place,
                None => RuleContext::key_place(&paths.app.node, "frontend"),
            };
            Some(
                context
                    .finding(
                        FindingId::BuildspecCacheNextMissing,
                        place,
                        format!("`{folder}/cache` is not cached"),
                        "Next builds faster when it finds the cache of the build before; leave it out only where its size is a problem",
                    )
                    .hint(match cache.map(|cache| cache.paths.as_slice()) {
                        Some([_, ..]) => format!("- {folder}/cache/**/*"),
                        _ => format!("cache: {{ paths: ['{folder}/cache/**/*'] }}"),
                    }),
            )
        })
        .collect()
}

/// `.next/cache/**/*`, `.next/**/*` or the cache of another output folder.
fn keeps_next(path: &str) -> bool {
    let path = plain(path);
    let parts: Vec<_> = path.split('/').collect();
    let holds_next = parts.contains(&".next");
    let holds_cache = parts.iter().skip(1).any(|part| *part == "cache")
        && !parts.contains(&"node_modules")
        && !parts.contains(&".yarn");
    !path.starts_with('!') && (holds_next || holds_cache || path.starts_with("**"))
}

/// The folder that Next writes, where the app is certainly one of Next.
fn next_output(
    context: &RuleContext<'_>,
    paths: &AppPaths<'_>,
    commands: &Commands,
    is_built: bool,
) -> Option<String> {
    let base =
        paths.frontend.artifacts.as_ref().and_then(|artifacts| artifacts.base_directory.as_ref());
    let base = base.map(|base| plain(&base.value)).unwrap_or_default();
    if let Some(index) = base.split('/').position(|part| part == ".next") {
        return Some(base.split('/').take(index + 1).collect::<Vec<_>>().join("/"));
    }
    let is_next = match context.project {
        Some(project) if is_built => project.next.requested.is_some(),
        _ => commands.invocations.iter().any(|invocation| {
            let mut words = invocation.words.iter().map(|word| word.text.as_str());
            words.by_ref().any(|word| word == "next" || word.ends_with("/next"))
                && words.next() == Some("build")
        }),
    };
    // With another `baseDirectory` than an export's, `distDir` decides, which is not read here.
    (is_next && matches!(base.as_str(), "out" | "")).then(|| ".next".to_owned())
}
