use std::path::Path;

use super::{
    RuleContext,
    packages::{Install, builds, install, is_opaque},
};
use crate::{
    buildspec::{
        model::App,
        shell::{Commands, Invocation},
    },
    project::{Lockfile, LockfileKind, ManagerKind, Project, lockfiles_of},
    report::{Evidence, Finding, FindingId, Severity},
};

const ID: FindingId = FindingId::BuildspecInstallCommand;
/// Packages without which a build of Next does not run or not do what it should.
const BUILD_TOOLS: &[&str] = &[
    "next",
    "typescript",
    "tailwindcss",
    "postcss",
    "sass",
    "@tailwindcss/postcss",
    "autoprefixer",
    "@types/react",
    "@types/node",
    "@next/mdx",
    "@svgr/webpack",
    "prisma",
    "next-sitemap",
    "cross-env",
    "turbo",
    "webpack",
    "esbuild",
    "tsx",
    "contentlayer",
];

/// The install commands against the lockfile that is there.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (app, commands, severity) in context.commands() {
        for (index, invocation) in commands.invocations.iter().enumerate() {
            let Some(install) = install(invocation) else { continue };
            let found = production(context, app, commands, index, install)
                .or_else(|| lockfile(context, app, commands, index, install));
            if let Some(finding) = found {
                let weight = finding.severity.min(severity);
                findings.push(finding.severity(weight));
            }
        }
    }
    findings
}

/// `--production` leaves out what the build needs.
fn production(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    index: usize,
    install: Install<'_>,
) -> Option<Finding> {
    let invocation = &commands.invocations[index];
    let flag = invocation.arguments().iter().enumerate().find_map(|(at, word)| {
        let next = || invocation.arguments().get(at + 1).map(|word| word.text.as_str());
        let leaves_out = match word.text.as_str() {
            "--production" | "--prod" | "--production=true" | "--omit=dev"
            | "--only=production" | "--only=prod" | "-P" => true,
            "--omit" => next() == Some("dev"),
            "--only" => matches!(next(), Some("prod" | "production")),
            _ => false,
        };
        leaves_out.then_some(word)
    })?;
    // What only the backend or the runtime needs may well be lean.
    let build_follows = commands.invocations[index + 1..].iter().any(builds);
    let installs_again = commands.invocations[index + 1..]
        .iter()
        .any(|later| self::install(later).is_some_and(|install| !install.adds));
    if !build_follows || installs_again {
        return None;
    }
    let project = context.project_of(app);
    let manifest = project.and_then(|project| project.manifest.manifest.as_ref());
    let needed = manifest.and_then(|manifest| {
        BUILD_TOOLS.iter().find(|tool| manifest.dev_dependencies.contains_key(**tool))
    });
    if manifest.is_some() && needed.is_none() {
        return None;
    }
    let is_berry = project.is_some_and(|project| project.manager.kind == ManagerKind::YarnBerry);
    if install.program == "yarn" && is_berry {
        return Some(
            context
                .finding(
                    ID,
                    flag.place,
                    format!("`yarn install` takes no `{}` since yarn 2", flag.text),
                    "it prints an error and exits with 1; install everything, the build needs it",
                )
                .severity(certainty(invocation))
                .evidence(Evidence::new(
                    "yarn install",
                    "YN0050: The --production option is deprecated on 'install'; use 'yarn workspaces focus' instead",
                ))
                .hint("- yarn install --immutable"),
        );
    }
    let finding = context
        .finding(
            ID,
            flag.place,
            format!("`{}` leaves out `devDependencies`, which the build needs", flag.text),
            match needed {
                Some(tool) => format!("`{tool}` is among them; install everything, only what is traced gets deployed"),
                None => "TypeScript, Tailwind and their kin stand there in most projects; install everything, only what is traced gets deployed".to_owned(),
            },
        )
        .severity(Severity::Warning);
    Some(finding)
}

fn certainty(invocation: &Invocation) -> Severity {
    if invocation.fails_item && !invocation.conditional {
        Severity::Error
    } else {
        Severity::Warning
    }
}

