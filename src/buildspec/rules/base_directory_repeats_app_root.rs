use super::{
    RuleContext,
    context::platform_message,
    packages::is_opaque,
    paths::{AppPaths, below, plain, written},
};
use crate::{
    buildspec::{node::Spanned, shell::Commands},
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecBaseDirectoryRepeatsAppRoot;
/// What Amplify does not deploy, wherever it lies.
const STANDALONE: &str = ".next/standalone";
/// Programs that put a build's output elsewhere.
const MOVERS: &[&str] = &["cp", "mv", "ln", "mkdir", "rsync", "tar", "unzip", "install"];

/// `baseDirectory` is relative to `buildPath`, else to `appRoot`, wherever the commands `cd` to.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, severity)| {
            let paths = AppPaths::new(context, app).filter(|paths| !paths.app_root.is_empty())?;
            let base = paths.frontend.artifacts.as_ref()?.base_directory.as_ref()?;
            match &paths.build_path {
                None => repeated(context, &paths, base, commands, severity),
                Some(build_path) if *build_path != paths.app_root => {
                    left_out(context, &paths, base, commands)
                }
                Some(_) => None,
            }
        })
        .collect()
}

/// `appRoot: apps/web` and `baseDirectory: apps/web/.next`.
fn repeated(
    context: &RuleContext<'_>,
    paths: &AppPaths<'_>,
    base: &Spanned<String>,
    commands: &Commands,
    severity: Severity,
) -> Option<Finding> {
    let root = &paths.app_root;
    let path = plain(&base.value);
    let rest = below(&path, root).or_else(|| (path == *root).then_some(""))?;
    // The rule about the standalone folder names the right one, without the repetition.
    if rest == STANDALONE || below(rest, STANDALONE).is_some() {
        return None;
    }
    let on_disk = paths.base_on_disk(context);
    if on_disk.as_ref().is_some_and(|folder| folder.join(&path).is_dir()) {
        return None;
    }
    // Next's own folder, or a repository that shows that there is no such folder within the app.
    let is_plain = rest == ".next"
        || rest.starts_with(".next/")
        || on_disk.is_some_and(|folder| {
            let first = path.split('/').next().unwrap_or_default();
            folder.is_dir() && !folder.join(first).exists()
        });
    let is_certain = is_plain && !moves_output(commands);
    let severity = if is_certain { severity } else { Severity::Warning };
    let finding = context
        .finding(
            ID,
            base.place,
            format!("`baseDirectory` `{}` repeats `appRoot` `{root}`", base.value),
            format!("it is relative to `appRoot`, so that Amplify looks for `{root}/{path}`; leave the repeated part out"),
        )
        .severity(severity)
        .evidence(platform_message(
            "CustomerError: Artifacts base directory not found in build output, please check your buildSpec",
        ));
    let right = if rest.is_empty() { "." } else { rest };
    Some(if is_certain && !rest.is_empty() {
        finding.fix(context.replacement(
            base.place,
            written(right),
            format!("write `baseDirectory` as `{right}`"),
        ))
    } else {
        finding.hint(format!("baseDirectory: {right}"))
    })
}

/// `appRoot: apps/web`, `buildPath: /` and `baseDirectory: .next`.
fn left_out(
    context: &RuleContext<'_>,
    paths: &AppPaths<'_>,
    base: &Spanned<String>,
    commands: &Commands,
) -> Option<Finding> {
    let path = plain(&base.value);
    let from = paths.base();
    let way = if from.is_empty() { &paths.app_root } else { below(&paths.app_root, from)? };
    let is_next = path == ".next" || path.starts_with(".next/");
    if !is_next || moves_output(commands) {
        return None;
    }
    Some(
        context
            .finding(
                ID,
                base.place,
                format!("`baseDirectory` `{}` leaves out `{way}`", base.value),
                format!(
                    "with this `buildPath` it is relative to {}, but Next writes its output into `{}`",
                    if from.is_empty() { "the repository's root".to_owned() } else { format!("`{from}`") },
                    paths.app_root
                ),
            )
            .severity(Severity::Warning)
            .evidence(platform_message(
                "CustomerError: Artifacts base directory not found in build output, please check your buildSpec",
            ))
            .hint(format!("baseDirectory: {way}/{path}")),
    )
}

/// Whether a command may bring the output to where it is looked for.
fn moves_output(commands: &Commands) -> bool {
    !commands.unreadable.is_empty()
        || commands.invocations.iter().any(|invocation| {
            let is_version = invocation.has("-v") || invocation.has("--version");
            let loads_nvm = invocation.words.iter().any(|word| word.text.ends_with("nvm.sh"));
            (is_opaque(invocation) && !is_version && !loads_nvm)
                || invocation.program().is_some_and(|program| MOVERS.contains(&program))
        })
}
