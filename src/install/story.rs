use std::fs;

use super::{InstallSite, platform::MissingPackage, variants};
use crate::{
    project::{LockedPackage, ManagerKind, Source, version_changes},
    report::{
        Evidence, Finding, FindingId, PhaseReport, Severity, VersionChange, VersionChanges,
        store::DIRECTORY,
    },
};

/// Differences that a message lists; the report has them all.
const LISTED: usize = 20;

/// What recoveries made of an installation, told in findings and recommendations.
pub(super) struct Story {
    manager: ManagerKind,
    /// The lockfile as reports show it.
    lockfile: String,
    /// Whether the lockfile that was written stays.
    writes_lockfile: bool,
    /// Why the manager chose versions by itself.
    choice: Option<Finding>,
    versions: Option<VersionChanges>,
    /// Where the lockfile that was used is kept, relative to the app root.
    used_lockfile: Option<String>,
    /// The peers that do not fit.
    peers: Option<Finding>,
    /// The registry's failure, and the host that was asked instead.
    fallback: Option<(Finding, String)>,
    /// The manager's refusal of a lockfile without packages of other platforms.
    refusal: Option<Finding>,
    /// What completed the lockfile, as `name@version`.
    completion: Option<Vec<String>>,
    /// Packages of this platform that were put into `node_modules`.
    placed: Vec<MissingPackage>,
    warnings: Vec<Finding>,
    freed: u64,
}

impl Story {
    pub(super) fn new(manager: ManagerKind, lockfile: String, writes_lockfile: bool) -> Self {
        Self {
            manager,
            lockfile,
            writes_lockfile,
            choice: None,
            versions: None,
            used_lockfile: None,
            peers: None,
            fallback: None,
            refusal: None,
            completion: None,
            placed: Vec::new(),
            warnings: Vec::new(),
            freed: 0,
        }
    }

    pub(super) fn is_as_locked(&self) -> bool {
        self.choice.is_none() && self.peers.is_none()
    }

    pub(super) fn is_redirected(&self) -> bool {
        self.fallback.is_some()
    }

    /// What stops the manager before it is started.
    pub(super) fn no_lockfile(&self) -> Finding {
        let program = self.manager.program();
        let name = &self.lockfile;
        Finding::new(
            FindingId::LockfileMissing,
            format!("there is no {name} for {program} to install from"),
            "without a lockfile every build may ship other versions",
        )
        .hint(format!("run `{}` and commit {name}", variants::write_lockfile(self.manager)))
    }

    /// The refusal as what it is: the lockfile lacks optional packages of some platforms.
    pub(super) fn platform_packages(&mut self, refusal: Finding, missing: &[String]) -> Finding {
        let lockfile = &self.lockfile;
        let names = if missing.is_empty() {
            String::new()
        } else {
            let listed: Vec<_> = missing.iter().take(3).map(|name| format!("`{name}`")).collect();
            let more = missing.len().saturating_sub(listed.len());
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(": {}{more}", listed.join(", "))
        };
        let mut finding = Finding::new(
            FindingId::PlatformBinaryMissing,
            format!(
                "`{lockfile}` lacks optional packages that its own packages pin for a platform{names}"
            ),
            format!(
                "the lockfile was written where they were left out, by another system or because the registry does not have them, and {} refuses it; nobody forgot to install",
                self.manager
            ),
        );
        finding.evidence = refusal.evidence;
        let finding = match self.manager {
            ManagerKind::Npm => {
                finding.hint("rm -rf node_modules package-lock.json && npm install")
            }
            manager => finding.hint(variants::write_lockfile(manager)),
        };
        self.refusal = Some(finding.clone());
        finding
    }

    /// Completing the lockfile changed what it must not.
    pub(super) fn more_than_platforms(&mut self) -> Finding {
        self.refusal = None;
        Finding::new(
            FindingId::LockfileOutOfSync,
            format!("`{}` needs more than the optional packages that it lacks", self.lockfile),
            format!("{} would change locked packages as well", self.manager),
        )
        .hint(format!(
            "run `{}` and commit {}",
            variants::write_lockfile(self.manager),
            self.lockfile
        ))
    }

    /// What completing the lockfile did, for the record of the attempt.
    pub(super) fn completion(added: &[String]) -> String {
        if added.is_empty() {
            return "the registry has none of what the lockfile lacks: installs exactly what it holds".into();
        }
        format!(
            "{} added for the installation alone, nothing else changed: {}",
            if added.len() == 1 {
                "1 package".to_owned()
            } else {
                format!("{} packages", added.len())
            },
            added.join(", ")
        )
    }

