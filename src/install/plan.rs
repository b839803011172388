mod platforms;
mod remedies;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
};

use tempfile::TempDir;
use url::Url;

use super::{
    InstallSite, cache, completion::additions, fallback::Settings, kept::KeptFiles,
    platform::MissingPackage, story::Story, variants,
};
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::{LockedPackage, ManagerKind},
    recovery::{Attemptable, Remedy, Review},
    report::{Finding, FindingId, PhaseReport},
};

/// What an installation may use besides the manager's command.
pub(crate) struct InstallSettings {
    /// The registry to ask when the configured one does not answer.
    pub(crate) fallback_registry: Option<Url>,
    /// Whether a lockfile that a recovery had to write stays in the checkout.
    pub(crate) write_lockfile: bool,
    /// Whether it happens in a CI, where caches belong to nobody.
    pub(crate) in_ci: bool,
    /// The environment of the children.
    pub(crate) variables: BTreeMap<String, String>,
}

/// The installation as it is to be run next.
pub(crate) struct InstallPlan {
    manager: ManagerKind,
    site: InstallSite,
    options: InstallSettings,
    /// The manager's frozen command with what recoveries added to it.
    frozen: CommandSpec,
    step: Step,
    /// Whether the manager may write the lockfile.
    unfrozen: bool,
    /// The files of the checkout as they were, while the manager may change them.
    kept: Option<KeptFiles>,
    /// What the lockfile must hold when the next command starts, where that is not what it held at first.
    lockfile_text: Option<String>,
    /// What the lockfile named before the manager might change it.
    locked: Vec<LockedPackage>,
    /// Whether the lockfile was completed with optional packages already, and with which.
    completed: Option<Vec<String>>,
    /// Packages of this platform that are still to be fetched.
    wanted: VecDeque<MissingPackage>,
    /// Those that were asked for already.
    asked: BTreeSet<MissingPackage>,
    fetched: Option<TempDir>,
    /// What a retry is about.
    cause: Option<Finding>,
    /// An empty cache, kept until the end of the phase.
    fresh_cache: Option<TempDir>,
    story: Story,
}

/// What the next command does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// It installs.
    Install,
    /// It writes into the lockfile what that lacks, and installs nothing.
    CompleteLockfile,
    /// It fetches one package of this platform.
    Fetch(MissingPackage),
    /// It loads the package that wanted one which could not be fetched.
    Load(MissingPackage),
}

impl InstallPlan {
    pub(crate) fn new(
        manager: ManagerKind,
        site: InstallSite,
        command: CommandSpec,
        options: InstallSettings,
    ) -> Self {
        Self {
            manager,
            locked: Vec::new(),
            frozen: command,
            step: Step::Install,
            unfrozen: false,
            kept: None,
            lockfile_text: None,
            completed: None,
            wanted: VecDeque::new(),
            asked: BTreeSet::new(),
            fetched: None,
            cause: None,
            fresh_cache: None,
            story: Story::new(manager, site.lockfile_name(), options.write_lockfile),
            site,
            options,
        }
    }

    pub(crate) fn is_as_locked(&self) -> bool {
        self.story.is_as_locked()
    }

    pub(crate) fn conclude(&mut self, phase: &mut PhaseReport, succeeded: bool) -> Vec<String> {
        // The checkout is as it was before anything is reported.
        self.kept = None;
        self.story.conclude(phase, succeeded)
    }

    fn install_command(&self) -> CommandSpec {
        if self.unfrozen {
            variants::unfrozen(self.manager, &self.frozen)
        } else {
            self.frozen.clone()
        }
    }

    fn keep_files(&mut self) -> Result<(), String> {
        if self.kept.is_none() {
            let kept = KeptFiles::keep(&self.site.app_root, &self.site.written_files());
            self.kept = Some(kept.map_err(|error| {
                format!("cannot keep a copy of what the manager would change: {error}")
            })?);
        }
        Ok(())
    }

    fn reset_files(&self) -> Result<(), String> {
        let describe = |error| format!("cannot put back the lockfile: {error}");
        if let Some(kept) = &self.kept {
            kept.restore().map_err(describe)?;
            if let Some(text) = &self.lockfile_text {
                fs::write(&self.site.lockfile, text).map_err(describe)?;
            }
        }
        Ok(())
    }

