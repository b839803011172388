//! A build as Amplify makes it, on this machine.

mod after;
mod caching;
mod opening;
mod shell;
mod workplace;

use std::time::Duration;

use self::{
    caching::Caching,
    opening::{Opening, open},
    shell::Shell,
    workplace::Workplace,
};
use super::session::{Session, exit_status};
use crate::{
    buildspec::{Specification, Surroundings},
    cli::{GlobalOptions, LogFormatOption, PlatformOption, RunOptions},
    emulator::{
        Choice, Plan, Platform, default_plan, is_free, missing_next, plan, platform_message,
        refusals, render_script,
    },
    process::{Interrupt, MemoryGroup},
    project::Project,
    report::{
        Evidence, ExitStatus, Finding, FindingId, Location, PhaseName, PhaseReport, PhaseStatus,
        Run, Severity,
        render::{Format, LogFormat, format_bytes, summary_text},
        store::DIRECTORY,
    },
};

/// A phase inside needs its own grace to end its children and write the report.
const GRACE: Duration = Duration::from_secs(15);

/// What is to be built.
struct Resolved {
    project: Project,
    specification: Specification,
    plan: Plan,
}

/// Finds the app and its variables, then runs its amplify.yml.
pub(super) async fn start(
    global: &GlobalOptions,
    options: &RunOptions,
    interrupt: Interrupt,
) -> ExitStatus {
    let opening = open(global, options);
    let global = GlobalOptions { project: opening.project.clone(), ..global.clone() };
    let log_format = match options.log_format {
        LogFormatOption::Plain => LogFormat::Plain,
        LogFormatOption::Amplify => LogFormat::Amplify,
    };
    let variables = opening.variables.clone();
    match Session::begin_in(&global, PhaseName::Run, interrupt, variables, log_format) {
        Ok(session) => run(session, options, &opening).await,
        Err(status) => status,
    }
}

async fn run(mut session: Session, options: &RunOptions, opening: &Opening) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Run);
    match build(&mut session, options, opening, &mut phase).await {
        Ok(()) if session.dry_run => return ExitStatus::Success,
        Ok(()) => {}
        Err(findings) => {
            let message = findings.iter().find_map(platform_message);
            if let Some(message) = message.filter(|_| phase.attempts.is_empty()) {
                session.printer.important(&format!("!!! {message}"));
            }
            phase.findings.extend(findings);
        }
    }
    let begun = !phase.attempts.is_empty();
    let status = session.finish_as(phase, None, |_| {});
    if begun
        && session.printer.format() == Format::Human
        && let Some(run) = session.update(|run| run.settle(Some(status)))
    {
        session.printer.important(&summary_text(&run));
    }
    status
}

/// Resolves, runs the one script, and looks at what it left. An error is what kept the commands from running.
async fn build(
    session: &mut Session,
    options: &RunOptions,
    opening: &Opening,
    phase: &mut PhaseReport,
) -> Result<(), Vec<Finding>> {
    refuse(session, options, opening).map_err(|finding| vec![*finding])?;
    for note in &opening.notes {
        session.printer.line(note);
    }
    let workplace = Workplace::enter(session, options.clean && !session.dry_run)
        .await
        .map_err(|finding| vec![*finding])?;
    let resolved = resolve(session, options, &workplace)?;
    let caching = Caching::new(session, &workplace, &resolved.specification, options);
    if session.dry_run {
        say_dry_run(session, options, &resolved, &caching);
        return Ok(());
    }
    for note in &resolved.plan.notes {
        session.printer.line(note);
    }
    caching.restore(session);
    let succeeded = run_script(session, options, opening, &resolved, phase).await?;
    workplace.explain(&mut phase.findings);
    if let Some(node) = succeeded {
        caching.save(session, phase);
        if session.interrupt.signal().is_none() {
            after::look(session, options, &resolved, &node, phase);
        }
    }
    workplace.leave(session, options.keep);
    Ok(())
}

