//! The manager's program on `PATH`: whether it is there, and which one it is.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{
    Project,
    ask::ask,
    manager_release::{refuses, release_for},
    manifest,
    package_manager::ManagerKind,
    package_manager::RequestedManager,
};
use crate::report::{Finding, FindingId};

/// A manager that has not told its version by then is not asked further; some fetch another release of themselves first.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// What stands on `PATH` under a manager's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ManagerProgram {
    /// Nothing.
    Missing,
    /// corepack's stand-in, which fetches the manager when it is called.
    Corepack,
    /// The manager's own package.
    Package(semver::Version),
    /// Something that is no package, as the stand-in of a version manager.
    Unknown,
}

impl ManagerProgram {
    /// Looks for the program of a manager, without starting it.
    pub(crate) fn find(kind: ManagerKind, path: Option<&str>, folder: &Path) -> Self {
        let Ok(program) = which::which_in(kind.program(), path, folder) else {
            return Self::Missing;
        };
        let Ok(program) = program.canonicalize() else { return Self::Unknown };
        let package = program.ancestors().skip(1).take(3).find_map(|folder| {
            let text = std::fs::read_to_string(folder.join("package.json")).ok()?;
            serde_json::from_str::<Value>(&text).ok()
        });
        let field = |name: &str| package.as_ref()?.get(name)?.as_str();
        if field("name") == Some("corepack") {
            return Self::Corepack;
        }
        let is_manager = field("name").is_some_and(|name| {
            name == kind.program() || name.starts_with("@yarnpkg/cli") || name == "@pnpm/exe"
        });
        let version = field("version").and_then(|version| semver::Version::parse(version).ok());
        version.filter(|_| is_manager).map_or(Self::Unknown, Self::Package)
    }

    /// Its version, where its package tells.
    pub(crate) fn version(self) -> Option<semver::Version> {
        match self {
            Self::Package(version) => Some(version),
            Self::Missing | Self::Corepack | Self::Unknown => None,
        }
    }
}

/// Why the manager on `PATH` cannot do the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ManagerProblem {
    /// There is none.
    Missing,
    /// It cannot read the lockfile.
    Refuses(semver::Version),
}

/// Whether the manager on `PATH` certainly cannot install the project.
///
/// yarn 1 hands over to `yarnPath`, and pnpm 10 to what `packageManager` pins, so they are asked in the app root.
pub(crate) fn manager_problem(
    project: &Project,
    program: &ManagerProgram,
    variables: &BTreeMap<String, String>,
) -> Option<ManagerProblem> {
    let version = match program {
        ManagerProgram::Missing => return Some(ManagerProblem::Missing),
        ManagerProgram::Corepack | ManagerProgram::Unknown => return None,
        ManagerProgram::Package(version) => version,
    };
    let lockfile = project.lockfile()?;
    if !refuses(lockfile, version) {
        return None;
    }
    let name = project.manager.kind.program();
    let program = which::which_in(name, variables.get("PATH"), &project.root).ok()?;
    let told = ask(&program, &["--version"], variables, &project.root, TIME_LIMIT)
        .and_then(|answer| semver::Version::parse(answer.lines().last()?.trim()).ok());
    let hands_over = told.is_some_and(|told| !refuses(lockfile, &told));
    (!hands_over).then(|| ManagerProblem::Refuses(version.clone()))
}

/// That the manager of the project is not on `PATH`.
pub(crate) fn manager_missing(
    project: &Project,
    variables: &BTreeMap<String, String>,
) -> Option<Finding> {
    let manager = &project.manager;
    let path = variables.get("PATH").map(String::as_str);
    let program = ManagerProgram::find(manager.kind, path, &project.root);
    if project.manifest.manifest.is_none() || program != ManagerProgram::Missing {
        return None;
    }
    Some(missing_finding(project))
}

/// The finding of a manager that is not there.
pub(crate) fn missing_finding(project: &Project) -> Finding {
    let kind = project.manager.kind;
    let lockfile = project.lockfile();
    let folder = lockfile.and_then(|lockfile| lockfile.path.parent()).unwrap_or(&project.root);
    let version = requested_manager(project)
        .and_then(|requested| Some(requested.version?.to_string()))
        .or_else(|| release_for(kind, lockfile, folder).map(ToOwned::to_owned))
        .map(|version| format!("@{version}"))
        .unwrap_or_default();
    let finding = Finding::new(
        FindingId::PackageManagerMissing,
        format!("{kind} installs this project, but `{}` is not on PATH", kind.program()),
        match kind {
            ManagerKind::Npm => "npm comes with Node; install Node, or put its folder on PATH",
            _ => {
                "Amplify's image brings npm and yarn 1 only; fetch the manager in `preBuild` before the install"
            }
        },
    );
    match kind {
        ManagerKind::Npm => finding,
        ManagerKind::Bun => finding.hint(format!("npm install -g bun{version}")),
        ManagerKind::YarnClassic => finding.hint(format!("npm install -g yarn{version}")),
        ManagerKind::YarnBerry => finding.hint("corepack enable"),
        ManagerKind::Pnpm => {
            finding.hint("corepack enable").hint(format!("npm install -g pnpm{version}"))
        }
    }
}

/// What `packageManager` asks for, in the app's manifest or in that of the folder with the lockfile, where it
/// names the manager that installs.
pub(crate) fn requested_manager(project: &Project) -> Option<RequestedManager> {
    let of_workspace = || {
        let folder = project.lockfile()?.path.parent()?;
        let manifest = manifest::read(folder).manifest?;
        RequestedManager::parse(manifest.package_manager.as_deref()?)
    };
    project
        .manager
        .requested
        .clone()
        .or_else(of_workspace)
        .filter(|requested| requested.kind == project.manager.kind)
}

/// The file that `yarnPath` names, from the folder of the lockfile; nothing where it is not there.
pub(crate) fn yarn_path(project: &Project) -> Option<PathBuf> {
    let folder = project.lockfile()?.path.parent()?;
    let text = super::read_text(&folder.join(".yarnrc.yml"), 1024 * 1024).ok()?.content;
    let line = text.lines().find_map(|line| line.strip_prefix("yarnPath:"))?;
    let path = line.split(" #").next()?.trim().trim_matches(['"', '\'']);
    Some(folder.join(path)).filter(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn what_stands_on_path_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bin");
        fs::create_dir_all(&path).unwrap();
        let find =
            || ManagerProgram::find(ManagerKind::Pnpm, Some(path.to_str().unwrap()), folder.path());
        assert_eq!(find(), ManagerProgram::Missing);
        for (name, version, expected) in [
            ("pnpm", "9.1.0", ManagerProgram::Package(semver::Version::new(9, 1, 0))),
            ("@pnpm/exe", "9.1.0", ManagerProgram::Package(semver::Version::new(9, 1, 0))),
            ("corepack", "0.34.0", ManagerProgram::Corepack),
            ("volta", "2.0.0", ManagerProgram::Unknown),
        ] {
            let package = folder.path().join("lib").join(name);
            fs::create_dir_all(package.join("dist")).unwrap();
            fs::write(
                package.join("package.json"),
                format!(r#"{{"name":"{name}","version":"{version}"}}"#),
            )
            .unwrap();
            let program = package.join("dist/pnpm.js");
            fs::copy("/bin/sh", &program).unwrap();
            let link = path.join("pnpm");
            let _ = fs::remove_file(&link);
            symlink(&program, &link).unwrap();
            assert_eq!(find(), expected, "{name}");
        }
    }
}
