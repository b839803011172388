use std::{fs, io::Write, path::Path, time::Duration};

use anyhow::Context;

use super::{
    identity::RUN_ID,
    session::{Session, exit_status},
};
use crate::{
    buildspec::{
        ScriptPhase, ScriptSection, Section, Specification, render_script, syntax_finding,
    },
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::Project,
    recovery::{Attemptable, Remedy},
    report::{
        ExitStatus, Finding, FindingId, Location, PhaseName, PhaseReport, PhaseStatus, Run,
        Severity,
        render::{Format, summary_text},
        store::DIRECTORY,
    },
};

/// The script, relative to the app root.
const SCRIPT: &str = "amplify.sh";
/// A phase inside needs its own grace to end its children and write the report.
const GRACE: Duration = Duration::from_secs(15);

/// Runs the app's amplify.yml in one bash, or the five phases where there is none.
pub(super) async fn run(mut session: Session) -> ExitStatus {
    let mut phase = PhaseReport::begin(PhaseName::Run);
    if session.is_nested {
        phase.findings.push(nested());
        return session.finish_as(phase, Some(ExitStatus::Usage), |_| {});
    }
    let project = Project::read(&session.app_root);
    let (script, specification) = match script(&session, &project) {
        Ok(parts) => parts,
        Err(finding) => {
            phase.findings.push(*finding);
            return session.finish(phase, |_| {});
        }
    };
    if session.dry_run {
        session.say_dry_run(PhaseName::Run, &[script]);
        return ExitStatus::Success;
    }
    if matches!(specification.file(), Ok(None)) {
        session.printer.line("no amplify.yml; running the five phases in order");
    }
    let folder = session.app_root.join(DIRECTORY);
    if let Err(error) = write_script(&folder, &script) {
        phase.findings.push(unwritable(&error));
        return session.finish(phase, |_| {});
    }
    let path = folder.join(SCRIPT);
    let mut shell = Shell { command: command(&session, &specification, &path) };
    let mut attempts = session.attempt_loop(PhaseName::Run);
    attempts.limits.grace = GRACE;
    attempts.limits.stall = None;
    attempts.run(&mut shell, &mut phase, |phase| session.record(phase)).await;
    let inner = session.update(|_| {});
    conclude(&mut phase, &specification, inner.as_ref(), &session);
    let format = session.printer.format();
    let status = session.finish_as(phase, None, |_| {});
    if format == Format::Human
        && let Some(run) = session.update(|run| run.settle(Some(status)))
    {
        session.printer.important(&summary_text(&run));
    }
    status
}

/// What the phases inside say counts more than what their shell says; a good end needs the artifact.
fn conclude(
    phase: &mut PhaseReport,
    specification: &Specification,
    inner: Option<&Run>,
    session: &Session,
) {
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
    if phase.primary_error().is_none()
        && let Some(base) = specification.base_directory()
        && !session.app_root.join(&base).is_dir()
    {
        phase.findings.push(
            Finding::new(
                FindingId::ArtifactMissing,
                format!("`{base}` does not exist after the build"),
                format!("Amplify stops here with `CustomerError: Artifact directory doesn't exist: {base}`"),
            )
            .hint("make `baseDirectory` in amplify.yml the folder that the build writes"),
        );
    }
}

/// The commands of amplify.yml as one attempt: nothing is mended between them from outside.
struct Shell {
    command: CommandSpec,
}

impl Attemptable for Shell {
    const STAGE: Stage = Stage::Shell;

    fn command(&self) -> CommandSpec {
        self.command.clone()
    }

    fn apply(&mut self, _: Remedy, _: &Ended) -> Result<String, String> {
        Err("the commands of amplify.yml run once, as on Amplify; `deployfix install` and `deployfix build` recover".into())
    }
}

fn script(session: &Session, project: &Project) -> Result<(String, Specification), Box<Finding>> {
    let specification = session.specification(project);
    let file = match specification.file() {
        Ok(Some(file)) => file,
        Ok(None) => return Ok((render_script(&default_sections()), specification)),
        Err(error) => {
            return Err(Box::new(
                Finding::new(
                    FindingId::BuildspecSyntax,
                    error.to_string(),
                    "Amplify could not read it either",
                )
                .location(Location::file(error.relative_path.clone())),
            ));
        }
    };
    if let Err(error) = &file.spec {
        return Err(Box::new(syntax_finding(file, error)));
    }
    let Some(app) = specification.app() else {
        return Err(Box::new(
            Finding::new(
                FindingId::BuildspecAppRootMismatch,
                format!("amplify.yml has no application for `{}`", session.app_root.display()),
                "Amplify stops with `Invalid monorepo spec, no matching appRoot found in build spec`",
            )
            .location(Location::file(file.relative_path.clone()))
            .hint("name the app with `--project`, or set AMPLIFY_MONOREPO_APP_ROOT to one of the `appRoot`s"),
        ));
    };
    let Some(frontend) = &app.frontend else {
        return Err(Box::new(
            Finding::new(
                FindingId::BuildspecMissingFrontend,
                "amplify.yml has no `frontend` for the app",
                "Amplify stops with `Missing frontend definition in buildspec`",
            )
            .location(Location::file(file.relative_path.clone())),
        ));
    };
    let mut sections = Vec::new();
    if let Some(backend) = &app.backend {
        sections.push(without_account(session, section("Backend Build", backend)));
    }
    sections.push(section("Frontend Build", &frontend.section));
    let tests_disabled =
        session.variables.get("USER_DISABLE_TESTS").is_some_and(|value| value == "true");
    if let Some(test) = app.test.as_ref().filter(|_| !tests_disabled) {
        sections.push(section("Test", test));
    }
    Ok((render_script(&sections), specification))
}