/// What is wrong before anything is read.
fn refuse(session: &Session, options: &RunOptions, opening: &Opening) -> Result<(), Box<Finding>> {
    if session.is_nested {
        return Err(Box::new(nested()));
    }
    if let Some(finding) = &opening.refusal {
        return Err(finding.clone());
    }
    let Some(folder) = &options.artifacts else { return Ok(()) };
    let refused = |message: String| {
        let why =
            "`--artifacts` copies into an empty folder, or makes it: nothing there is overwritten";
        Err(Box::new(Finding::new(FindingId::Usage, message, why)))
    };
    match is_free(folder) {
        Ok(true) => Ok(()),
        Ok(false) => refused(format!("`{}` is not empty", folder.display())),
        Err(error) => refused(format!("`{}`: {error}", folder.display())),
    }
}

/// Reads the app and its amplify.yml; stops where Amplify would stop at once, in its words.
fn resolve(
    session: &Session,
    options: &RunOptions,
    workplace: &Workplace,
) -> Result<Resolved, Vec<Finding>> {
    let project = Project::read(&workplace.app_root);
    let specification = session.specification(&project);
    if wanted_platform(options) == Some(Platform::WebCompute)
        && let Some(finding) = missing_next(&project, specification.base_directory().as_deref())
    {
        return Err(vec![finding]);
    }
    let file = match specification.file() {
        Ok(Some(file)) => file,
        Ok(None) => {
            let plan = default_plan();
            return Ok(Resolved { project, specification, plan });
        }
        Err(error) => {
            return Err(vec![
                Finding::new(
                    FindingId::BuildspecSyntax,
                    error.to_string(),
                    "Amplify could not read it either",
                )
                .location(Location::file(error.relative_path.clone())),
            ]);
        }
    };
    let surroundings = Surroundings {
        declared_root: specification.declared_root(),
        project_path: specification.project_path(),
        project: Some(&project),
        on_amplify: session.platform.is_some(),
    };
    let refused = refusals(file, specification.app(), surroundings);
    if !refused.is_empty() {
        return Err(refused);
    }
    let app =
        specification.app().ok_or_else(|| vec![no_app(&specification, &file.relative_path)])?;
    let directory = specification.directory();
    if !directory.is_dir() {
        let shown = directory.strip_prefix(&workplace.repository).unwrap_or(&directory);
        return Err(vec![no_directory(&shown.display().to_string(), &file.relative_path)]);
    }
    let in_spec = app.env_variables.iter().find(|(name, _)| name.value == TESTS_DISABLED);
    let disabled = in_spec
        .map(|(_, value)| value.value.as_str())
        .or_else(|| session.variables.get(TESTS_DISABLED).map(String::as_str));
    let choice = Choice {
        backend: options.backend,
        from: options.from.as_deref(),
        tests_disabled: disabled == Some("true"),
    };
    let plan = plan(app, &choice).map_err(|finding| vec![*finding])?;
    Ok(Resolved { project, specification, plan })
}

/// Set to `true`, it makes Amplify leave the test section out.
const TESTS_DISABLED: &str = "USER_DISABLE_TESTS";

/// Runs the script; after a success, returns the Node that it left in use.
async fn run_script(
    session: &mut Session,
    options: &RunOptions,
    opening: &Opening,
    resolved: &Resolved,
    phase: &mut PhaseReport,
) -> Result<Option<after::NodeReport>, Vec<Finding>> {
    if matches!(resolved.specification.file(), Ok(None)) {
        session.printer.line("no amplify.yml; running the five phases in order");
    }
    let node = after::NodeReport::new();
    let mut script = resolved.plan.script.clone();
    script.node_version_file = node.path();
    let folder = session.app_root.join(DIRECTORY);
    let path = shell::write_script(&folder, &render_script(&script))
        .map_err(|error| vec![unwritable(&error)])?;
    let group = memory_group(session, options);
    let mut command =
        shell::command(session, &resolved.specification, &opening.own_variables, &path);
    command.memory_group = group.as_ref().map(|group| group.folder().to_path_buf());
    let mut shell = Shell { command };
    let mut attempts = session.attempt_loop(PhaseName::Run);
    attempts.limits.grace = GRACE;
    attempts.limits.stall = None;
    let ended = attempts.run(&mut shell, phase, |phase| session.record(phase)).await;
    drop(group);
    let inner = session.update(|_| {});
    conclude(phase, inner.as_ref());
    Ok(ended.map(|_| node))
}

