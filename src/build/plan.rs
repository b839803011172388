use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use super::MemoryPlan;
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    recovery::{Attemptable, Remedy, free_build_cache},
};

/// The build as it is to be run next.
pub(crate) struct BuildPlan {
    command: CommandSpec,
    memory: MemoryPlan,
    dist_directory: PathBuf,
}

impl BuildPlan {
    /// Plans the first attempt. `defaults` are declared defaults of variables that are not set.
    pub(crate) fn new(
        mut command: CommandSpec,
        memory: MemoryPlan,
        defaults: &BTreeMap<String, String>,
    ) -> Self {
        let dist_directory = command.directory.join(".next");
        command.variables.extend(defaults.clone());
        // A shell line names programs as package scripts do; a manager sets this for its scripts itself.
        if command.is_shell()
            && let Some(path) = with_project_binaries(&command)
        {
            command.variables.insert("PATH".into(), path.to_string_lossy().into_owned());
        }
        Self { command, memory, dist_directory }
    }

    /// What the memory is now.
    pub(crate) fn memory(&self) -> &MemoryPlan {
        &self.memory
    }
}

impl Attemptable for BuildPlan {
    const STAGE: Stage = Stage::Build;

    fn command(&self) -> CommandSpec {
        let mut command = self.command.clone();
        for (name, value) in self.memory.variables() {
            command.set(name, value);
        }
        command
    }

    fn apply(&mut self, remedy: Remedy, _: &Ended) -> Result<String, String> {
        match remedy {
            Remedy::RaiseHeap => self.memory.raise(),
            Remedy::LowerMemory => self.memory.lower(),
            Remedy::FreeCaches => free_build_cache(&self.dist_directory),
            Remedy::RetryWithBackoff => Ok("waits, because the other side may come back".into()),
            Remedy::RetryOnce | Remedy::PreferOnline | Remedy::FreshCache => {
                Ok("runs the same once more".into())
            }
            Remedy::FallbackRegistry
            | Remedy::PlatformPackages
            | Remedy::Reinstall
            | Remedy::ResolveOnce
            | Remedy::UnfrozenInstall
            | Remedy::LegacyPeerDeps => {
                Err("a build does not install: run `deployfix install` before it".into())
            }
        }
    }
}

/// The command's `PATH` with every `node_modules/.bin` from its folder upwards in front, as package managers set it.
fn with_project_binaries(command: &CommandSpec) -> Option<OsString> {
    let absolute = std::path::absolute(&command.directory).ok()?;
    let binaries = absolute.ancestors().map(|folder| folder.join("node_modules/.bin"));
    let path =
        command.variables.get("PATH").map(OsString::from).or_else(|| std::env::var_os("PATH"));
    std::env::join_paths(binaries.chain(std::env::split_paths(&path.unwrap_or_default()))).ok()
}
