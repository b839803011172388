use tempfile::TempDir;

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

    fn use_fresh_cache(&mut self) -> Result<String, String> {
        let variable = match self.manager {
            ManagerKind::Npm => "npm_config_cache",
            ManagerKind::YarnClassic => "YARN_CACHE_FOLDER",
            ManagerKind::Bun => "BUN_INSTALL_CACHE_DIR",
            // Their trees point into the store, which must outlive the installation.
            ManagerKind::Pnpm | ManagerKind::YarnBerry => {
                return Ok("fetches it once more; checksums stay checked".into());
            }
        };
        let folder = tempfile::Builder::new()
            .prefix("deployfix-cache-")
            .tempdir()
            .map_err(|error| format!("cannot make an empty cache: {error}"))?;
        self.command.set(variable, folder.path().to_string_lossy());
        self.fresh_cache = Some(folder);
        Ok(format!(
            "fetches everything again into an empty cache ({variable}); checksums stay checked"
        ))
    }
}

impl Attemptable for InstallPlan {
    const STAGE: Stage = Stage::Install;

    fn command(&self) -> CommandSpec {
        self.command.clone()
    }

    fn apply(&mut self, remedy: Remedy, _: &Ended) -> Result<String, String> {
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
            Remedy::FreshCache => self.use_fresh_cache(),
            Remedy::FreeCaches => free_build_cache(&self.command.directory.join(".next")),
            Remedy::RaiseHeap | Remedy::LowerMemory => {
                Err("a package manager's memory is not planned".into())
            }
        }
    }
}
