use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fs,
};

use tempfile::TempDir;
use url::Url;

use super::{
    InstallSite, cache,
    completion::{additions, berry_adds_platforms_only, missing_optional},
    fallback::{self, Settings},
    free_space::free_caches,
    kept::KeptFiles,
    platform::{MissingPackage, Placed, missing_packages, place},
    story::Story,
    variants,
};
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::{ChangeKind, DriftInput, LockedPackage, LockfileKind, ManagerKind, Verdict, drift},
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
    /// Plans the first attempt with the manager's frozen command.
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

    /// Whether exactly what is locked was installed, and the optional packages that its packages pin.
    pub(crate) fn is_as_locked(&self) -> bool {
        self.story.is_as_locked()
    }

    /// Adds to the phase what recoveries made of the installation; the recommendations for the run.
    pub(crate) fn conclude(&mut self, phase: &mut PhaseReport, succeeded: bool) -> Vec<String> {
        // The checkout is as it was before anything is reported.
        self.kept = None;
        self.story.conclude(phase, succeeded)
    }

    /// The manager's command in its present form.
    fn install_command(&self) -> CommandSpec {
        if self.unfrozen {
            variants::unfrozen(self.manager, &self.frozen)
        } else {
            self.frozen.clone()
        }
    }

    /// Keeps what the manager may change from now on.
    fn keep_files(&mut self) -> Result<(), String> {
        if self.kept.is_none() {
            let kept = KeptFiles::keep(&self.site.app_root, &self.site.written_files());
            self.kept = Some(kept.map_err(|error| {
                format!("cannot keep a copy of what the manager would change: {error}")
            })?);
        }
        Ok(())
    }

    /// Lets every attempt begin with the same files.
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

    /// Whether it is not a forgotten install, but optional packages of platforms that the lockfile lacks.
    fn corrected(&mut self, finding: Finding, log: &str) -> Finding {
        if finding.id != FindingId::LockfileOutOfSync || self.completed.is_some() || self.unfrozen {
            return finding;
        }
        let Some(lockfile) = self.site.read_lockfile() else { return finding };
        let of_log = match lockfile.kind {
            LockfileKind::Npm | LockfileKind::NpmShrinkwrap => {
                lockfile.text.as_ref().ok().and_then(|text| missing_optional(&text.content, log))
            }
            LockfileKind::YarnBerry => berry_adds_platforms_only(log).then(Vec::new),
            _ => None,
        };
        let missing = of_log.or_else(|| {
            let input = DriftInput {
                root: &self.site.root,
                lockfile: &lockfile,
                manager_version: None,
                variables: &self.options.variables,
            };
            let drift = drift(&input);
            let platforms = drift.verdict == Verdict::OutOfSync
                && !drift.changes.is_empty()
                && drift.changes.iter().all(|change| change.kind == ChangeKind::PlatformOptional);
            platforms.then(|| drift.changes.iter().map(|change| change.name.clone()).collect())
        });
        match missing {
            Some(missing) => self.story.platform_packages(finding, &missing),
            None => finding,
        }
    }

    /// The manager says that it installed.
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

    /// Looks for packages of this platform, and decides what follows.
    fn after_install(&mut self, reason: String) -> Review {
        if self.omits_optional() {
            return Review::Accept(reason);
        }
        let missing = missing_packages(&self.site.folders, &self.site.own_words());
        self.wanted = missing.into_iter().filter(|package| !self.asked.contains(package)).collect();
        match self.wanted.front() {
            None => Review::Accept(reason),
            Some(first) if self.asked.is_empty() => {
                let finding = self.story.missing(first, self.wanted.len());
                Review::Mend(Box::new(finding), Remedy::PlatformPackages)
            }
            Some(_) => self.fetch_next(reason),
        }
    }

    fn fetch_next(&mut self, reason: String) -> Review {
        match self.wanted.pop_front() {
            Some(package) => {
                self.asked.insert(package.clone());
                self.step = Step::Fetch(package);
                Review::Continue(reason)
            }
            None => {
                self.step = Step::Install;
                // What was placed may itself want another.
                self.after_install(reason)
            }
        }
    }

    /// Whether the project does without optional packages.
    fn omits_optional(&self) -> bool {
        let settings = ["omit", "optional"];
        let of_variable = self.options.variables.iter().any(|(name, value)| {
            let name = name.to_ascii_lowercase();
            settings.iter().any(|setting| name == format!("npm_config_{setting}"))
                && (value.contains("optional") || value == "false")
        });
        let of_file = || {
            self.site.folders.iter().any(|folder| {
                let text = fs::read_to_string(folder.join(".npmrc")).unwrap_or_default();
                text.lines().any(|line| {
                    let line: String = line.split_whitespace().collect();
                    matches!(line.as_str(), "omit=optional" | "omit[]=optional" | "optional=false")
                })
            })
        };
        let of_command = || {
            self.frozen.arguments.iter().any(|argument| {
                argument == "--omit=optional"
                    || argument == "--no-optional"
                    || argument == "--ignore-optional"
            })
        };
        of_variable || of_file() || of_command()
    }

    /// The lockfile was completed; decides whether only that happened.
    fn completed_lockfile(&mut self) -> Review {
        let before = self.kept.as_ref().and_then(|kept| kept.original(&self.site.lockfile));
        let before = String::from_utf8(before.unwrap_or_default()).unwrap_or_default();
        let after = fs::read_to_string(&self.site.lockfile).unwrap_or_default();
        let added = self.site.kind.and_then(|kind| additions(kind, &before, &after));
        let Some(added) = added else {
            self.step = Step::Install;
            self.kept = None;
            self.completed = Some(Vec::new());
            let finding = self.story.more_than_platforms();
            return Review::Reject(Box::new(finding));
        };
        let reason = self.story.completion(&added);
        self.lockfile_text = Some(after);
        self.completed = Some(added);
        self.step = Step::Install;
        // `npm ci` would still miss those that no registry has; `npm install` takes the lockfile as it is now.
        self.unfrozen = self.manager == ManagerKind::Npm;
        if self.unfrozen
            && let Err(reason) = self.site.remove_node_modules()
        {
            tracing::debug!(reason, "node_modules stays");
        }
        Review::Continue(reason)
    }

    /// A package was fetched, or could not be.
    fn fetched(&mut self, package: MissingPackage, finding: Option<Finding>) -> Review {
        if let Some(finding) = finding {
            let reason = format!(
                "{} cannot be fetched ({}); looks whether {} needs it",
                package.specification(),
                finding.id,
                package.parent
            );
            self.story.not_fetched(&package, &finding);
            self.step = Step::Load(package);
            return Review::Continue(reason);
        }
        let placed = self.archive().and_then(|archive| {
            self.check_integrity(&package, &archive)?;
            let placed = place(&package, &archive).map_err(|error| error.to_string());
            // The next archive is to be alone again.
            let _ = fs::remove_file(&archive);
            placed
        });
        let reason = match placed {
            Ok(Placed::There(folder)) => {
                self.story.placed(&package);
                let folder = crate::project::relative(&self.site.app_root, &folder);
                format!("put {} into {folder}", package.specification())
            }
            Ok(Placed::NotForThisMachine) => {
                format!("{} is not for this machine", package.specification())
            }
            Err(error) => {
                self.story.not_placed(&package, &error);
                format!("{} cannot be put into place: {error}", package.specification())
            }
        };
        self.fetch_next(reason)
    }

    /// The archive that the last fetch left, alone in its folder.
    fn archive(&self) -> Result<std::path::PathBuf, String> {
        let folder = self.fetched.as_ref().ok_or("nothing was fetched")?;
        let entries = fs::read_dir(folder.path()).map_err(|error| error.to_string())?;
        entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
            .ok_or_else(|| "npm left no archive".to_owned())
    }

    /// npm checked the archive against the registry; where the lockfile knows the package, it must agree as well.
    fn check_integrity(
        &self,
        package: &MissingPackage,
        archive: &std::path::Path,
    ) -> Result<(), String> {
        use base64::Engine as _;
        use sha2::Digest as _;
        let locked = self.site.locked();
        let expected = locked
            .iter()
            .filter(|locked| {
                locked.name == package.name && locked.version.as_deref() == Some(&package.version)
            })
            .find_map(|locked| locked.integrity.as_deref()?.strip_prefix("sha512-"));
        let Some(expected) = expected else { return Ok(()) };
        let bytes = fs::read(archive).map_err(|error| error.to_string())?;
        let digest = base64::engine::general_purpose::STANDARD.encode(sha2::Sha512::digest(bytes));
        if digest == expected {
            Ok(())
        } else {
            Err("its checksum is not the one in the lockfile".into())
        }
    }

    fn fetch_command(&self, package: &MissingPackage) -> CommandSpec {
        let mut command = self.frozen.clone();
        command.program = "npm".into();
        let folder = self.fetched.as_ref().map(|folder| folder.path().to_string_lossy());
        command.arguments =
            ["pack", &package.specification(), "--ignore-scripts"].map(Into::into).to_vec();
        command.arguments.push("--pack-destination".into());
        command.arguments.push(folder.unwrap_or_default().into_owned().into());
        let asks_elsewhere = !matches!(self.manager, ManagerKind::Npm | ManagerKind::Pnpm);
        if let Some(registry) = self.settings().registry().filter(|_| asks_elsewhere) {
            command.arguments.push(format!("--registry={registry}").into());
        }
        command
    }

    fn settings(&self) -> Settings {
        Settings::read(&[&self.site.app_root, &self.site.root], &self.options.variables)
    }

    /// Lets the manager choose, from the lockfile as it is or from none.
    fn unfreeze(&mut self, remedy: Remedy) -> Result<String, String> {
        self.keep_files()?;
        self.completed = None;
        self.lockfile_text = None;
        self.reset_files()?;
        self.locked = self.site.locked();
        if self.manager == ManagerKind::Npm {
            self.site.remove_node_modules()?;
        }
        self.unfrozen = true;
        self.step = Step::Install;
        let cause = self.cause.clone();
        self.story.chooses_versions(cause);
        Ok(if remedy == Remedy::ResolveOnce {
            "lets the manager choose versions once, and reports every one; the checkout gets no lockfile".into()
        } else {
            "installs what package.json asks for, beginning with the lockfile, and reports what differs; the lockfile of the checkout stays".into()
        })
    }

    fn ignore_peers(&mut self) -> Result<String, String> {
        let Some(switch) = variants::without_peer_check(self.manager) else {
            return Err(format!("{} has no switch for it", self.manager));
        };
        self.frozen.arguments.push(switch.into());
        let cause = self.cause.clone();
        self.story.ignores_peers(cause);
        let versions = if self.unfrozen { "" } else { ", in the versions of the lockfile" };
        Ok(format!("installs with `{switch}`{versions}, although the peers do not fit"))
    }

    fn add_platform_packages(&mut self) -> Result<String, String> {
        if let Some(first) = self.wanted.pop_front() {
            let folder = temporary("deployfix-platform-")
                .map_err(|error| format!("cannot make a folder for it: {error}"))?;
            self.fetched = Some(folder);
            let reason = format!(
                "fetches {}, the version that {} pins, and saves nothing",
                first.specification(),
                first.parent
            );
            self.asked.insert(first.clone());
            self.step = Step::Fetch(first);
            return Ok(reason);
        }
        if variants::complete_lockfile(self.manager, &self.frozen).is_none() {
            return Err(format!("{} has no way to complete a lockfile alone", self.manager));
        }
        self.keep_files()?;
        self.step = Step::CompleteLockfile;
        Ok("completes a copy of the lockfile with the optional packages that its packages pin; anything else that changes ends it".into())
    }

    fn ask_fallback(&mut self) -> Result<String, String> {
        let Some(fallback) = self.options.fallback_registry.clone() else {
            return Err("deployfix.yml names no `install.fallbackRegistry`".into());
        };
        let lockfile = fs::read_to_string(&self.site.lockfile).ok();
        let (command, text) = fallback::redirected(
            self.manager,
            &self.frozen,
            &self.settings(),
            &fallback,
            lockfile.as_deref(),
        )?;
        if text.is_some() {
            self.keep_files()?;
            self.lockfile_text = text;
            self.reset_files()?;
        }
        self.frozen = command;
        let host = fallback.host_str().unwrap_or_default().to_owned();
        let cause = self.cause.clone();
        self.story.asked_fallback(cause, &host);
        Ok(format!(
            "asks the fallback registry {host}: same lockfile, same checksums, no credentials of the first"
        ))
    }

    fn free_caches(&mut self) -> Result<String, String> {
        let (freed, reason) = free_caches(
            self.manager,
            &self.site.app_root,
            &self.options.variables,
            self.options.in_ci,
        )?;
        self.story.freed(freed);
        Ok(reason)
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
            Remedy::RaiseHeap | Remedy::LowerMemory => {
                Err("a package manager's memory is not planned".into())
            }
        }
    }
}

fn temporary(prefix: &str) -> std::io::Result<TempDir> {
    tempfile::Builder::new().prefix(prefix).tempdir()
}
