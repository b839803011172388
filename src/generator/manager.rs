use std::path::Path;

use super::settings::setting;
use crate::{
    buildspec::Step,
    project::{
        DecidedBy, ManagerKind, Manifest, Project, RequestedManager, read_manifest, release_for,
    },
};

/// pnpm's settings file, and its list of workspace packages.
const PNPM_WORKSPACE: &str = "pnpm-workspace.yaml";
/// From here on bun may link packages instead of laying them out flat, and has an option against it.
const BUN_LINKERS: semver::Version = semver::Version::new(1, 2, 19);

/// The manager, and how an image without it gets and uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manager {
    /// Which one.
    pub(super) kind: ManagerKind,
    /// The exact version, where it must be fetched.
    pub(super) version: Option<String>,
    /// Whether `packageManager` names that version, which corepack then follows.
    is_named: bool,
    /// What decided for it, and for its version.
    pub(super) because: String,
    /// Whether there is a lockfile to install from.
    pub(super) has_lockfile: bool,
    linker: Linker,
}

/// Amplify copies what the traces name, and does not follow links out of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Linker {
    /// The project sets a flat `node_modules`, or its manager knows nothing else.
    Flat,
    /// The commands must ask for it.
    Ask,
}

impl Manager {
    /// The manager of an app that is installed from a folder at or above it.
    pub(super) fn of(project: &Project, install_folder: &Path) -> Self {
        let root_manifest = read_manifest(install_folder).manifest;
        let lockfile = project.lockfile();
        let root_request = root_manifest
            .as_ref()
            .and_then(|manifest| RequestedManager::parse(manifest.package_manager.as_deref()?));
        let requested = project.manager.requested.clone().or(root_request);
        let undecided = project.manager.decided_by == DecidedBy::Default;
        let kind = match &requested {
            Some(requested)
                if undecided || requested.kind.program() == project.manager.kind.program() =>
            {
                requested.kind
            }
            _ => project.manager.kind,
        };
        let asked = requested
            .filter(|requested| requested.kind == kind)
            .and_then(|requested| requested.version)
            .map(|version| version.to_string());
        let release = || release_for(kind, lockfile, install_folder).map(ToOwned::to_owned);
        let version = match kind {
            ManagerKind::Npm | ManagerKind::YarnClassic => asked.clone(),
            ManagerKind::Pnpm | ManagerKind::Bun => asked.clone().or_else(release),
            ManagerKind::YarnBerry => asked.clone().or_else(|| {
                let brought = setting(&install_folder.join(".yarnrc.yml"), "yarnPath");
                brought.is_none().then(release)?
            }),
        };
        let file = lockfile.map(|lockfile| lockfile.relative_path.clone());
        let because = match (&file, &asked) {
            (Some(file), Some(_)) => format!("{file}, `packageManager`"),
            (Some(file), None) => file.clone(),
            (None, Some(_)) => "`packageManager`".into(),
            (None, None) => "no lockfile, no `packageManager`".into(),
        };
        let is_named = asked.is_some();
        let mut manager = Self {
            kind,
            version,
            is_named,
            because,
            has_lockfile: file.is_some(),
            linker: Linker::Flat,
        };
        manager.linker = manager.linker(install_folder, install_folder != project.root);
        manager
    }

    fn linker(&self, folder: &Path, workspace: bool) -> Linker {
        let is = |file: &str, key: &str, value: &str| {
            setting(&folder.join(file), key).is_some_and(|set| set == value)
        };
        let flat = match self.kind {
            ManagerKind::Npm | ManagerKind::YarnClassic => true,
            // Alone, an app has its packages in its own node_modules.
            ManagerKind::Pnpm => {
                !workspace
                    || is(".npmrc", "node-linker", "hoisted")
                    || is(".npmrc", "shamefully-hoist", "true")
                    || is(PNPM_WORKSPACE, "nodeLinker", "hoisted")
                    || is(PNPM_WORKSPACE, "shamefullyHoist", "true")
            }
            ManagerKind::YarnBerry => is(".yarnrc.yml", "nodeLinker", "node-modules"),
            ManagerKind::Bun => {
                !workspace
                    || is("bunfig.toml", "linker", "hoisted")
                    || self
                        .version
                        .as_deref()
                        .and_then(|text| semver::Version::parse(text).ok())
                        .is_some_and(|version| version < BUN_LINKERS)
            }
        };
        if flat { Linker::Flat } else { Linker::Ask }
    }

    /// What brings the manager into the build image.
    pub(super) fn fetch(&self) -> Vec<Step> {
        let version = self.version.as_deref().unwrap_or_default();
        match self.kind {
            // The image has them.
            ManagerKind::Npm | ManagerKind::YarnClassic => Vec::new(),
            ManagerKind::Pnpm | ManagerKind::Bun => {
                let name = self.kind.program();
                vec![Step::because(
                    format!("npm install -g {name}@{version}"),
                    format!("Amplify's image has no {name}."),
                )]
            }
            ManagerKind::YarnBerry => {
                let mut steps =
                    vec![Step::because("corepack enable", "Amplify's image has yarn 1 only.")];
                if !self.is_named && !version.is_empty() {
                    steps.push(Step::plain(format!("corepack prepare yarn@{version} --activate")));
                }
                steps
            }
        }
    }

