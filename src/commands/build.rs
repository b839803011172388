use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use super::{sections, session::Session};
use crate::{
    build::{BuildPlan, Learned, MemoryPlan, Workers, processors, recommendations},
    config::Memory,
    env::{Contract, PRODUCTION_FILE, ResolvedVariable, resolved, write_production_file},
    inspection::Inspection,
    install::{Need, Toolchain},
    process::{CommandSpec, memory_limit},
    project::{Project, output},
    recovery::Loop,
    report::{
        ExitStatus, Finding, FindingId, PhaseName, PhaseReport, PhaseStatus,
        store::{Settings, read_history},
    },
};

/// Plans the memory, writes `.env.production`, and builds, in the attempt loop.
pub(super) async fn run(mut session: Session) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Build);
    let project = Project::read(&session.app_root);
    let mut command = match build_command(&session, &project) {
        Ok(command) => command,
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    };
    let contract = Contract::new(&session.config, &session.app_root);
    let variables = resolved(&contract, &session.variables, &session.app_root);
    let memory = memory_plan(&session, &project);
    if session.dry_run {
        say_dry_run(&session, &command, &memory, &variables);
        return ExitStatus::Success;
    }
    match write_production_file(&session.app_root, &variables) {
        Ok(true) => {
            session.printer.line(&format!("wrote the runtime variables to `{PRODUCTION_FILE}`"));
            warn_unless_ignored(&session);
        }
        Ok(false) => {}
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    }
    session.bound(session.config.build.timeout);
    let need = if command.is_shell() { Need::Perhaps } else { Need::Manager };
    let toolchain =
        match Toolchain::resolve(&session.workshop(&project, PhaseName::Build), need).await {
            Ok(toolchain) => toolchain,
            Err(finding) => {
                phase.findings.push(*finding);
                return session.finish(phase, |_| {});
            }
        };
    toolchain.apply(&mut command);
    phase.findings.extend(toolchain.findings);
    let defaults: BTreeMap<_, _> = variables
        .iter()
        .filter(|variable| variable.from_default)
        .map(|variable| (variable.name.clone(), variable.value.clone()))
        .collect();
    let display = command.display();
    if is_next_alone(&command, &project) {
        // Next expands `$` in a variable of the process that a file names as well; the file has it exactly.
        let withheld = variables.iter().filter(|variable| variable.withhold_from_next);
        command.removed = withheld.map(|variable| variable.name.clone()).collect();
    }
    let mut plan = BuildPlan::new(command, memory, &defaults, &project);
    let inspection = Inspection { project: &project, variables: &session.variables };
    let attempts = Loop {
        inspect: &|diagnosis| inspection.refine(diagnosis),
        ..session.attempt_loop(PhaseName::Build)
    };
    attempts.run(&mut plan, &mut phase, |phase| session.record(phase)).await;
    let environment = sections::environment(&session, &project);
    let specification = session.specification(&project);
    let node = toolchain.node.as_ref();
    let build_config = sections::build_config(&session, &specification, node, &variables);
    let memory = plan.memory().clone();
    let compresses = output::detect(&session.app_root, None)
        .ok()
        .and_then(|built| built.config.get("compress")?.as_bool());
    let advice = recommendations(plan.mended(), &memory);
    session.settings = settings(&memory);
    let uses_default = !has_build_script(&session, &project);
    session.finish(phase, |run| {
        run.environment = environment;
        run.build_config = build_config;
        run.build_config.build_commands = vec![display];
        run.build_config.optimizations.memory_limit = memory.heap_bytes();
        run.build_config.optimizations.compression_enabled = compresses;
        run.build_config.optimizations.parallel_builds = memory.is_parallel();
        if run.phase(PhaseName::Build).is_some_and(|phase| phase.status == PhaseStatus::Failed) {
            return;
        }
        for text in advice {
            run.recommend(text);
        }
        if uses_default {
            run.recommend("package.json has no `build` script, so `next build` was run: add `\"build\": \"next build\"` to its `scripts`; Amplify also tells a Next.js app by it");
        }
    })
}

/// What the next build has to begin with, where the plan from the container alone had failed.
fn settings(memory: &MemoryPlan) -> Option<Settings> {
    memory.is_adjusted().then_some(())?;
    Some(Settings {
        memory_limit: memory.limit()?.bytes,
        heap: memory.heap_bytes(),
        one_worker: memory.has_reduced_workers(),
    })
}