    /// It was installed so.
    pub(super) fn completed(&mut self, added: Vec<String>) {
        self.completion = Some(added);
    }

    pub(super) fn chooses_versions(&mut self, cause: Option<Finding>) {
        self.choice = cause;
        self.refusal = None;
        self.completion = None;
    }

    pub(super) fn ignores_peers(&mut self, cause: Option<Finding>) {
        self.peers = cause;
    }

    pub(super) fn asked_fallback(&mut self, cause: Option<Finding>, host: &str) {
        self.fallback = cause.map(|cause| (cause, host.to_owned()));
    }

    pub(super) fn freed(&mut self, bytes: u64) {
        self.freed += bytes;
    }

    /// Compares what was locked with what was chosen.
    pub(super) fn installed_other_versions(
        &mut self,
        locked: &[LockedPackage],
        chosen: &[LockedPackage],
    ) {
        // The project's own folders are no choice of the manager.
        let foreign = |packages: &[LockedPackage]| -> Vec<_> {
            let is_foreign = |package: &&LockedPackage| !matches!(package.source, Source::Local(_));
            packages.iter().filter(is_foreign).cloned().collect()
        };
        let changes =
            version_changes(&foreign(locked), &foreign(chosen)).into_iter().map(|change| {
                VersionChange { name: change.name, locked: change.before, installed: change.after }
            });
        self.versions =
            Some(VersionChanges { lockfile: self.lockfile.clone(), changes: changes.collect() });
    }

    /// Keeps the lockfile that was used where it can be looked at and taken over.
    pub(super) fn keep_lockfile(&mut self, site: &InstallSite, text: &str) {
        let Some(name) = site.lockfile.file_name() else { return };
        let name = format!("{DIRECTORY}/{}", name.to_string_lossy());
        if !text.is_empty() && fs::write(site.app_root.join(&name), text).is_ok() {
            self.used_lockfile = Some(name);
        }
    }

    /// A package of this platform that is not there after an installation.
    pub(super) fn missing(&self, first: &MissingPackage, count: usize) -> Finding {
        let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        Finding::new(
            FindingId::PlatformBinaryMissing,
            format!(
                "`{}` pins `{}` for this platform, which was not installed{more}",
                first.parent,
                first.specification()
            ),
            format!(
                "{} leaves out an optional package that `{}` lacks, or that cannot be fetched, and says nothing",
                self.manager, self.lockfile
            ),
        )
        .hint(format!(
            "remove node_modules and {0}, run `{1}`, and commit {0}",
            self.lockfile,
            match self.manager {
                ManagerKind::Npm => "npm install",
                manager => variants::write_lockfile(manager),
            }
        ))
    }

    pub(super) fn placed(&mut self, package: &MissingPackage) {
        self.placed.push(package.clone());
    }

    pub(super) fn not_placed(&mut self, package: &MissingPackage, error: &str) {
        self.warnings.push(
            self.missing(package, 1)
                .severity(Severity::Warning)
                .recovery(format!("could not put it into place: {error}")),
        );
    }

    pub(super) fn not_fetched(&mut self, package: &MissingPackage, cause: &Finding) {
        let mut finding = self
            .missing(package, 1)
            .severity(Severity::Warning)
            .recovery(format!("could not fetch it: {}", cause.message));
        finding.evidence.clone_from(&cause.evidence);
        self.warnings.push(finding);
    }

    /// Whether the parent loads without it, which is the end of the last warning.
    pub(super) fn loaded(&mut self, package: &MissingPackage, loads: bool) {
        if let Some(finding) = self.warnings.last_mut() {
            if loads {
                finding.severity = Severity::Info;
            } else {
                finding.message = format!(
                    "`{}` does not load: `{}`, which it pins for this platform, is not there",
                    package.parent,
                    package.specification()
                );
            }
        }
    }

