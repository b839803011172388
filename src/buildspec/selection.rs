use super::model::{App, Spec};

/// Which app of a specification is meant.
#[derive(Debug)]
pub(crate) enum Selection<'a> {
    /// This one.
    App(&'a App),
    /// The specification lists apps, none of them with the root asked for.
    NoMatch,
    /// The specification lists several apps and no root was asked for.
    Ambiguous,
    /// A root was asked for, but the specification has no `applications`.
    NotMonorepo(&'a App),
}

/// Chooses the app; `wanted` is `AMPLIFY_MONOREPO_APP_ROOT`, else the app root relative to the repository.
pub(crate) fn select<'a>(spec: &'a Spec, wanted: Option<&str>) -> Selection<'a> {
    let wanted = wanted.map(normal).filter(|wanted| !wanted.is_empty());
    match (spec.monorepo, spec.apps.as_slice(), wanted) {
        (false, [app, ..], None) | (true, [app], None) => Selection::App(app),
        (false, [app, ..], Some(_)) => Selection::NotMonorepo(app),
        (true, apps, Some(wanted)) => apps
            .iter()
            .find(|app| app.app_root.as_ref().is_some_and(|root| normal(&root.value) == wanted))
            .map_or(Selection::NoMatch, Selection::App),
        (true, [], None) | (false, [], _) => Selection::NoMatch,
        (true, _, None) => Selection::Ambiguous,
    }
}

/// A root without the decorations that people write around it; whether Amplify forgives them too is not documented.
pub(super) fn normal(root: &str) -> &str {
    let root = root.trim();
    let root = root.strip_prefix("./").unwrap_or(root);
    root.trim_matches('/')
}
