use tempfile::TempDir;

use super::cache;
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::ManagerKind,
    recovery::{Attemptable, Remedy, free_build_cache},
};

/// The installation as it is to be run next.
pub(crate) struct InstallPlan {
    manager: ManagerKind,
    command: CommandSpec,
    /// An empty cache, kept until the end of the phase.
    fresh_cache: Option<TempDir>,
}

impl InstallPlan {
    /// Plans the first attempt with the manager's frozen command.
    pub(crate) fn new(manager: ManagerKind, command: CommandSpec) -> Self {
        Self { manager, command, fresh_cache: None }
    }
}

impl Attemptable for InstallPlan {
    const STAGE: Stage = Stage::Install;

    fn command(&self) -> CommandSpec {
        self.command.clone()
    }

    fn apply(&mut self, remedy: Remedy, ended: &Ended) -> Result<String, String> {
        match remedy {
            Remedy::RetryWithBackoff => Ok("waits, because the registry may come back".into()),
            Remedy::RetryOnce => Ok("runs the same once more".into()),
            Remedy::PreferOnline => {
                if self.manager != ManagerKind::Npm {
                    return Ok("runs the same once more".into());
                }
                self.command.arguments.push("--prefer-online".into());
                Ok("asks the registry again for what it may have published since".into())
            }
            Remedy::FreshCache => {
                let (words, folder) = cache::renew(self.manager, &mut self.command, &ended.tail)?;
                self.fresh_cache = folder;
                Ok(words)
            }
            Remedy::FreeCaches => free_build_cache(&self.command.directory.join(".next")),
            Remedy::RaiseHeap | Remedy::LowerMemory => {
                Err("a package manager's memory is not planned".into())
            }
        }
    }
}