    /// Adds everything to the phase; gives what to recommend for good.
    pub(super) fn conclude(&mut self, phase: &mut PhaseReport, succeeded: bool) -> Vec<String> {
        if self.freed > 0 {
            phase.metrics.insert("freedBytes".into(), self.freed);
        }
        if !succeeded {
            return Vec::new();
        }
        let mut recommendations = Vec::new();
        if let Some(cause) = self.choice.take() {
            recommendations.push(self.recommendation());
            phase.findings.push(self.other_versions(cause));
        }
        phase.versions = self.versions.take();
        if let Some(cause) = self.peers.take() {
            let finding = self.peers_ignored(cause);
            recommendations.push(format!("{}: {}", finding.message, finding.resolution));
            phase.findings.push(finding);
        }
        if let Some(finding) =
            self.refusal.take().zip(self.completion.take()).map(|(refusal, added)| {
                refusal.severity(Severity::Warning).recovery(if added.is_empty() {
                    "installed exactly what the lockfile holds".to_owned()
                } else {
                    format!("installed what the lockfile holds, and with it {}", added.join(", "))
                })
            })
        {
            recommendations.push(format!(
                "write `{}` anew and commit it, so that it names the packages of every platform",
                self.lockfile
            ));
            phase.findings.push(finding);
        }
        if !self.placed.is_empty() {
            let names: Vec<_> = self.placed.iter().map(MissingPackage::specification).collect();
            recommendations.push(format!(
                "write `{}` anew and commit it: it lacks {}",
                self.lockfile,
                names.join(", ")
            ));
            let first = self.placed[0].clone();
            phase.findings.push(
                self.missing(&first, self.placed.len())
                    .severity(Severity::Warning)
                    .recovery(format!("added {} without saving it", names.join(", "))),
            );
        }
        if let Some((cause, host)) = self.fallback.take() {
            phase.findings.push(Finding {
                evidence: cause.evidence,
                ..Finding::new(
                    FindingId::RegistryUnreachable,
                    format!("the configured registry did not answer, so the fallback registry {host} was asked"),
                    "lockfile and checksums are the same; a package without a checksum in the lockfile was not compared",
                )
                .severity(Severity::Warning)
                .recovery(format!("installed from {host}"))
            });
        }
        phase.findings.append(&mut self.warnings);
        recommendations
    }

    fn recommendation(&self) -> String {
        let versions = self.versions.as_ref();
        let lines = versions.map(|versions| versions.lines(LISTED)).unwrap_or_default();
        let chosen = if lines.is_empty() {
            "it installed the locked versions".to_owned()
        } else {
            format!("it installed {}", lines.join(", "))
        };
        format!(
            "write `{}` and commit it; this build chose versions without it: {chosen}",
            self.lockfile
        )
    }

    /// The loud warning that other versions than the lockfile's are installed.
    fn other_versions(&self, cause: Finding) -> Finding {
        let none = VersionChanges::default();
        let versions = self.versions.as_ref().unwrap_or(&none);
        let (lockfile, manager) = (&self.lockfile, self.manager);
        let message = match (cause.id, versions.changes.len()) {
            (FindingId::LockfileMissing, count) => {
                format!("there is no `{lockfile}`: {manager} chose all {count} packages by itself")
            }
            (_, 0) => format!(
                "`{lockfile}` does not fit package.json; the versions that were installed are the locked ones"
            ),
            (_, count) => format!(
                "`{lockfile}` does not fit package.json: {count} {} from what is locked",
                if count == 1 { "package differs" } else { "packages differ" }
            ),
        };
        let used = self.used_lockfile.as_ref();
        let used = used.map(|path| format!("; `{path}` is what was used")).unwrap_or_default();
        let mut finding = Finding::new(
            cause.id,
            message,
            format!(
                "every build may choose other versions until it is written and committed{used}"
            ),
        )
        .severity(Severity::Warning);
        for line in versions.lines(LISTED) {
            finding = finding.evidence(Evidence::new(lockfile, line));
        }
        finding.evidence.extend(cause.evidence);
        let finding = if self.writes_lockfile {
            finding.recovery(format!("wrote `{lockfile}`, as `--write-lockfile` asks"))
        } else {
            finding
                .recovery(format!(
                    "installed without it; `{lockfile}` and package.json are as they were"
                ))
                .hint(variants::write_lockfile(manager))
        };
        finding.hint(format!("git add {lockfile}"))
    }

    fn peers_ignored(&self, cause: Finding) -> Finding {
        Finding {
            evidence: cause.evidence,
            hints: cause.hints,
            ..Finding::new(
                FindingId::PeerConflict,
                "packages were installed whose peer requirements contradict each other",
                "they may fail where they meet; bring them to versions that fit, or state in .npmrc that it is known",
            )
            .severity(Severity::Warning)
            .recovery(if self.is_only_peers() {
                "installed the locked versions all the same"
            } else {
                "installed all the same"
            })
        }
    }

    fn is_only_peers(&self) -> bool {
        self.used_lockfile.is_none()
    }
}