/// Whether the project says how it is built.
fn has_build_script(session: &Session, project: &Project) -> bool {
    session.config.build.command.is_some()
        || project.manifest.manifest.as_ref().is_none_or(|it| it.scripts.contains_key("build"))
}

/// What the container, the user and earlier builds say about the memory.
fn memory_plan(session: &Session, project: &Project) -> MemoryPlan {
    let mut memory = MemoryPlan::new(
        memory_limit(),
        match session.config.build.memory {
            Memory::Auto => None,
            Memory::Limit(bytes) => Some(bytes),
        },
        session.variables.get("NODE_OPTIONS").map(String::as_str),
        Workers::new(
            processors(),
            session.variables.get("CIRCLE_NODE_TOTAL").map(String::as_str),
            project.next_config.decides_workers,
        ),
    );
    // A size in deployfix.yml is the user's word, which nothing learned overrules.
    if session.config.build.memory == Memory::Auto
        && let Some(told) = memory.learn(&Learned::from_history(&read_history(&session.app_root)))
    {
        session.printer.line(&told);
    }
    memory
}

/// On a developer's machine the file must not be committed with the values in it.
fn warn_unless_ignored(session: &Session) {
    let answer = Command::new("git")
        .args(["check-ignore", "--quiet", PRODUCTION_FILE])
        .current_dir(&session.app_root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // 0: ignored; 128: no repository, or git cannot tell.
    let committable = answer.is_ok_and(|status| status.code() == Some(1));
    if session.identity.ci.is_none() && committable {
        session.printer.important(&format!(
            "`{PRODUCTION_FILE}` now holds values of the environment, and git does not ignore it: add it to .gitignore"
        ));
    }
}

/// `build.command` of deployfix.yml, else the build script, else `next build` where Next is a dependency.
fn build_command(session: &Session, project: &Project) -> Result<CommandSpec, Box<Finding>> {
    let root = &session.app_root;
    if let Some(line) = &session.config.build.command {
        return Ok(CommandSpec::shell(line, root));
    }
    let Some(manifest) = &project.manifest.manifest else {
        return Err(Box::new(project.manifest.findings.first().cloned().unwrap_or_else(|| {
            Finding::new(FindingId::ManifestInvalid, "package.json cannot be read", "")
        })));
    };
    if manifest.scripts.contains_key("build") {
        let line = project.manager.kind.run_script("build");
        let (program, arguments) =
            line.split_first().map_or(("npm", &[][..]), |(program, rest)| (program, rest));
        return Ok(CommandSpec::new(program, arguments, root));
    }
    if manifest.range_of("next").is_some() {
        session.printer.line("no build script in package.json; building with `next build`");
        return Ok(CommandSpec::shell("next build", root));
    }
    Err(Box::new(
        Finding::new(
            FindingId::BuildScriptMissing,
            "package.json has no `build` script, and `next` is not a dependency",
            "deployfix runs the `build` script, else `next build`",
        )
        .hint("add `\"build\": \"next build\"` to `scripts` in package.json"),
    ))
}

/// Whether the build starts nothing but `next build`, which then reads its variables from the file.
fn is_next_alone(command: &CommandSpec, project: &Project) -> bool {
    let display = command.display();
    let script =
        project.manifest.manifest.as_ref().and_then(|manifest| manifest.scripts.get("build"));
    let line = if display.starts_with("next ") { Some(&display) } else { script };
    line.is_some_and(|line| {
        line.trim().starts_with("next build") && !line.contains(['&', '|', ';', '\n', '`', '$'])
    })
}

fn say_dry_run(
    session: &Session,
    command: &CommandSpec,
    memory: &MemoryPlan,
    variables: &[ResolvedVariable],
) {
    let mut lines = Vec::new();
    let names: Vec<_> = variables
        .iter()
        .filter(|variable| variable.needs_production_file())
        .map(|variable| variable.name.as_str())
        .collect();
    if !names.is_empty() {
        lines.push(format!("write {} to {PRODUCTION_FILE}", names.join(", ")));
    }
    let plan: Vec<_> =
        memory.variables().into_iter().map(|(name, value)| format!("{name}='{value}'")).collect();
    lines.push([plan, vec![command.display()]].concat().join(" "));
    session.say_dry_run(PhaseName::Build, &lines);
}
