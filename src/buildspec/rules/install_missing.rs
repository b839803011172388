use super::{
    RuleContext,
    packages::{builds, followed, install, is_deployfix, is_opaque, manager},
};
use crate::{
    buildspec::{
        model::{App, Section},
        node::Node,
        shell::{Commands, Invocation, SectionName},
    },
    project::Project,
    report::{Finding, FindingId},
};

const ID: FindingId = FindingId::BuildspecInstallMissing;

/// Nothing installs the packages before the build needs them; Amplify itself does not.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .commands()
        .filter_map(|(app, commands, _)| {
            let build = first_build(commands)?;
            if has_install(context, app, commands, build) {
                return None;
            }
            let project = context.project_of(app);
            let install = project.map_or("npm ci".to_owned(), |project| {
                project.manager.kind.frozen_install().join(" ")
            });
            Some(
                context
                    .finding(
                        ID,
                        build.place,
                        "nothing installs the packages before the build",
                        "Amplify clones the repository and runs these commands, nothing more; install in `preBuild`",
                    )
                    .hint(format!("- {install}")),
            )
        })
        .collect()
}

/// The first command that builds through the manager, and so needs the packages.
fn first_build(commands: &Commands) -> Option<&Invocation> {
    commands.invocations.iter().find(|invocation| {
        invocation.section == SectionName::Frontend
            && (manager(invocation).is_some() || invocation.runs("next"))
            && builds(invocation)
            && !invocation.has("dlx")
            && !is_deployfix(invocation)
    })
}

fn has_install(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    build: &Invocation,
) -> bool {
    if !commands.unreadable.is_empty() || has_malformed_phases(app) {
        return true;
    }
    let project = context.project_of(app);
    let manifest = project.and_then(|project| project.manifest.manifest.as_ref());
    let before =
        commands.invocations.iter().take_while(|invocation| !std::ptr::eq(*invocation, build));
    let installs = |invocation: &Invocation| {
        install(invocation).is_some()
            || is_deployfix(invocation)
            || is_opaque(invocation)
            || invocation.words.iter().any(|word| {
                ["install", "ci", "bootstrap", "setup"].contains(&word.text.as_str())
                    && !matches!(
                        invocation.program(),
                        Some("nvm" | "n" | "corepack" | "apt" | "yum" | "echo")
                    )
                    && super::packages::global_packages(invocation).is_empty()
            })
            || invocation.arguments().iter().any(|word| word.text.contains("node_modules"))
    };
    let within = |invocation: &Invocation| {
        manifest.is_some_and(|manifest| {
            let followed = followed(invocation, manifest);
            followed.commands.iter().any(|command| {
                !command.words.iter().any(|word| word == "-g" || word == "--global")
                    && command
                        .words
                        .iter()
                        .any(|word| word == "install" || word == "ci" || word == "i")
            })
        })
    };
    let without_packages = manifest.is_some_and(|manifest| !manifest.has_dependencies());
    before.clone().any(|invocation| {
        installs(invocation) || (manager(invocation).is_some() && within(invocation))
    }) || within(build)
        || without_packages
        || project.is_some_and(brings_packages)
}

/// Whether a phase or something under `commands` was not read, which other rules name.
fn has_malformed_phases(app: &App) -> bool {
    let frontend = app.frontend.as_ref().map(|frontend| &frontend.section);
    let sections = [app.backend.as_ref(), frontend].into_iter().flatten();
    let is_known = |section: &&Section| {
        let phases = section.node.value.get("phases");
        phases.is_none_or(|phases| phases.value.entries().len() == section.phases.len())
    };
    if !sections.clone().all(|section| is_known(&section)) {
        return true;
    }
    sections.flat_map(|section| &section.phases).any(|phase| {
        phase.node.value.get("commands").is_some_and(|commands| {
            !matches!(commands.value, Node::Sequence(_) | Node::Null)
                || commands.value.items().len() != phase.commands.len()
        })
    })
}

/// Whether the packages are under version control: yarn's Plug'n'Play, or `node_modules` as git's index tells.
fn brings_packages(project: &Project) -> bool {
    let root = project.repository_root.as_deref().unwrap_or(&project.root);
    if [root, &project.root].into_iter().any(|folder| folder.join(".pnp.cjs").is_file()) {
        return true;
    }
    std::fs::read(root.join(".git/index"))
        .is_ok_and(|index| memchr::memmem::find(&index, b"node_modules/").is_some())
}