/// The command of one manager where another one's lockfile lies.
fn lockfile(
    context: &RuleContext<'_>,
    app: &App,
    commands: &Commands,
    index: usize,
    install: Install<'_>,
) -> Option<Finding> {
    let invocation = &commands.invocations[index];
    // bun takes over the lockfiles of the others.
    if install.program == "bun"
        || install.elsewhere
        || install.adds
        || context.project_of(app).is_none() && context.declared_elsewhere()
    {
        return None;
    }
    let only_writes_lockfile = ["--package-lock-only", "--lockfile-only", "--mode=update-lockfile"];
    if only_writes_lockfile.into_iter().any(|flag| invocation.has(flag)) {
        return None;
    }
    let project = context.project?;
    let folder = context.folder_of(app, invocation)?;
    if !folder.join("package.json").is_file() {
        return None;
    }
    let own;
    let lockfiles = if folder == project.root {
        &project.lockfiles
    } else {
        own = lockfiles_of(&folder, project.repository_root.as_deref());
        &own
    };
    let fits = |lockfile: &&Lockfile| lockfile.kind.manager().program() == install.program;
    let other = lockfiles.first()?;
    if lockfiles.iter().any(|lockfile| fits(&lockfile)) || made_before(commands, index, install) {
        return None;
    }
    Some(finding(context, project, &folder, invocation, install, other))
}

/// Whether a command before it may have written the lockfile.
fn made_before(commands: &Commands, index: usize, install: Install<'_>) -> bool {
    commands.invocations[..index].iter().any(|before| {
        is_opaque(before)
            || self::install(before)
                .is_some_and(|earlier| earlier.program == install.program && !earlier.frozen)
            || before.words.iter().any(|word| word.text.contains("lock"))
            || before
                .redirections
                .iter()
                .any(|redirection| redirection.target.text.contains("lock"))
            || before.has("import")
            || matches!(before.program(), Some("git" | "synp" | "tar" | "unzip" | "cp" | "mv"))
    })
}

fn finding(
    context: &RuleContext<'_>,
    project: &Project,
    folder: &Path,
    invocation: &Invocation,
    install: Install<'_>,
    other: &Lockfile,
) -> Finding {
    let name = other.relative_path.rsplit('/').next().unwrap_or_default();
    let own = match install.program {
        "npm" => "package-lock.json",
        "pnpm" => "pnpm-lock.yaml",
        "bun" => "bun.lock",
        _ => "yarn.lock",
    };
    let command = context
        .file
        .text
        .content
        .get(invocation.place.start..invocation.place.end)
        .filter(|text| !text.contains('\n'))
        .unwrap_or(install.program);
    let manager = other.kind.manager();
    let right = manager.frozen_install().join(" ");
    // As for a lockfile that is missing altogether: npm, pnpm and yarn 4 stop, yarn 1 goes on.
    let stops = install.frozen
        && match install.program {
            "npm" | "pnpm" => true,
            "yarn" => project
                .manager
                .requested
                .as_ref()
                .is_some_and(|requested| requested.kind == ManagerKind::YarnBerry),
            _ => false,
        };
    let evidence = match install.program {
        "npm" => {
            "npm error The `npm ci` command can only install with an existing package-lock.json or npm-shrinkwrap.json with lockfileVersion >= 1."
        }
        "pnpm" => {
            "ERR_PNPM_NO_LOCKFILE  Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is absent"
        }
        _ => {
            "YN0028: The lockfile would have been created by this install, which is explicitly forbidden."
        }
    };
    let place = if folder == project.root { String::new() } else { format!(" beside `{name}`") };
    let finding = if stops {
        context
            .finding(
                ID,
                invocation.place,
                format!("`{command}` needs `{own}`, but the project has `{name}`"),
                format!("it stops the build at once; install with {manager}, which wrote `{name}`, or commit a `{own}`{place}"),
            )
            .severity(certainty(invocation))
            .evidence(Evidence::new(format!("{} {}", install.program, if install.program == "npm" { "ci" } else { "install" }), evidence))
    } else {
        context
            .finding(
                ID,
                invocation.place,
                format!("`{command}` does not read `{name}`"),
                format!("it installs other versions than those that were tested, new ones at every build; install with {manager}, which wrote `{name}`"),
            )
            .severity(Severity::Warning)
    };
    let finding = finding.hint(format!("- {right}"));
    match other.kind {
        LockfileKind::Pnpm | LockfileKind::Bun | LockfileKind::BunBinary => finding.hint(format!(
            "- npm install -g {}",
            super::versions::pinned(Some(project), manager.program())
        )),
        _ => finding,
    }
}
