use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    apps::packages_to_build,
    backend::Backend,
    contract::{FILE, Variables},
    manager::Manager,
    node::{self, NodeChoice},
    output::Output,
};
use crate::{
    config::Config,
    project::{
        DecidedBy, ManagerKind, Manifest, Project, RequestSource, node_requests,
        output::OutputMode, read_manifest, repository, workspace_roots,
    },
    report::{Finding, FindingId, Location, Severity},
};

/// A repository and those of its apps that a specification is written for.
#[derive(Debug)]
pub(crate) struct Repository {
    /// Where Amplify looks for amplify.yml.
    pub(crate) root: PathBuf,
    /// Whether git calls it a repository.
    pub(crate) is_git: bool,
    /// The apps, by path.
    pub(crate) apps: Vec<DetectedApp>,
}

/// What is known about one app.
#[derive(Debug)]
pub(crate) struct DetectedApp {
    /// The app on disk.
    pub(super) project: Project,
    /// The app root relative to the repository; empty where they are one.
    pub(crate) path: String,
    /// The folder of the workspace that installs it, relative to the repository; nothing where the
    /// app is installed for itself.
    pub(super) workspace: Option<String>,
    /// The app root relative to the folder it is installed from; empty where they are one.
    pub(super) path_in_workspace: String,
    pub(super) output: Output,
    pub(super) manager: Manager,
    pub(super) node: NodeChoice,
    pub(super) backend: Option<(Backend, &'static str)>,
    /// Whether turbo builds the workspace.
    pub(super) turbo: bool,
    /// Packages of the workspace that must be built before the app: path and manifest.
    pub(super) packages: Vec<(String, Manifest)>,
    /// The variables of the app.
    pub(crate) variables: Variables,
}

/// One thing that was found out, and what decided it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Decision {
    /// What it is about.
    pub(crate) topic: &'static str,
    /// What was decided.
    pub(crate) value: String,
    /// The file or setting that decided.
    pub(crate) because: String,
}

impl Repository {
    /// Looks at apps of one repository; `config` reads the deployfix.yml of an app.
    pub(crate) fn read(
        apps: &[PathBuf],
        process: &BTreeMap<String, String>,
        mut config: impl FnMut(&Path) -> Result<Config, Box<Finding>>,
    ) -> Result<Self, Box<Finding>> {
        let first = apps.first().map_or(Path::new("."), PathBuf::as_path);
        let git = repository::root(first);
        let is_git = git.is_some();
        let root = git.unwrap_or_else(|| outermost(apps));
        let apps = apps
            .iter()
            .map(|app| Ok(DetectedApp::read(app, &root, process, &config(app)?)))
            .collect::<Result<_, Box<Finding>>>()?;
        Ok(Self { root, is_git, apps })
    }
}

/// Without git: the workspace of the apps, else the folder that holds them all.
fn outermost(apps: &[PathBuf]) -> PathBuf {
    let workspaces = apps.iter().filter_map(|app| {
        let roots = workspace_roots(app, None);
        roots.pnpm.or(roots.manifest)
    });
    let mut folders = workspaces.chain(apps.iter().cloned());
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        let shared = common.ancestors().find(|ancestor| folder.starts_with(ancestor));
        shared.map(Path::to_path_buf).unwrap_or_default()
    })
}

impl DetectedApp {
    fn read(
        app_root: &Path,
        repository: &Path,
        process: &BTreeMap<String, String>,
        config: &Config,
    ) -> Self {
        let project = Project::read(app_root);
        let install_folder = install_folder(&project);
        let manifest = project.manifest.manifest.as_ref();
        let output = Output::of(&project.next_config, manifest);
        let root_manifest = read_manifest(&install_folder).manifest;
        let mut requests =
            node_requests(&project.root, project.repository_root.as_deref(), manifest);
        if install_folder != project.root {
            let of_root = node_requests(&install_folder, None, root_manifest.as_ref());
            let in_manifest =
                |source| matches!(source, RequestSource::Engines | RequestSource::Volta);
            requests.extend(of_root.into_iter().filter(|request| in_manifest(request.source)));
        }
        let has_turbo = |manifest: Option<&Manifest>| {
            manifest.is_some_and(|manifest| manifest.range_of("turbo").is_some())
        };
        let in_workspace = install_folder != project.root;
        let turbo = in_workspace
            && install_folder.join("turbo.json").is_file()
            && (has_turbo(root_manifest.as_ref()) || has_turbo(manifest));
        let manager = Manager::of(&project, &install_folder);
        let packages = match manifest {
            Some(manifest) if in_workspace && !turbo && manager.kind != ManagerKind::Pnpm => {
                packages_to_build(&install_folder, manifest)
            }
            _ => Vec::new(),
        };
        Self {
            path: below(repository, &project.root),
            workspace: in_workspace.then(|| below(repository, &install_folder)),
            path_in_workspace: below(&install_folder, &project.root),
            node: node::choose(&requests, output.serves()),
            manager,
            backend: Backend::of(&project.root),
            turbo,
            packages,
            variables: Variables::read(&project.root, config, process, output.serves()),
            output,
            project,
        }
    }

    /// Where the app lies.
    pub(crate) fn root(&self) -> &Path {
        &self.project.root
    }

