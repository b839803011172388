use std::{collections::BTreeMap, sync::OnceLock};

use super::spec_commands::SpecCommands;
use crate::{
    amplify::Platform,
    buildspec::{self, App, SetVariables, Silenced, Specification},
    config::Config,
    env::Contract,
    project::{self, NodeInUse, Project},
    report::FindingId,
};

/// Everything that the checks look at; read once, by the caller.
pub(crate) struct Context<'a> {
    /// The app on disk.
    pub(crate) project: &'a Project,
    /// amplify.yml.
    pub(crate) specification: &'a Specification,
    /// The environment of the command.
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// The Amplify build, where it is one.
    pub(crate) platform: Option<&'a Platform>,
    /// `build.command` of deployfix.yml.
    pub(crate) build_command: Option<&'a str>,
    /// deployfix.yml.
    pub(crate) config: &'a Config,
    /// The contract of variables.
    pub(crate) contract: &'a Contract,
    /// Memory that the container may use, bytes.
    pub(crate) memory_limit: Option<u64>,
    /// Memory that the last successful build needed, bytes.
    pub(crate) needed_memory: Option<u64>,
    /// Filled by the first who asks.
    pub(crate) node: OnceLock<Option<NodeInUse>>,
    /// What comments of amplify.yml accept; filled by the check of that file.
    pub(crate) silenced: OnceLock<Vec<Silenced>>,
}

impl<'a> Context<'a> {
    /// The Node on PATH; asked for once.
    pub(crate) fn node(&self) -> Option<&NodeInUse> {
        self.node.get_or_init(|| project::in_use(self.variables, &self.project.root)).as_ref()
    }

    /// The app of amplify.yml that is built.
    pub(super) fn app(&self) -> Option<&'a App> {
        self.specification.app()
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

    /// The other Node that deployfix's own install and build, as amplify.yml calls them, run their children under.
    pub(super) fn node_switched_to(&self) -> Option<NodeInUse> {
        let commands = self.spec_commands()?;
        if !(commands.deployfix_installs && commands.deployfix_builds) {
            return None;
        }
        let on_amplify = self.platform.is_some();
        project::node_to_switch_to(self.project, self.variables, self.node(), on_amplify)
    }

    /// The variables that amplify.yml itself sets.
    pub(super) fn variables_set_by_spec(&self) -> SetVariables {
        self.app().map(buildspec::variables_set).unwrap_or_default()
    }

    /// Whether somebody has reviewed this kind of finding about this package, so that it is left out of those that name many.
    pub(super) fn accepts(&self, id: FindingId, package: &str) -> bool {
        self.config.ignore.iter().any(|ignore| {
            ignore.id == id && ignore.path.is_none() && ignore.package.as_deref() == Some(package)
        })
    }

    /// Whether Next is among the dependencies.
    pub(super) fn uses_next(&self) -> bool {
        self.project.next.requested.is_some()
    }
}