/// The group of `--memory`, where one can be made.
fn memory_group(session: &Session, options: &RunOptions) -> Option<MemoryGroup> {
    let bytes = options.memory?;
    match MemoryGroup::create(bytes) {
        Ok(group) => {
            let swap =
                if group.swap_limited { "" } else { "; swap beyond it cannot be refused here" };
            session
                .printer
                .line(&format!("the commands have {} of memory{swap}", format_bytes(bytes)));
            Some(group)
        }
        Err(reason) => {
            session.printer.important(&format!(
                "the memory of the commands is not limited, as no control group can be made here: {reason}"
            ));
            None
        }
    }
}

/// What the phases inside say counts more than what their shell says.
fn conclude(phase: &mut PhaseReport, inner: Option<&Run>) {
    let ended_with = phase.attempts.last().and_then(|attempt| attempt.outcome.exit_code);
    let failed = inner
        .into_iter()
        .flat_map(|run| &run.phases)
        .filter(|inner| inner.name != PhaseName::Run && inner.status == PhaseStatus::Failed)
        // A phase that the script let pass (`|| true`) is not what ended it.
        .rfind(|inner| ended_with == Some(i32::from(exit_status(inner).code())));
    if let Some((name, finding)) =
        failed.and_then(|inner| Some((inner.name, inner.primary_error()?)))
        && phase.primary_error().is_some()
    {
        let explained = Finding::new(
            finding.id,
            format!("`deployfix {name}` failed: {}", finding.message),
            "the finding of that phase says why and what to change",
        )
        .severity(Severity::Error);
        phase.findings = vec![explained];
    }
}

fn say_dry_run(session: &Session, options: &RunOptions, resolved: &Resolved, caching: &Caching) {
    let mut steps = resolved.plan.notes.clone();
    if options.clean {
        steps.push("clone HEAD into a temporary folder, and work there".to_owned());
    }
    if let Some(bytes) = options.memory {
        steps.push(format!("give the commands {} of memory", format_bytes(bytes)));
    }
    steps.extend(caching.restore_step());
    steps.push(render_script(&resolved.plan.script));
    steps.extend(caching.save_step());
    if let Some(base) = resolved.specification.base_directory() {
        steps.push(match wanted_platform(options) {
            Some(platform) => {
                format!("check `{base}` as Amplify does on the platform {}", platform.as_str())
            }
            None => {
                format!("check `{base}` as Amplify does, on the platform that the build is for")
            }
        });
    }
    if let Some(folder) = &options.artifacts {
        steps.push(format!("copy what would be deployed into `{}`", folder.display()));
    }
    session.say_dry_run(PhaseName::Run, &steps);
}

fn wanted_platform(options: &RunOptions) -> Option<Platform> {
    options.platform.map(|platform| match platform {
        PlatformOption::Web => Platform::Web,
        PlatformOption::WebCompute => Platform::WebCompute,
    })
}

fn nested() -> Finding {
    Finding::new(
        FindingId::Usage,
        "`deployfix run` was called by `deployfix run`",
        "amplify.yml must call the phases; `run` is what calls amplify.yml",
    )
    .hint("call `deployfix validate`, `install`, `build`, `verify-artifacts` and `health-check --serve` in amplify.yml")
}

fn no_app(specification: &Specification, path: &str) -> Finding {
    let apps = specification.spec().map(|(_, spec)| spec.apps.as_slice()).unwrap_or_default();
    let finding = Finding::new(
        FindingId::BuildspecAppRootMismatch,
        format!("`{path}` has no application for `{}`", specification.project_path()),
        "name one of its `appRoot`s with `--app-root`, or go into its folder",
    );
    apps.iter()
        .filter_map(|app| app.app_root.as_ref())
        .fold(finding, |finding, root| {
            finding.hint(format!("deployfix run --app-root {}", root.value))
        })
        .location(Location::file(path))
        .evidence(Evidence::new(
            "Amplify's build log",
            "CustomerError: Invalid monorepo spec, no matching appRoot found in build spec",
        ))
}

fn no_directory(directory: &str, path: &str) -> Finding {
    Finding::new(
        FindingId::BuildspecAppRootNotFound,
        format!("the commands run in `{directory}`, which is no folder"),
        "correct `appRoot` or `buildPath`, or commit the folder",
    )
    .location(Location::file(path))
}

fn unwritable(error: &anyhow::Error) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("{error:#}"),
        "`run` keeps the script of amplify.yml there",
    )
    .hint("make the app root writable, or remove what stands at `.deployfix`")
}