    /// What must be set for every command of the manager.
    pub(super) fn environment(&self, for_deployfix: bool) -> Vec<Step> {
        match (self.kind, self.linker) {
            (ManagerKind::YarnBerry, Linker::Ask) => vec![Step::because(
                "export YARN_NODE_LINKER=node-modules",
                "Amplify bundles node_modules; it cannot run Plug'n'Play.",
            )],
            (ManagerKind::Pnpm, Linker::Ask) if for_deployfix => vec![Step::because(
                "export npm_config_node_linker=hoisted",
                "Amplify's bundling does not follow pnpm's links.",
            )],
            _ => Vec::new(),
        }
    }

    /// The install.
    pub(super) fn install(&self) -> Step {
        let mut words = self.kind.frozen_install().join(" ");
        if !self.has_lockfile {
            words = match self.kind {
                // A frozen install of yarn 4 fails in CI without a lockfile.
                ManagerKind::YarnBerry => "yarn install --no-immutable".into(),
                kind => format!("{} install", kind.program()),
            };
        }
        let mut step = match (self.kind, self.linker) {
            (ManagerKind::Npm, _) => Step::plain(format!("{words} --cache .npm --prefer-offline")),
            (ManagerKind::Pnpm, Linker::Ask) => Step::because(
                format!("{words} --config.node-linker=hoisted"),
                "Amplify's bundling does not follow pnpm's links.",
            ),
            (ManagerKind::Bun, Linker::Ask) => Step::because(
                format!("{words} --linker hoisted"),
                "Amplify's bundling does not follow bun's links.",
            ),
            _ => Step::plain(words),
        };
        if !self.has_lockfile {
            step.comment
                .insert(0, "Commit a lockfile, and this can become a frozen install.".into());
        }
        step
    }

    /// What is worth keeping for the next install.
    pub(super) fn cache(&self) -> Option<Step> {
        match self.kind {
            ManagerKind::Npm => Some(Step::plain(".npm/**/*")),
            // yarn 1 completes a node_modules that it finds; `npm ci` and pnpm's links would gain nothing.
            ManagerKind::YarnClassic => Some(Step::plain("node_modules/**/*")),
            ManagerKind::Pnpm | ManagerKind::YarnBerry | ManagerKind::Bun => None,
        }
    }

    /// The build of an app, from the folder where it is installed; `app` is empty where they are one.
    ///
    /// turbo and pnpm build what it depends on in the workspace as well.
    pub(super) fn build(&self, app: &str, manifest: Option<&Manifest>, turbo: bool) -> String {
        let scripts = manifest.is_some_and(|manifest| manifest.scripts.contains_key("build"));
        let name = manifest
            .and_then(|manifest| manifest.name.as_deref())
            .filter(|name| shell_word(name) == **name);
        let path = shell_word(app);
        let execute = self.execute();
        match (app.is_empty(), scripts, name) {
            (true, true, _) => format!("{} run build", self.kind.program()),
            (true, false, _) => format!("{execute} next build"),
            (false, false, _) => format!("{execute} next build {path}"),
            (false, true, Some(name)) if turbo => {
                format!("{execute} turbo run build --filter={name}")
            }
            (false, true, name) => match (self.kind, name) {
                (ManagerKind::Npm, _) => format!("npm run build --workspace {path}"),
                (ManagerKind::Pnpm, Some(name)) => format!("pnpm --filter {name}... run build"),
                (ManagerKind::Pnpm, None) => format!("pnpm --dir {path} run build"),
                (ManagerKind::YarnClassic | ManagerKind::YarnBerry, Some(name)) => {
                    format!("yarn workspace {name} run build")
                }
                (ManagerKind::YarnClassic | ManagerKind::YarnBerry, None) => {
                    format!("yarn --cwd {path} run build")
                }
                (ManagerKind::Bun, _) => format!("bun run --cwd {path} build"),
            },
        }
    }

    /// The command that runs a program of the project.
    pub(super) fn execute(&self) -> &'static str {
        match self.kind {
            ManagerKind::Npm => "npx",
            ManagerKind::Pnpm => "pnpm exec",
            ManagerKind::YarnClassic | ManagerKind::YarnBerry => "yarn",
            ManagerKind::Bun => "bunx",
        }
    }
}

/// A text as one word of bash.
pub(super) fn shell_word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_./@-".contains(c);
    if !text.is_empty() && text.chars().all(safe) && !text.starts_with('-') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_one_word() {
        assert_eq!(shell_word("apps/web"), "apps/web");
        assert_eq!(shell_word("my apps/it's"), r"'my apps/it'\''s'");
        assert_eq!(shell_word("-x"), "'-x'");
    }
}
