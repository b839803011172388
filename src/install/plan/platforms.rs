//! Packages with programs for one platform: told apart from drift, completed, fetched, placed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{InstallPlan, Step, temporary};
use crate::{
    install::{
        completion::{additions, berry_adds_platforms_only, missing_optional},
        platform::{MissingPackage, Placed, missing_packages, place},
        story::Story,
        variants,
    },
    process::CommandSpec,
    project::{ChangeKind, DriftInput, LockfileKind, ManagerKind, Verdict, drift},
    recovery::{Remedy, Review},
    report::{Finding, FindingId},
};

impl InstallPlan {
    pub(super) fn corrected(&mut self, finding: Finding, log: &str) -> Finding {
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

    pub(super) fn after_install(&mut self, reason: String) -> Review {
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

    pub(super) fn fetch_next(&mut self, reason: String) -> Review {
        if let Some(package) = self.wanted.pop_front() {
            self.asked.insert(package.clone());
            self.step = Step::Fetch(package);
            return Review::Continue(reason);
        }
        self.step = Step::Install;
        // What was placed may itself want another.
        self.after_install(reason)
    }

    pub(super) fn omits_optional(&self) -> bool {
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

    pub(super) fn completed_lockfile(&mut self) -> Review {
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
        let reason = Story::completion(&added);
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

    pub(super) fn fetched(&mut self, package: MissingPackage, finding: Option<Finding>) -> Review {
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

    pub(super) fn archive(&self) -> Result<PathBuf, String> {
        let folder = self.fetched.as_ref().ok_or("nothing was fetched")?;
        let entries = fs::read_dir(folder.path()).map_err(|error| error.to_string())?;
        entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
            .ok_or_else(|| "npm left no archive".to_owned())
    }

    pub(super) fn check_integrity(
        &self,
        package: &MissingPackage,
        archive: &Path,
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

    pub(super) fn fetch_command(&self, package: &MissingPackage) -> CommandSpec {
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

    pub(super) fn add_platform_packages(&mut self) -> Result<String, String> {
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
}