    /// package.json, where it can be read.
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.project.manifest.manifest.as_ref()
    }

    /// What was found out about it.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        let decision = |topic, value: String, because: &str| Decision {
            topic,
            value,
            because: because.to_owned(),
        };
        let version = self.project.next.version();
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        let mode = match self.output.mode {
            OutputMode::Server => "a server",
            OutputMode::Standalone => "a server (Amplify makes no use of `standalone`)",
            OutputMode::Export => "a static export",
        };
        let mut decisions = vec![
            decision("framework", format!("Next.js{version}, {mode}"), &self.output.because),
            decision(
                "package manager",
                match &self.manager.version {
                    Some(version) => format!("{} {version}", self.manager.kind.program()),
                    None => self.manager.kind.to_string(),
                },
                &self.manager.because,
            ),
            decision(
                "Node",
                self.node
                    .pinned
                    .clone()
                    .unwrap_or_else(|| "the build image's own, 22 today".into()),
                &self.node.because,
            ),
        ];
        if let Some(workspace) = &self.workspace {
            let folder = if workspace.is_empty() { "the repository's root" } else { workspace };
            let file = self.project.lockfile().map(|lockfile| lockfile.relative_path.clone());
            decisions.push(decision(
                "workspace",
                format!("installed from {folder}"),
                &file.unwrap_or_else(|| "its list of packages".into()),
            ));
        }
        if let Some((backend, file)) = self.backend {
            decisions.push(decision("backend", backend.name().into(), file));
        }
        if let Some(because) = &self.variables.because {
            let runtime = match self.variables.runtime.as_slice() {
                [] => "none for a server at run time".into(),
                names => format!("written to .env.production: {}", names.join(", ")),
            };
            decisions.push(decision("variables", runtime, because));
        }
        decisions
    }

    /// What must be set in the Amplify console.
    pub(crate) fn settings(&self) -> Vec<String> {
        let mut settings = vec![if self.output.serves() {
            "platform `WEB_COMPUTE`, framework `Next.js - SSR`".to_owned()
        } else {
            "platform `WEB`, framework `Next.js - SSG`".to_owned()
        }];
        if !self.path.is_empty() {
            settings.push(format!("AMPLIFY_MONOREPO_APP_ROOT={}", self.path));
        }
        if !self.variables.names.is_empty() {
            settings.push(format!(
                "environment variables, as far as this deployment uses them: {}",
                self.variables.names.join(", ")
            ));
        }
        settings
    }

    /// What stands in the way of a deployment, or could not be told.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<_> = self.node.finding.clone().into_iter().collect();
        if !self.output.unknown.is_empty() {
            findings.push(
                Finding::new(
                    FindingId::BuildspecBaseDirectoryMismatch,
                    format!(
                        "next.config computes `{}`, so what the build writes is a guess: `{}`",
                        self.output.unknown.join("`, `"),
                        self.output.base_directory
                    ),
                    "`init` reads the configuration and does not run it; correct `baseDirectory` where it is another",
                )
                .severity(Severity::Info),
            );
        }
        if !self.manager.has_lockfile
            && self.project.manifest.manifest.as_ref().is_some_and(Manifest::has_dependencies)
        {
            findings.push(
                Finding::new(
                    FindingId::LockfileMissing,
                    format!("there is no `{}`", self.manager.kind.lockfile_name()),
                    "every build may install other versions; commit a lockfile, then run `deployfix init --force`",
                )
                .severity(Severity::Warning)
                .location(Location::file("package.json")),
            );
        }
        if self.backend.is_some() && self.workspace.is_some() {
            findings.push(
                Finding::new(
                    FindingId::BuildspecMissingFrontend,
                    "the backend is not in the specification",
                    "where backend commands of a workspace run is not documented; add a `backend` section that installs and deploys it",
                )
                .severity(Severity::Warning),
            );
        }
        for location in findings.iter_mut().filter_map(|finding| finding.location.as_mut()) {
            // Of several apps it would not say which; a version file may also lie at the root.
            if !self.path.is_empty() && self.project.root.join(&location.path).exists() {
                location.path = format!("{}/{}", self.path, location.path);
            }
        }
        findings
    }

    /// The contract to be written into the app root: path and text.
    pub(crate) fn contract(&self) -> Option<(PathBuf, &str)> {
        Some((self.project.root.join(FILE), self.variables.contract.as_deref()?))
    }
}

/// The folder whose lockfile the app is installed from.
fn install_folder(project: &Project) -> PathBuf {
    let root = project.root.clone();
    if let Some(lockfile) = project.lockfile() {
        let steps = lockfile.relative_path.matches("../").count();
        return root.ancestors().nth(steps).map_or(root.clone(), Path::to_path_buf);
    }
    let roots = workspace_roots(&project.root, project.repository_root.as_deref());
    let workspace = match (project.manager.kind, project.manager.decided_by) {
        (ManagerKind::Pnpm, _) => roots.pnpm,
        (_, DecidedBy::Default) => roots.pnpm.or(roots.manifest),
        _ => roots.manifest,
    };
    workspace.unwrap_or(root)
}

/// A path below a folder, `/` as separator; empty where they are one.
fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}
