use std::path::Path;

use super::{
    RuleContext,
    context::platform_message,
    folders::{plain, start},
    packages::{builds, followed, is_opaque},
    written_folders::{is_quiet, leaves_alone, written_by_commands},
};
use crate::{
    buildspec::{model::App, node::Spanned, selection::normal, shell::Commands},
    project::{
        Known, Manifest, NextConfig, Project, ScriptCommand, ScriptCommands, output::OutputMode,
        script_commands,
    },
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecBaseDirectoryMismatch;
/// What an adapter writes; Amplify takes it as it is.
const ADAPTER: &str = ".amplify-hosting";
/// Options that choose another folder.
const ELSEWHERE: &[&str] = &["--prefix", "-C", "--dir", "--cwd"];
/// `artifacts.baseDirectory` against the folder that the build of Next writes.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, severity)| {
            let base = app.frontend.as_ref()?.artifacts.as_ref()?.base_directory.as_ref()?;
            let finding = standalone(context, app, commands, base)
                .or_else(|| mismatch(context, app, commands, base))?;
            let severity = finding.severity.min(severity);
            Some(finding.severity(severity))
        })
        .collect()
}

/// `.next/standalone`, which Amplify does not take whatever the project says.
fn standalone(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    base: &Spanned<String>,
) -> Option<Finding> {
    let folder = normal(&base.value);
    let dist_dir =
        context.project_of(app).and_then(|project| match &project.next_config.dist_dir {
            Known::Value(folder) => Some(folder.as_str()),
            _ => None,
        });
    let dist_dir = dist_dir.unwrap_or(NextConfig::DEFAULT_DIST_DIR);
    let position = folder.find(&format!("{dist_dir}/standalone"))?;
    let (before, rest) = folder.split_at(position);
    let rest = rest.strip_prefix(dist_dir)?.strip_prefix("/standalone")?;
    if !(before.is_empty() || before.ends_with('/')) || !(rest.is_empty() || rest.starts_with('/'))
    {
        return None;
    }
    // A layout of one's own, put together by the commands.
    let assembled = commands.items.iter().any(|item| {
        ["deploy-manifest", "required-server-files", "nft.json"]
            .into_iter()
            .any(|word| item.text.contains(word))
    });
    if assembled {
        return None;
    }
    let root = app.app_root.as_ref().map_or("", |root| normal(&root.value));
    let before = if repeats_app_root(app, &base.value) {
        before.strip_prefix(root).map_or(before, |rest| rest.trim_start_matches('/'))
    } else {
        before
    };
    let right = format!("{before}{dist_dir}");
    let finding = context
        .finding(
            ID,
            base.place,
            format!("`baseDirectory` is `{}`, which Amplify cannot deploy", base.value),
            format!(
                "Amplify bundles the server by itself from what `next build` leaves in `{right}`, and refuses the standalone folder after the whole build; name `{right}`"
            ),
        )
        .evidence(platform_message(format!(
            "CustomerError: Server trace files are not found in {}, please check your build artifacts path",
            base.value
        )))
        .hint(format!("baseDirectory: {right}"));
    // A script may make a folder of its own layout there.
    let manifest = context.project_of(app).and_then(|project| project.manifest.manifest.as_ref());
    let scripts = manifest.and_then(|manifest| script_commands(manifest, "build"));
    let hidden = commands.invocations.iter().any(|invocation| {
        let is_harmless = leaves_alone(invocation, &Manifest::default());
        is_opaque(invocation) && !is_harmless
    }) || scripts.is_some_and(|scripts| !scripts.complete);
    let finding = if hidden { finding.severity(Severity::Warning) } else { finding };
    // Without the project, the part before it may be as wrong as the rest.
    Some(match context.project_of(app) {
        Some(project) if expected(context, app, project).as_deref() == Some(&right) => {
            finding.fix(fix(context, base, &right))
        }
        _ => finding,
    })
}

fn fix(context: &RuleContext<'_>, base: &Spanned<String>, right: &str) -> crate::report::Fix {
    context.replacement(base.place, right, format!("deploy `{right}`"))
}

/// The value that `baseDirectory` should have, where next.config leaves no doubt.
fn expected(context: &RuleContext<'_>, app: &App, project: &Project) -> Option<String> {
    let folder = project.next_config.base_directory()?;
    from_start(context, app, folder)
}

