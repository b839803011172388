use super::{
    RuleContext,
    paths::{holds_variable, plain, repository},
};
use crate::{
    buildspec::{
        model::{App, Frontend},
        node::Node,
    },
    report::{Finding, FindingId},
};

const ID: FindingId = FindingId::BuildspecBuildPath;

/// `buildPath`: the folder of the commands, from the repository's root; `/` is that root.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context.apps().filter_map(|(app, _)| finding(context, app, app.frontend.as_ref()?)).collect()
}

fn finding(context: &RuleContext<'_>, app: &App, frontend: &Frontend) -> Option<Finding> {
    let section = &frontend.section.node.value;
    let (first, second) = (section.entry("buildPath"), section.entry("buildpath"));
    if let (Some(_), Some((key, _))) = (first, second) {
        return Some(context.finding(
            ID,
            key.place,
            "`buildPath` and `buildpath` both stand in `frontend`",
            "which of them Amplify takes is not documented; keep `buildPath`",
        ));
    }
    let (key, value) = first.or(second)?;
    let Node::String(text) = &value.value else {
        return Some(
            context
                .finding(
                    ID,
                    key.place,
                    format!("`{}` is {}, not a string", key.value, value.value.kind()),
                    "name the folder in which the commands are to run, `/` for the repository's root, or remove the key",
                )
                .hint("buildPath: /"),
        );
    };
    if holds_variable(text) {
        return None;
    }
    let path = plain(text);
    if path.starts_with("..") {
        return Some(
            context
                .finding(
                    ID,
                    value.place,
                    format!("`{}` is `{text}`, outside the repository", key.value),
                    "it is read from the repository's root, which is `/`",
                )
                .hint("buildPath: /"),
        );
    }
    let repository = repository(context)?;
    let app_root = app.app_root.as_ref().map(|root| plain(&root.value)).unwrap_or_default();
    // Whether Amplify also takes it from the app root is not documented.
    if [repository.join(&path), repository.join(app_root).join(&path)]
        .iter()
        .any(|path| path.is_dir())
    {
        return None;
    }
    Some(context.finding(
        ID,
        value.place,
        format!("the folder `{text}` of `{}` does not exist", key.value),
        "Amplify runs the commands there; name a folder from the repository's root, or `/` for the root itself",
    ))
}
