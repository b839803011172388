use std::path::Path;

use super::{
    RuleContext,
    context::platform_message,
    packages::{install, is_deployfix},
};
use crate::{
    buildspec::{model::App, node::Place, shell::Commands},
    project::{ManagerKind, Project, output::OutputMode, read_text},
    report::{Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecPnpmLinker;
/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;
/// What Amplify says where `next` is a link into a store outside of the app.
const MISSING_NEXT: &str = "CustomerError: The 'node_modules' folder is missing the 'next' dependency. This is required at runtime to run your application. If you are using a monorepo framework, you may need to do additionalsetup to ensure the necessary runtime dependencies are included in the build output directory";

/// A server app in a workspace of pnpm or bun, whose packages are links into a store.
///
/// The user guide asks for `node-linker=hoisted` in pnpm monorepos; a maintainer said in 2024 that it is no longer
/// needed, and projects of 2026 still met the message without it. One package alone has its `next` in its own
/// `node_modules`, so that nothing is said of it.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, severity)| {
            let project = context.project_of(app)?;
            let finding = linker(context, app, commands, project)?;
            Some(finding.severity(Severity::Warning.min(severity)))
        })
        .collect()
}

fn linker(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    project: &Project,
) -> Option<Finding> {
    let repository = project.repository_root.as_deref().unwrap_or(&project.root);
    let lockfile = project.lockfile()?;
    let in_workspace = lockfile.relative_path.starts_with("../");
    let is_server =
        matches!(project.next_config.mode(), Some(OutputMode::Server | OutputMode::Standalone));
    let base = app.frontend.as_ref()?.artifacts.as_ref()?.base_directory.as_ref()?;
    let adapter = base.value.contains(".amplify-hosting");
    if !in_workspace || !is_server || adapter || project.next.requested.is_none() {
        return None;
    }
    let workspace = project.root.join(&lockfile.relative_path);
    let workspace = workspace.parent()?;
    let folders = [project.root.as_path(), workspace, repository];
    let place = install_place(commands).unwrap_or(base.place);
    match project.manager.kind {
        ManagerKind::Pnpm if !is_hoisted(&folders) && !commands_hoist(app, commands) => {
            Some(finding(
                context,
                place,
                "pnpm",
                &[
                    ".npmrc: node-linker=hoisted",
                    "pnpm-workspace.yaml, pnpm 10 and later: nodeLinker: hoisted",
                ],
            ))
        }
        ManagerKind::Bun if bun_isolates(&folders) && !commands_hoist(app, commands) => {
            Some(finding(context, place, "bun", &["- bun install --linker hoisted"]))
        }
        _ => None,
    }
}

fn install_place(commands: &Commands) -> Option<Place> {
    let mut places = commands.invocations.iter().filter(|invocation| {
        install(invocation).is_some_and(|install| matches!(install.program, "pnpm" | "bun"))
            || is_deployfix(invocation)
    });
    places.next().map(|invocation| invocation.place)
}

fn any_line(folders: &[&Path], file: &str, matches: impl Fn(&str) -> bool) -> bool {
    folders.iter().any(|folder| {
        read_text(&folder.join(file), MAXIMUM_SIZE)
            .is_ok_and(|text| text.content.lines().any(|line| matches(&squeezed(line))))
    })
}

/// A line without white space and quotation marks.
fn squeezed(line: &str) -> String {
    line.chars()
        .filter(|character| !character.is_whitespace() && !"\"'".contains(*character))
        .collect()
}

/// Whether pnpm's own settings flatten `node_modules`.
fn is_hoisted(folders: &[&Path]) -> bool {
    let npmrc = |line: &str| {
        matches!(line, "node-linker=hoisted" | "shamefully-hoist=true" | "shamefully-hoist")
            || line.starts_with("public-hoist-pattern[]=*") && line.ends_with("=*")
    };
    let yaml = |line: &str| matches!(line, "nodeLinker:hoisted" | "shamefullyHoist:true");
    any_line(folders, ".npmrc", npmrc)
        || any_line(folders, "pnpm-workspace.yaml", yaml)
        || any_line(folders, ".pnpmrc", npmrc)
}

/// bun isolates where it is told so; in workspaces made since bun 1.3 by default, which `configVersion` tells.
fn bun_isolates(folders: &[&Path]) -> bool {
    if any_line(folders, "bunfig.toml", |line| line.starts_with("linker=hoisted")) {
        return false;
    }
    any_line(folders, "bunfig.toml", |line| line.starts_with("linker=isolated"))
        || folders.iter().any(|folder| {
            read_text(&folder.join("bun.lock"), 64 * MAXIMUM_SIZE).is_ok_and(|text| {
                text.content
                    .lines()
                    .take(5)
                    .any(|line| squeezed(line).starts_with("configVersion:1"))
            })
        })
}

/// Whether a command or a variable sets it, or a command writes a file that may.
fn commands_hoist(app: &App, commands: &Commands) -> bool {
    let words = ["hoist", ".npmrc", "node-linker", "node_linker", "nodelinker", ".pnpmrc"];
    let names_it = |text: &str| {
        let text = text.to_ascii_lowercase();
        words.into_iter().any(|word| text.contains(word))
    };
    app.env_variables.iter().any(|(name, _)| names_it(&name.value))
        || commands.items.iter().any(|item| names_it(&item.text))
}

fn finding(context: &RuleContext<'_>, place: Place, program: &str, hints: &[&str]) -> Finding {
    let finding = context
        .finding(
            ID,
            place,
            format!("{program} links the packages of this workspace instead of copying them"),
            "Amplify's user guide asks for a hoisted `node_modules` in such a monorepo, and some server apps fail without it after the whole build, others no longer do; set it if the message below is yours",
        )
        .evidence(platform_message(MISSING_NEXT));
    hints.iter().fold(finding, |finding, hint| finding.hint(*hint))
}
