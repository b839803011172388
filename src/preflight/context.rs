use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use super::spec_commands::SpecCommands;
use crate::{
    amplify::Platform,
    buildspec::{self, App, FindError, SetVariables, Spec, SpecFile},
    project::{self, NodeInUse, Project},
    report::Finding,
};

/// Holds the contract of variables against what is set; is given the names that amplify.yml sets.
pub(crate) type ContractCheck<'a> = dyn Fn(&BTreeSet<String>) -> Vec<Finding> + Sync + 'a;

/// Everything that the checks look at; read once, by the caller.
pub(crate) struct Context<'a> {
    /// The app on disk.
    pub(crate) project: &'a Project,
    /// amplify.yml.
    pub(crate) buildspec: &'a Result<Option<SpecFile>, FindError>,
    /// The environment of the command.
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// The Amplify build, where it is one.
    pub(crate) platform: Option<&'a Platform>,
    /// `build.command` of deployfix.yml.
    pub(crate) build_command: Option<&'a str>,
    /// The contract of variables.
    pub(crate) contract: Option<&'a ContractCheck<'a>>,
    /// Memory that the container may use, bytes.
    pub(crate) memory_limit: Option<u64>,
    /// Filled by the first who asks.
    pub(crate) node: OnceLock<Option<NodeInUse>>,
}

impl<'a> Context<'a> {
    /// The Node on PATH; asked for once.
    pub(crate) fn node(&self) -> Option<&NodeInUse> {
        self.node.get_or_init(|| project::in_use(self.variables, &self.project.root)).as_ref()
    }

    /// The meaning of amplify.yml, where it has one.
    pub(super) fn spec(&self) -> Option<(&'a SpecFile, &'a Spec)> {
        let file = self.buildspec.as_ref().ok()?.as_ref()?;
        Some((file, file.spec.as_ref().ok()?))
    }

    /// `AMPLIFY_MONOREPO_APP_ROOT`, in an Amplify build or set by hand.
    pub(super) fn declared_root(&self) -> Option<&'a str> {
        self.variables
            .get("AMPLIFY_MONOREPO_APP_ROOT")
            .map(String::as_str)
            .filter(|root| !root.is_empty())
    }

    /// The app root relative to the repository; empty where they are one.
    pub(super) fn project_path(&self) -> String {
        let repository = self.project.repository_root.as_deref();
        repository
            .and_then(|repository| self.project.root.strip_prefix(repository).ok())
            .map(|path| path.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The app of amplify.yml that is built.
    pub(super) fn app(&self) -> Option<&'a App> {
        let (_, spec) = self.spec()?;
        let path = self.project_path();
        match buildspec::select(spec, self.declared_root().or(Some(&path))) {
            buildspec::Selection::App(app) | buildspec::Selection::NotMonorepo(app) => Some(app),
            buildspec::Selection::NoMatch | buildspec::Selection::Ambiguous => None,
        }
    }

    /// What the commands of that app do; nothing without one.
    pub(super) fn spec_commands(&self) -> Option<SpecCommands> {
        self.app().map(SpecCommands::read)
    }

    /// Whether amplify.yml chooses another Node than the one that is looked at now.
    pub(super) fn node_chosen_later(&self) -> bool {
        self.spec_commands().is_some_and(|commands| {
            if self.platform.is_some() && commands.runs_deployfix {
                commands.chooses_node_later
            } else {
                commands.chooses_node
            }
        })
    }

    /// The variables that amplify.yml itself sets.
    pub(super) fn variables_set_by_spec(&self) -> SetVariables {
        self.app().map(buildspec::variables_set).unwrap_or_default()
    }

    /// Whether Next is among the dependencies.
    pub(super) fn uses_next(&self) -> bool {
        self.project.next.requested.is_some()
    }
}