/// What deploys into the AWS account; the rest of a backend section, often the only install, runs.
const ACCOUNT_PROGRAMS: [&str; 5] =
    ["ampx", "amplifyPush", "amplify push", "cdk deploy", "sam deploy"];

/// The section without the commands that need the AWS account.
fn without_account(session: &Session, mut section: ScriptSection) -> ScriptSection {
    for phase in &mut section.phases {
        phase.commands.retain(|command| {
            let deploys = ACCOUNT_PROGRAMS.iter().any(|program| command.contains(program));
            if deploys {
                session.printer.line(&format!("left out, as it needs the AWS account: {command}"));
            }
            !deploys
        });
    }
    section
}

fn section(title: &str, section: &Section) -> ScriptSection {
    let phases = section
        .phases
        .iter()
        .map(|phase| ScriptPhase {
            name: phase.key.value.clone(),
            commands: phase.commands.iter().map(|command| command.value.clone()).collect(),
        })
        .collect();
    ScriptSection { title: title.into(), phases }
}

/// The phases of the amplify.yml that README recommends.
fn default_sections() -> Vec<ScriptSection> {
    let phase = |name: &str, commands: &[&str]| ScriptPhase {
        name: name.into(),
        commands: commands.iter().map(|command| format!("deployfix {command}")).collect(),
    };
    vec![ScriptSection {
        title: "Frontend Build".into(),
        phases: vec![
            phase("preBuild", &["validate", "install"]),
            phase("build", &["build"]),
            phase("postBuild", &["verify-artifacts", "health-check --serve"]),
        ],
    }]
}

/// One bash without the user's start-up files, with what Amplify sets and this binary on `PATH`.
fn command(session: &Session, specification: &Specification, script: &Path) -> CommandSpec {
    let mut command = CommandSpec::new(
        "bash",
        ["--noprofile".as_ref(), "--norc".as_ref(), script.as_os_str()],
        specification.directory(),
    );
    let branch = session.identity.branch.clone().unwrap_or_else(|| "main".into());
    let commit = session.identity.commit_id.clone().unwrap_or_else(|| "HEAD".into());
    let app = "dlocal0000000";
    let defaults = [
        ("AWS_APP_ID", app.to_owned()),
        ("AWS_BRANCH", branch.clone()),
        (
            "AWS_BRANCH_ARN",
            format!("arn:aws:amplify:us-east-1:000000000000:apps/{app}/branches/{branch}"),
        ),
        ("AWS_CLONE_URL", session.app_root.display().to_string()),
        ("AWS_COMMIT_ID", commit),
        ("AWS_JOB_ID", "0000000001".to_owned()),
    ];
    for (name, value) in defaults {
        if !session.variables.contains_key(name) {
            command.variables.insert(name.into(), value);
        }
    }
    let from_spec = specification.app().into_iter().flat_map(|app| &app.env_variables);
    command
        .variables
        .extend(from_spec.map(|(name, value)| (name.value.clone(), value.value.clone())));
    if let Some(root) = specification.app().and_then(|app| app.app_root.as_ref()) {
        command.variables.insert("AMPLIFY_MONOREPO_APP_ROOT".into(), root.value.clone());
    }
    command.variables.insert(RUN_ID.into(), session.identity.id.clone());
    // Where a phase runs decides its app, as on Amplify.
    command.removed = vec!["DEPLOYFIX_PROJECT".into(), "BASH_ENV".into()];
    if let Some(path) = &session.explicit_config {
        command.variables.insert("DEPLOYFIX_CONFIG".into(), path.display().to_string());
    }
    if let Some(path) = path_with_this_binary(session) {
        command.variables.insert("PATH".into(), path);
    }
    command
}

fn path_with_this_binary(session: &Session) -> Option<String> {
    let binary = std::env::current_exe().ok()?;
    let path = session.variables.get("PATH").cloned().unwrap_or_default();
    let folders =
        std::iter::once(binary.parent()?.to_path_buf()).chain(std::env::split_paths(&path));
    Some(std::env::join_paths(folders).ok()?.to_string_lossy().into_owned())
}

fn nested() -> Finding {
    Finding::new(
        FindingId::Usage,
        "`deployfix run` was called by `deployfix run`",
        "amplify.yml must call the phases; `run` is what calls amplify.yml",
    )
    .hint("call `deployfix validate`, `install`, `build`, `verify-artifacts` and `health-check --serve` in amplify.yml")
}

fn unwritable(error: &anyhow::Error) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("{error:#}"),
        "`run` keeps the script of amplify.yml there",
    )
    .hint("make the app root writable, or remove what stands at `.deployfix`")
}

/// Readable by this user alone: commands may hold what they should not.
fn write_script(folder: &Path, script: &str) -> anyhow::Result<()> {
    let path = folder.join(SCRIPT);
    let context = || format!("cannot write `{}`", path.display());
    fs::create_dir_all(folder).with_context(context)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    file.write_all(script.as_bytes()).with_context(context)?;
    file.persist(&path).with_context(context)?;
    Ok(())
}
