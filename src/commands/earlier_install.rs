//! What an earlier installation spares this one, and what this one leaves for the next.

use std::{collections::BTreeMap, time::Instant};

use super::{install::Setup, session::Session};
use crate::{
    config::{OtherScripts, Verify},
    install::{
        Damage, Extent, Inputs, OwnScript, Place, Sources, Unrecorded, Verdict, Verified,
        is_locked, own_scripts,
    },
    process::CommandSpec,
    project::Project,
    report::{Finding, FindingId, Location, PhaseName, PhaseReport, PhaseStatus, Severity},
};

/// Reasons that are named; of more only the number.
const NAMED_REASONS: usize = 5;

/// The earlier installation, as this session meets it.
pub(super) struct Earlier<'a> {
    session: &'a Session,
    setup: &'a Setup,
    sources: Sources<'a>,
    place: Place,
    how: Verify,
    /// What was wrong with an earlier installation of the same inputs.
    damage: Option<Damage>,
    /// What the installation is made of, read before it begins.
    inputs: Option<Inputs>,
}

impl<'a> Earlier<'a> {
    pub(super) fn new(
        session: &'a Session,
        project: &'a Project,
        setup: &'a Setup,
        how: Verify,
    ) -> Self {
        let scripts = &session.config.install.scripts;
        let sources = Sources {
            project,
            environment: &setup.environment,
            command: &setup.command,
            allowed_scripts: match scripts.others {
                OtherScripts::Run => &[],
                OtherScripts::Skip => &scripts.allow,
            },
        };
        Self { session, setup, sources, place: Place::of(project), how, damage: None, inputs: None }
    }

    /// What would be done, for `--dry-run`.
    pub(super) fn steps(&self) -> Vec<String> {
        if is_locked(&self.place.root) {
            return vec!["wait for another installation in this checkout".into()];
        }
        match self.verify() {
            Verdict::Verified(verified) => {
                let skip = format!("skip the installation: verified {}", amount(verified.extent));
                let scripts = self.own_scripts().into_iter().map(|script| script.display());
                [skip].into_iter().chain(scripts).collect()
            }
            Verdict::Changed { reasons, .. } => self.installs(reasons),
            Verdict::Corrupt(damage) => self.installs(damage.lines()),
            Verdict::Stopped => Vec::new(),
        }
    }

    fn installs(&self, reasons: Vec<String>) -> Vec<String> {
        for reason in shortened(reasons) {
            self.session.printer.line(&reason);
        }
        vec![self.setup.command.display()]
    }

    /// Verifies; where nothing differs only the projects' own scripts run, else everything is made ready for the manager.
    pub(super) async fn spares_the_installation(&mut self, phase: &mut PhaseReport) -> bool {
        let started = Instant::now();
        let verdict = self.verify();
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let keeps_tree = match verdict {
            Verdict::Verified(verified) => {
                phase.metrics.insert("verifyMilliseconds".into(), took);
                self.skip(verified, phase).await;
                return true;
            }
            // Ends with the interrupted phase.
            Verdict::Stopped => return true,
            Verdict::Changed { reasons, intact } => {
                for reason in shortened(reasons) {
                    self.note(phase, reason);
                }
                intact || self.how == Verify::Off
            }
            Verdict::Corrupt(damage) => {
                let differences = damage.lines();
                self.damage = Some(damage);
                phase.metrics.insert("differingFiles".into(), differences.len() as u64);
                phase.findings.push(corrupt(&differences));
                phase.status = PhaseStatus::Recovered;
                for difference in shortened(differences) {
                    self.note(phase, difference);
                }
                false
            }
        };
        self.inputs = (self.how != Verify::Off).then(|| self.place.inputs(&self.sources));
        let made_ready =
            self.place.forget().and_then(|()| if keeps_tree { Ok(()) } else { self.place.clear() });
        if let Err(error) = made_ready {
            phase.findings.push(unremovable(&error.to_string()));
            return true;
        }
        false
    }

    /// Records what was just installed.
    pub(super) fn record(&mut self, phase: &mut PhaseReport) {
        let Some(inputs) = self.inputs.take() else { return };
        let started = Instant::now();
        let recorded =
            self.place.record(inputs, &self.sources, self.damage.as_ref(), &|| self.is_stopped());
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match recorded {
            Ok(extent) => {
                let metrics = [
                    ("recordedFiles", extent.files),
                    ("recordedBytes", extent.bytes),
                    ("recordMilliseconds", took),
                ];
                phase.metrics.extend(metrics.map(|(name, value)| (name.to_owned(), value)));
                self.session.printer.line(&format!("recorded {}", amount(extent)));
            }
            Err(error) => self.say_unrecorded(&error, phase),
        }
    }

