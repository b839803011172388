use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{Workshop, manager, node};
use crate::{
    process::CommandSpec,
    project::{NodeInUse, in_use},
    report::Finding,
};

/// What a phase needs of its manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// It starts the manager itself.
    Manager,
    /// Its command may call the manager; what an earlier phase fetched is enough.
    Perhaps,
}

/// What the children of a phase get in front of `PATH`, and why. Decided once a phase.
#[derive(Debug, Default)]
pub(crate) struct Toolchain {
    /// Folders of programs, the first one wins.
    pub(super) folders: Vec<PathBuf>,
    /// Variables for the children, where they are not set already.
    pub(super) variables: BTreeMap<String, String>,
    /// The Node that the children run under.
    pub(crate) node: Option<NodeInUse>,
    /// What was decided, and why: warnings with the recovery.
    pub(crate) findings: Vec<Finding>,
}

impl Toolchain {
    /// Decides, and fetches what is missing; the error is what makes it pointless to start the command.
    pub(crate) async fn resolve(workshop: &Workshop<'_>, need: Need) -> Result<Self, Box<Finding>> {
        let mut toolchain =
            Self { node: in_use(workshop.variables, &workshop.project.root), ..Self::default() };
        node::resolve(workshop, &mut toolchain).await;
        manager::resolve(workshop, &mut toolchain, need).await?;
        Ok(toolchain)
    }

    /// Lets a child run with it.
    pub(crate) fn apply(&self, command: &mut CommandSpec) {
        for (name, value) in &self.variables {
            command.variables.entry(name.clone()).or_insert_with(|| value.clone());
        }
        if self.folders.is_empty() {
            return;
        }
        let path = command.variables.get("PATH").cloned().or_else(|| std::env::var("PATH").ok());
        command.variables.insert("PATH".into(), self.path(path.as_deref()));
    }

    /// The environment of the children, from that of deployfix.
    pub(crate) fn environment(
        &self,
        variables: &BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut environment = self.variables.clone();
        environment.extend(variables.clone());
        let path = self.path(variables.get("PATH").map(String::as_str));
        environment.insert("PATH".into(), path);
        environment
    }

    /// A command with it, in a folder.
    pub(super) fn command(&self, program: &Path, arguments: &[&str], folder: &Path) -> CommandSpec {
        let mut command = CommandSpec::new(program, arguments, folder);
        self.apply(&mut command);
        command
    }

    fn path(&self, path: Option<&str>) -> String {
        let own = self.folders.iter().map(|folder| folder.to_string_lossy().into_owned());
        own.chain(path.map(ToOwned::to_owned)).collect::<Vec<_>>().join(":")
    }
}