/// A folder of the project, as `baseDirectory` has to write it.
fn from_start(context: &RuleContext<'_>, app: &App, folder: &str) -> Option<String> {
    let absolute = plain(&Path::new("/").join(context.project_path).join(folder))?;
    let start = Path::new("/").join(start(app));
    Some(absolute.strip_prefix(start).ok()?.to_string_lossy().into_owned())
}

/// `baseDirectory` relative to the app root; nothing where it lies outside.
fn in_project(context: &RuleContext<'_>, app: &App, base: &str) -> Option<String> {
    let absolute = plain(&Path::new("/").join(start(app)).join(normal(base)))?;
    let relative = absolute.strip_prefix(Path::new("/").join(context.project_path)).ok()?;
    let relative = relative.to_string_lossy().into_owned();
    Some(if relative.is_empty() { ".".to_owned() } else { relative })
}

fn mismatch(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    base: &Spanned<String>,
) -> Option<Finding> {
    let project = context.project_of(app)?;
    let manifest = project.manifest.manifest.as_ref()?;
    project.next.requested.as_ref()?;
    if base.value.trim().is_empty()
        || base.value.contains('$')
        || repeats_app_root(app, &base.value)
    {
        return None;
    }
    let folder = in_project(context, app, &base.value)?;
    let names_adapter = folder.split('/').any(|part| part == ADAPTER);
    let build = build(context, app, project, commands, manifest)?;
    let exports = build.runs_next("export")
        || commands.invocations.iter().any(|invocation| invocation.has("export"));
    if names_adapter || exports || written_by_commands(&folder, commands, &build) {
        return None;
    }
    // A project may depend on Next and deploy what another tool builds.
    let certain = build.complete
        && build.runs_next("build")
        && build.commands.iter().all(is_quiet)
        && commands.invocations.iter().all(|invocation| leaves_alone(invocation, manifest));
    let script = script_commands(manifest, "build");
    if !certain && !script.is_some_and(|script| script.runs_next("build")) {
        return None;
    }
    let config = &project.next_config;
    // The commands may write another configuration than the one that is read here.
    let rewritten = commands.items.iter().any(|item| item.text.contains("next.config"));
    let certain = certain && config.is_certain() && !rewritten;
    match (config.mode(), config.base_directory()) {
        (Some(OutputMode::Export), Some(_)) if folder == NextConfig::DEFAULT_DIST_DIR => {
            export_from_dist_dir(context, project, base)
        }
        (Some(mode), Some(right)) if folder != right => {
            let value = from_start(context, app, right)?;
            let finding = wrong(context, project, base, mode, &folder, &value);
            Some(if certain {
                finding.fix(fix(context, base, &value))
            } else {
                finding.severity(Severity::Warning)
            })
        }
        (None, _) if !is_usual(config, &folder) => Some(
            context
                .finding(
                    ID,
                    base.place,
                    format!("`baseDirectory` is `{}`, but `next build` does not write there", base.value),
                    format!(
                        "a server app is deployed from `.next`, a static export from `out`; which one this is `{}` decides at build time",
                        config.file.as_deref().unwrap_or("next.config")
                    ),
                )
                .severity(Severity::Warning),
        ),
        _ => None,
    }
}

