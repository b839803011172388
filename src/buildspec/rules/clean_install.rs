use crate::buildspec::shell::{Commands, Invocation};

/// Whether a clean install throws away what was restored.
pub(super) fn deletes_first(path: &str, commands: &Commands) -> bool {
    let Some((folder, _)) = path
        .split_once("node_modules")
        .filter(|(_, rest)| rest.is_empty() || (rest.starts_with("/*") && !rest.contains("/.")))
    else {
        return false;
    };
    let folder = folder.trim_end_matches('/');
    let runs_deployfix = commands
        .invocations
        .iter()
        .any(|invocation| invocation.words.iter().any(|word| word.text.contains("deployfix")));
    !runs_deployfix
        && commands.invocations.iter().any(|invocation| {
            is_clean_install(invocation)
                && !invocation.conditional
                && !invocation.in_function
                && invocation.folder.as_deref().is_some_and(|at| at == folder)
        })
}

/// `npm ci`, which deletes `node_modules` first.
pub(super) fn is_clean_install(invocation: &Invocation) -> bool {
    invocation.runs("npm")
        && matches!(invocation.subcommand(), Some("ci" | "clean-install" | "ic" | "install-clean"))
        && !invocation.has("--dry-run")
        && !invocation
            .arguments()
            .iter()
            .any(|word| word.text.starts_with("--prefix") || word.text == "-C")
}

/// The folder of `npm ci --cache <folder>`.
pub(super) fn cache_folder(invocation: &Invocation) -> Option<String> {
    let words = invocation.arguments();
    words.iter().enumerate().find_map(|(index, word)| {
        let value = match word.text.strip_prefix("--cache=") {
            Some(value) => value.to_owned(),
            None if word.text == "--cache" => words.get(index + 1)?.text.clone(),
            None => return None,
        };
        Some(value.trim_end_matches('/').to_owned())
    })
}
