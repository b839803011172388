use super::{
    RuleContext,
    packages::{global_packages, is_deployfix, is_opaque},
    versions::pinned,
};
use crate::{
    buildspec::{
        model::App,
        shell::{Commands, Invocation},
    },
    project::{LockfileKind, Project, read_text},
    report::{Evidence, Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecManagerNotInstalled;
/// Bytes above which a file holds no settings.
const MAXIMUM_SIZE: u64 = 1024 * 1024;

/// pnpm, bun or a yarn of today, none of which the default image has.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    // In a build itself the machine is at hand, and another check looks for the program.
    if context.on_amplify {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (app, commands, _) in context.commands() {
        let project = context.project_of(app);
        if sets_image(app) {
            continue;
        }
        for program in ["pnpm", "bun", "yarn"] {
            if program == "yarn" && !project.is_some_and(needs_new_yarn) {
                continue;
            }
            if let Some(invocation) = first_use(commands, program) {
                findings.push(finding(context, project, invocation, program));
            }
        }
    }
    findings
}

/// Another image or live updates, which may bring the program.
fn sets_image(app: &App) -> bool {
    app.env_variables
        .iter()
        .any(|(name, _)| matches!(name.value.as_str(), "_CUSTOM_IMAGE" | "_LIVE_UPDATES"))
}

/// The first use of a program, where nothing before it may have brought it.
fn first_use<'a>(commands: &'a Commands, program: &str) -> Option<&'a Invocation> {
    let aliases: &[&str] = match program {
        "pnpm" => &["pnpm", "pnpx"],
        "bun" => &["bun", "bunx"],
        _ => &["yarn"],
    };
    for invocation in &commands.invocations {
        if invocation.program().is_some_and(|name| aliases.contains(&name)) {
            let asks = invocation.is_condition || invocation.conditional || invocation.in_function;
            let by_name = invocation.command().first().is_some_and(|word| !word.text.contains('/'));
            return (!asks && by_name).then_some(invocation);
        }
        let brings = is_opaque(invocation)
            || is_deployfix(invocation)
            || invocation.runs("corepack")
            || global_packages(invocation).iter().any(|package| {
                package.name == program
                    || package.name.ends_with("/pnpm")
                    || package.name == "corepack"
            })
            || invocation
                .words
                .iter()
                .any(|word| word.text.contains(program) && !word.text.contains('/'))
            || invocation.assignments.iter().any(|assignment| assignment.name == "PATH")
            || invocation.words.iter().any(|word| word.text.starts_with("PATH="));
        if brings {
            return None;
        }
    }
    None
}

/// Whether the project asks for yarn 2 or later and does not bring it along as a file.
fn needs_new_yarn(project: &Project) -> bool {
    let is_new = project.lockfiles.iter().any(|lockfile| lockfile.kind == LockfileKind::YarnBerry)
        && project.manager.kind.program() == "yarn";
    let folders = [Some(project.root.as_path()), project.repository_root.as_deref()];
    let brings_it = folders.into_iter().flatten().any(|folder| {
        read_text(&folder.join(".yarnrc.yml"), MAXIMUM_SIZE)
            .is_ok_and(|text| text.content.lines().any(|line| line.starts_with("yarnPath:")))
    });
    is_new && !brings_it
}

fn finding(
    context: &RuleContext<'_>,
    project: Option<&Project>,
    invocation: &Invocation,
    program: &str,
) -> Finding {
    let exact = pinned(project, program);
    if program == "yarn" {
        return context
            .finding(
                ID,
                invocation.place,
                "the project is installed with yarn 2 or later, but Amplify's image has yarn 1",
                "yarn 1 refuses a project of a later one; enable corepack before, which fetches the version that `packageManager` names",
            )
            .severity(Severity::Warning)
            .hint("- corepack enable")
            .hint(format!("package.json: \"packageManager\": \"{exact}\""));
    }
    let name = invocation.program().unwrap_or(program);
    let by_field = super::versions::requested(project, program).is_some() && program == "pnpm";
    let finding = context
        .finding(
            ID,
            invocation.place,
            format!("`{program}` is used, but nothing installs it before"),
            format!(
                "Amplify's image brings npm and yarn 1 only; install `{program}` in `preBuild` before its first use, unless your own build image has it"
            ),
        )
        .severity(Severity::Warning)
        .evidence(Evidence::new("Amplify's build log", format!("{name}: command not found")))
        .evidence(Evidence::new(
            "Amplify's build log",
            "!!! Error: Command failed with exit code 127",
        ));
    let finding = if by_field { finding.hint("- corepack enable") } else { finding };
    finding.hint(format!("- npm install -g {exact}"))
}