/// Another rule names that.
fn repeats_app_root(app: &App, base: &str) -> bool {
    app.app_root.as_ref().is_some_and(|root| {
        let root = normal(&root.value);
        start(app) == root
            && !root.is_empty()
            && normal(base)
                .strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Everything that the build commands run.
fn build(
    context: &RuleContext<'_>,
    app: &App,
    project: &Project,
    commands: &Commands,
    manifest: &Manifest,
) -> Option<ScriptCommands> {
    let mut all = ScriptCommands { commands: Vec::new(), complete: true };
    for invocation in commands.invocations.iter().filter(|invocation| builds(invocation)) {
        let folder = context.folder_of(app, invocation);
        let is_inner = folder
            .as_ref()
            .is_some_and(|folder| *folder != project.root && folder.starts_with(&project.root));
        // Another package in the same repository is built.
        if is_inner || ELSEWHERE.iter().any(|flag| invocation.has(flag)) {
            return None;
        }
        all.complete &= folder.is_some_and(|folder| folder == project.root);
        let followed = if super::packages::is_deployfix(invocation) {
            script_commands(manifest, "build").unwrap_or_default()
        } else {
            followed(invocation, manifest)
        };
        all.complete &= followed.complete;
        all.commands.extend(followed.commands);
    }
    if all.commands.iter().any(|command| builds_inner(project, command)) {
        return None;
    }
    // A script of another project in the same repository is built.
    let elsewhere = project.manifest.manifest.is_none() || all.commands.is_empty();
    (!elsewhere).then_some(all)
}

/// `cd web` in a script, `next build web`.
fn builds_inner(project: &Project, command: &ScriptCommand) -> bool {
    let is_inner = |word: &String| {
        let plain = word.trim_start_matches("./");
        !plain.is_empty()
            && !plain.starts_with(['.', '/', '-'])
            && project.root.join(plain).is_dir()
    };
    match command.next("build") {
        Some(arguments) => arguments.iter().any(is_inner),
        None => command.program() == "cd" && command.words.iter().skip(1).any(is_inner),
    }
}

fn is_usual(config: &NextConfig, folder: &str) -> bool {
    let dist_dir = match &config.dist_dir {
        Known::Value(value) => value == folder,
        Known::Absent => false,
        Known::Unknown { .. } => true,
    };
    dist_dir || folder == NextConfig::DEFAULT_DIST_DIR || folder == NextConfig::DEFAULT_EXPORT_DIR
}

fn wrong(
    context: &RuleContext<'_>,
    project: &Project,
    base: &Spanned<String>,
    mode: OutputMode,
    folder: &str,
    right: &str,
) -> Finding {
    let file = project.next_config.file.as_deref();
    let (why, message) = match (mode, file) {
        (OutputMode::Export, Some(file)) => (
            format!("with the `output: \"export\"` of `{file}` the site is written to `{right}`"),
            format!("CustomerError: Artifact directory doesn't exist: {}", base.value),
        ),
        (_, Some(file)) if right.rsplit('/').next() != Some(NextConfig::DEFAULT_DIST_DIR) => (
            format!("with the `distDir` of `{file}` the build is written to `{right}`"),
            format!("CustomerError: Artifact directory doesn't exist: {}", base.value),
        ),
        _ if project.root.join(folder).exists() => (
            format!("a server app is deployed from `{right}`"),
            "CustomerError: Can't find required-server-files.json in build output directory"
                .to_owned(),
        ),
        _ => (
            format!("a server app is deployed from `{right}`"),
            format!("CustomerError: Artifact directory doesn't exist: {}", base.value),
        ),
    };
    let finding = context
        .finding(
            ID,
            base.place,
            format!("`baseDirectory` is `{}`, but `next build` writes `{right}`", base.value),
            if mode == OutputMode::Server && folder == NextConfig::DEFAULT_EXPORT_DIR {
                format!("{why}; name it, or set `output: \"export\"` in next.config if the site is meant to be static")
            } else {
                format!("{why}; name that folder")
            },
        )
        .evidence(platform_message(message));
    finding.hint(format!("baseDirectory: {right}"))
}

/// A static export whose `.next` is deployed: right on platform `WEB_COMPUTE`, where that takes the traces for it.
fn export_from_dist_dir(
    context: &RuleContext<'_>,
    project: &Project,
    base: &Spanned<String>,
) -> Option<Finding> {
    let major = project.next.major()?;
    (major >= 16).then(|| {
        context
            .finding(
                ID,
                base.place,
                format!("`baseDirectory` is `{}`, but the app is a static export", base.value),
                format!(
                    "Next.js {major} leaves no server traces for an export, which Amplify asks for on platform `WEB_COMPUTE`; deploy the exported folder on platform `WEB`",
                ),
            )
            .severity(Severity::Warning)
            .evidence(platform_message(format!(
                "CustomerError: Server trace files are not found in {}, please check your build artifacts path",
                base.value
            )))
            .hint(format!(
                "baseDirectory: {}",
                project.next_config.base_directory().unwrap_or(NextConfig::DEFAULT_EXPORT_DIR)
            ))
    })
}