    async fn skip(&self, verified: Verified, phase: &mut PhaseReport) {
        let extent = verified.extent;
        phase.status = PhaseStatus::Skipped;
        phase.metrics.insert("verifiedFiles".into(), extent.files);
        phase.metrics.insert("verifiedBytes".into(), extent.bytes);
        let how = if self.how == Verify::Stat { ", without their content" } else { "" };
        self.session.printer.important(&format!("skipped: verified {}{how}", amount(extent)));
        let scripts = self.own_scripts();
        if scripts.is_empty() {
            return;
        }
        // A script that is killed may have changed anything.
        if let Err(error) = self.place.forget() {
            phase.findings.push(unremovable(&error.to_string()));
            return;
        }
        for script in scripts {
            let ended = self
                .session
                .attempt_loop(PhaseName::Install)
                .run(&mut OwnScript(script), phase, |phase| self.session.record(phase))
                .await;
            if ended.is_none() {
                return;
            }
        }
        match self.place.record_changes(verified, &|| self.is_stopped()) {
            Ok(true) => {
                self.note(phase, "the project's own scripts changed what is installed".into());
            }
            Ok(false) => {}
            Err(error) => self.say_unrecorded(&error, phase),
        }
    }

    fn verify(&self) -> Verdict {
        self.place.verify(&self.sources, self.how, &|| self.is_stopped())
    }

    pub(super) fn own_scripts(&self) -> Vec<CommandSpec> {
        let inherited = &self.session.variables;
        let variables: BTreeMap<_, _> = self
            .setup
            .environment
            .iter()
            .filter(|(name, value)| inherited.get(*name) != Some(*value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        own_scripts(&self.place, &self.setup.environment)
            .into_iter()
            .map(|script| CommandSpec { variables: variables.clone(), ..script })
            .collect()
    }

    fn is_stopped(&self) -> bool {
        self.session.interrupt.signal().is_some()
    }

    fn say_unrecorded(&self, error: &Unrecorded, phase: &mut PhaseReport) {
        match error {
            Unrecorded::Nothing | Unrecorded::Stopped => {}
            error => self.note(phase, format!("not recorded for the next installation: {error}")),
        }
    }

    fn note(&self, phase: &mut PhaseReport, note: String) {
        self.session.printer.line(&note);
        phase.notes.push(note);
    }
}

/// `22,403 files, 462 MB`
fn amount(extent: Extent) -> String {
    const MEGABYTE: u64 = 1_000_000;
    let size = match extent.bytes {
        bytes if bytes >= MEGABYTE => format!("{} MB", (bytes + MEGABYTE / 2) / MEGABYTE),
        bytes => format!("{} kB", bytes.div_ceil(1000)),
    };
    let noun = if extent.files == 1 { "file" } else { "files" };
    format!("{} {noun}, {size}", grouped(extent.files))
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> =
        digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group)).collect();
    groups.join(",")
}

fn shortened(mut reasons: Vec<String>) -> Vec<String> {
    let more = reasons.len().saturating_sub(NAMED_REASONS);
    reasons.truncate(NAMED_REASONS);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

fn corrupt(differences: &[String]) -> Finding {
    let first = differences.first().map_or("", String::as_str);
    let message = match differences.len() {
        0 | 1 => format!("the earlier installation is not as it was left: {first}"),
        more => format!(
            "the earlier installation is not as it was left: {first}, and {} more",
            more - 1
        ),
    };
    Finding::new(
        FindingId::NodeModulesCorrupt,
        message,
        "nothing that it was made of has changed, so it was restored in part or changed by something else; let a cache bring back all of it, or none",
    )
    .severity(Severity::Warning)
    .location(Location::file("node_modules"))
    .recovery("installed again")
    .hint("in amplify.yml name the `node_modules/**/*` of every workspace in `cache.paths`")
}

fn unremovable(reason: &str) -> Finding {
    Finding::new(
        FindingId::InstallFailed,
        format!("the earlier installation cannot be removed: {reason}"),
        "an installation on top of files that nobody verified could hide a broken one, so none was begun; make `node_modules` writable, or remove it",
    )
    .hint("rm -rf node_modules")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        let amount = |files, bytes| amount(Extent { files, bytes });
        assert_eq!(amount(22_403, 462_400_000), "22,403 files, 462 MB");
        assert_eq!(amount(1, 12), "1 file, 1 kB");
        assert_eq!(amount(1_000_000, 1_500_000), "1,000,000 files, 2 MB");
    }
}