    fn installed(&mut self, log: &str) -> Review {
        if log.contains("TAR_ENTRY_ERROR ENOSPC") {
            // npm only warns, and exits with 0.
            return Review::Reject(Box::new(Finding::new(
                FindingId::DiskFull,
                "the disk was full while packages were unpacked, though the manager says that it installed them",
                "files are missing or cut off in `node_modules`; the build would fail on them",
            )));
        }
        if self.unfrozen {
            let after = self.site.locked();
            let text = fs::read_to_string(&self.site.lockfile).unwrap_or_default();
            if let Some(added) = &self.completed {
                let completed = self.lockfile_text.as_deref().unwrap_or_default();
                let unchanged = self
                    .site
                    .kind
                    .is_some_and(|kind| additions(kind, completed, &text) == Some(Vec::new()));
                if !unchanged {
                    self.completed = None;
                    return Review::Reject(Box::new(self.story.more_than_platforms()));
                }
                self.story.completed(added.clone());
            } else {
                self.story.installed_other_versions(&self.locked, &after);
                self.story.keep_lockfile(&self.site, &text);
            }
        } else if let Some(added) = &self.completed {
            self.story.completed(added.clone());
        }
        if self.options.write_lockfile
            && let Some(kept) = &mut self.kept
            && !self.story.is_redirected()
        {
            kept.give_up(&self.site.lockfile);
        }
        self.kept = None;
        self.lockfile_text = None;
        self.after_install("exit code 0".to_owned())
    }

    fn settings(&self) -> Settings {
        Settings::read(&[&self.site.app_root, &self.site.root], &self.options.variables)
    }
}

impl Attemptable for InstallPlan {
    const STAGE: Stage = Stage::Install;

    fn command(&self) -> CommandSpec {
        match &self.step {
            Step::Install => self.install_command(),
            Step::CompleteLockfile => variants::complete_lockfile(self.manager, &self.frozen)
                .unwrap_or_else(|| self.install_command()),
            Step::Fetch(package) => self.fetch_command(package),
            Step::Load(package) => CommandSpec {
                program: "node".into(),
                arguments: vec![
                    "--eval".into(),
                    "require(process.argv[1])".into(),
                    package.parent_folder.clone().into(),
                ],
                ..self.frozen.clone()
            },
        }
    }

    fn obstacle(&self) -> Option<Finding> {
        let is_locked = self.site.kind.is_some() || self.unfrozen;
        (!is_locked).then(|| self.story.no_lockfile())
    }

    fn review(&mut self, _: &Ended, finding: Option<Finding>, log: &str) -> Review {
        let review = match (self.step.clone(), finding) {
            (Step::Install, None) => self.installed(log),
            (Step::Install, Some(finding)) => {
                let finding = self.corrected(finding, log);
                Review::Reject(Box::new(finding))
            }
            (Step::CompleteLockfile, None) => self.completed_lockfile(),
            (Step::CompleteLockfile, Some(finding)) => Review::Reject(Box::new(finding)),
            (Step::Fetch(package), finding) => self.fetched(package, finding),
            (Step::Load(package), finding) => {
                let reason = match &finding {
                    None => format!("{} loads without it", package.parent),
                    Some(_) => format!("{} does not load without it", package.parent),
                };
                self.story.loaded(&package, finding.is_none());
                self.fetch_next(reason)
            }
        };
        if let Review::Reject(finding) | Review::Mend(finding, _) = &review {
            self.cause = Some((**finding).clone());
        }
        review
    }

    fn apply(&mut self, remedy: Remedy, ended: &Ended) -> Result<String, String> {
        self.reset_files()?;
        match remedy {
            Remedy::RetryWithBackoff => Ok("waits, because the registry may come back".into()),
            Remedy::RetryOnce => Ok("runs the same once more".into()),
            Remedy::PreferOnline => {
                if self.manager != ManagerKind::Npm {
                    return Ok("runs the same once more".into());
                }
                self.frozen.arguments.push("--prefer-online".into());
                Ok("asks the registry again for what it may have published since".into())
            }
            Remedy::FreshCache => {
                let (words, folder) = cache::renew(self.manager, &mut self.frozen, &ended.tail)?;
                self.fresh_cache = folder;
                Ok(words)
            }
            Remedy::FreeCaches => self.free_caches(),
            Remedy::FallbackRegistry => self.ask_fallback(),
            Remedy::PlatformPackages => self.add_platform_packages(),
            Remedy::Reinstall => {
                self.site.remove_node_modules()?;
                Ok("removes `node_modules` and installs it anew".into())
            }
            Remedy::ResolveOnce => {
                self.cause = Some(self.story.no_lockfile());
                self.unfreeze(remedy)
            }
            Remedy::UnfrozenInstall => self.unfreeze(remedy),
            Remedy::LegacyPeerDeps => self.ignore_peers(),
            Remedy::RaiseHeap | Remedy::LowerMemory | Remedy::ClearCache | Remedy::RunGenerator => {
                Err("that mends a build, not an installation".into())
            }
        }
    }
}

fn temporary(prefix: &str) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir()
}
