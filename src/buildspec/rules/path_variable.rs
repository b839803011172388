use super::{RuleContext, paths::holds_variable};
use crate::{
    buildspec::{model::App, node::Spanned},
    report::{Finding, FindingId},
};

/// Amplify expands no variables in paths.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .flat_map(|(app, _)| paths(app))
        .filter(|(_, path)| holds_variable(&path.value))
        .map(|(key, path)| {
            let sign = if path.value.starts_with('~') { "`~`" } else { "variables" };
            context.finding(
                FindingId::BuildspecPathVariable,
                path.place,
                format!("`{key}` is `{}`, but {sign} stand for themselves there", path.value)
                    .replace("`~` stand for themselves", "`~` stands for itself"),
                "only the shell expands them, and it does not read this; write the path out",
            )
        })
        .collect()
}

fn paths(app: &App) -> Vec<(&'static str, &Spanned<String>)> {
    let frontend = app.frontend.as_ref();
    let artifacts = frontend.and_then(|frontend| frontend.artifacts.as_ref());
    let cache = frontend.and_then(|frontend| frontend.cache.as_ref());
    let cached = cache.into_iter().flat_map(|cache| &cache.paths).map(|path| ("cache.paths", path));
    [
        ("appRoot", app.app_root.as_ref()),
        ("buildPath", frontend.and_then(|frontend| frontend.build_path.as_ref())),
        ("baseDirectory", artifacts.and_then(|artifacts| artifacts.base_directory.as_ref())),
    ]
    .into_iter()
    .filter_map(|(key, path)| Some((key, path?)))
    .chain(cached)
    .collect()
}
