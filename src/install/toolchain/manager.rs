use std::{fs, io, os::unix::fs::PermissionsExt, path::Path};

use super::{Need, Toolchain, Workshop, corepack, fetch, release::Release};
use crate::{
    project::{
        ManagerKind, ManagerProblem, ManagerProgram, Project, manager_problem, missing_finding,
        yarn_path,
    },
    report::{Evidence, Finding, FindingId, Severity},
};

/// Makes sure that the children find the manager of the project; the error is that it cannot be had.
pub(super) async fn resolve(
    workshop: &Workshop<'_>,
    toolchain: &mut Toolchain,
    need: Need,
) -> Result<(), Box<Finding>> {
    let project = workshop.project;
    let kind = project.manager.kind;
    let environment = toolchain.environment(workshop.variables);
    let path = environment.get("PATH").map(String::as_str);
    let program = ManagerProgram::find(kind, path, &project.root);
    let release = Release::of(project);
    if need == Need::Perhaps {
        // Only what is there already: a command of one's own need not call the manager at all.
        if program == ManagerProgram::Missing
            && let Some(release) = release
            && let Some(programs) = fetch::fetched(workshop, toolchain, &release).await
        {
            toolchain.folders.insert(0, programs);
        }
        return Ok(());
    }
    if program == ManagerProgram::Corepack {
        let Err(failure) = corepack::check(workshop, toolchain, kind).await else { return Ok(()) };
        let Some(release) = release else { return Ok(()) };
        let finding = corepack::broken(&release, &failure);
        return match with_npm(workshop, toolchain, &release).await {
            Ok(how) => {
                toolchain.findings.push(finding.recovery(how));
                Ok(())
            }
            Err(cause) => Err(Box::new(hopeless(finding, *cause))),
        };
    }
    let Some(problem) = manager_problem(project, &program, &environment) else { return Ok(()) };
    if kind == ManagerKind::Npm {
        return Err(Box::new(missing_finding(project)));
    }
    let finding = problem_finding(project, &problem);
    if let Some(how) = with_yarn_path(workshop, toolchain) {
        toolchain.findings.push(recovered(workshop, finding, how));
        return Ok(());
    }
    let Some(release) = release else { return Err(Box::new(finding)) };
    if let Some(programs) = fetch::fetched(workshop, toolchain, &release).await {
        toolchain.folders.insert(0, programs);
        let how = format!("uses {} from `.deployfix/tools`, fetched earlier", release.name());
        toolchain.findings.push(recovered(workshop, finding, how));
        return Ok(());
    }
    workshop.printer.important(&format!("{}; fetches {}", finding.message, release.name()));
    let mut broken = None;
    if corepack::knows(kind) {
        let before = toolchain.variables.clone();
        match corepack::fetch(workshop, toolchain, &release).await {
            Some(Ok(programs)) => {
                toolchain.folders.insert(0, programs);
                let how = format!("fetched {} with corepack", release.name());
                toolchain.findings.push(recovered(workshop, finding, how));
                return Ok(());
            }
            Some(Err(failure)) => broken = Some(corepack::broken(&release, &failure)),
            None => {}
        }
        toolchain.variables = before;
    }
    match with_npm(workshop, toolchain, &release).await {
        Ok(how) => {
            toolchain.findings.extend(broken.map(|finding| finding.recovery(how.clone())));
            toolchain.findings.push(recovered(workshop, finding, how));
            Ok(())
        }
        Err(cause) => Err(Box::new(hopeless(broken.unwrap_or(finding), *cause))),
    }
}

/// What `install` does first about a manager that is not there, in one line.
pub(crate) fn manager_step(
    project: &Project,
    variables: &std::collections::BTreeMap<String, String>,
) -> Option<String> {
    let path = variables.get("PATH").map(String::as_str);
    let program = ManagerProgram::find(project.manager.kind, path, &project.root);
    let release = Release::of(project)?;
    (program == ManagerProgram::Missing && project.manager.kind != ManagerKind::Npm)
        .then(|| format!("fetch {} into `.deployfix/tools`", release.name()))
}

async fn with_npm(
    workshop: &Workshop<'_>,
    toolchain: &mut Toolchain,
    release: &Release,
) -> Result<String, Box<Finding>> {
    let (programs, when) = match fetch::fetched(workshop, toolchain, release).await {
        Some(programs) => (programs, ", fetched earlier"),
        None => (fetch::fetch(workshop, toolchain, release).await?, ""),
    };
    toolchain.folders.insert(0, programs);
    Ok(format!("runs {} that npm installed into `.deployfix/tools`{when}", release.name()))
}

/// A program called `yarn` for the file that the project brings with it.
fn with_yarn_path(workshop: &Workshop<'_>, toolchain: &mut Toolchain) -> Option<String> {
    if workshop.project.manager.kind != ManagerKind::YarnBerry {
        return None;
    }
    let file = yarn_path(workshop.project)?;
    let programs = workshop.tools()?.join("yarn-path");
    write_program(&programs, &file).ok()?;
    toolchain.folders.insert(0, programs);
    let name = file.file_name()?.to_string_lossy().into_owned();
    Some(format!("runs `{name}`, which `yarnPath` of .yarnrc.yml names"))
}

fn write_program(folder: &Path, file: &Path) -> io::Result<()> {
    let quoted = file.to_string_lossy().replace('\'', r"'\''");
    fs::create_dir_all(folder)?;
    let program = folder.join("yarn");
    fs::write(&program, format!("#!/bin/sh\nexec node '{quoted}' \"$@\"\n"))?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
}

fn problem_finding(project: &Project, problem: &ManagerProblem) -> Finding {
    let missing = missing_finding(project);
    match (problem, project.lockfile()) {
        (ManagerProblem::Refuses(version), Some(lockfile)) => Finding {
            message: format!(
                "{} {version} on PATH cannot install from `{}`",
                project.manager.kind.program(),
                lockfile.relative_path
            ),
            resolution: "the lockfile is of another release's format; fetch that release in `preBuild` before the install".into(),
            ..missing
        },
        _ => missing,
    }
}

fn recovered(workshop: &Workshop<'_>, finding: Finding, how: String) -> Finding {
    workshop.printer.important(&format!("{}: {how}", finding.message));
    finding.severity(Severity::Warning).recovery(how)
}

/// The manager cannot be had: a registry that does not answer, or a hash that differs, is the cause to name.
fn hopeless(finding: Finding, cause: Finding) -> Finding {
    let telling = [
        FindingId::RegistryUnreachable,
        FindingId::IntegrityMismatch,
        FindingId::RegistryAuth,
        FindingId::DiskFull,
        FindingId::Interrupted,
    ];
    if telling.contains(&cause.id) {
        let evidence = finding.evidence;
        return Finding { evidence: [cause.evidence, evidence].concat(), ..cause }
            .severity(Severity::Error);
    }
    finding
        .severity(Severity::Error)
        .evidence(Evidence::new("deployfix's own attempt", cause.message))
        .recovery("tried to fetch it, and failed")
}
