use std::{collections::BTreeSet, fs, path::Path};

use super::fingerprint::Place;
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::{Lockfile, ManagerKind, locked_packages},
    recovery::{Attemptable, Remedy, Review},
    report::{Finding, FindingId, Severity},
};

/// Makes the manager hold back install scripts.
///
/// yarn 2 and later have a setting for the scripts of packages alone; the flag of the others also holds back the project's own.
pub(crate) fn hold_back(manager: ManagerKind, command: &mut CommandSpec) {
    match manager {
        ManagerKind::YarnBerry => command.set("YARN_ENABLE_SCRIPTS", "false"),
        ManagerKind::Npm | ManagerKind::Pnpm | ManagerKind::YarnClassic | ManagerKind::Bun => {
            command.arguments.push("--ignore-scripts".into());
        }
    }
}

/// Whether the project's own scripts were held back with the others.
pub(crate) fn holds_back_own(manager: ManagerKind) -> bool {
    manager != ManagerKind::YarnBerry
}

/// The command that runs the scripts of the packages that may, as far as they are installed.
///
/// yarn and bun have none that runs these and no others; npm's works on any `node_modules`.
pub(crate) fn rebuild(
    place: &Place,
    lockfile: Option<&Lockfile>,
    allowed: &[String],
) -> Result<Option<CommandSpec>, Box<Finding>> {
    let locked = lockfile.map(locked_packages).unwrap_or_default();
    let names: BTreeSet<_> = locked
        .iter()
        .filter(|package| allowed.contains(&package.name))
        .filter(|package| is_installed(place, &package.name, &package.key))
        .map(|package| package.name.as_str())
        .collect();
    if place.manager == ManagerKind::YarnBerry && !place.root.join("node_modules").is_dir() {
        let wanted = locked.iter().find(|package| allowed.contains(&package.name));
        return wanted.map_or(Ok(None), |package| Err(Box::new(not_run(&package.name))));
    }
    if names.is_empty() {
        return Ok(None);
    }
    let program = if place.manager == ManagerKind::Pnpm { "pnpm" } else { "npm" };
    let arguments = ["rebuild"].into_iter().chain(names);
    Ok(Some(CommandSpec::new(program, arguments, &place.root)))
}

fn is_installed(place: &Place, name: &str, key: &str) -> bool {
    let modules = place.root.join("node_modules");
    modules.join(name).exists()
        || (key.contains("node_modules/") && place.root.join(key).exists())
        || (place.manager == ManagerKind::Pnpm && is_in_store(&modules.join(".pnpm"), name))
}

fn is_in_store(store: &Path, name: &str) -> bool {
    let start = format!("{}@", name.replace('/', "+"));
    fs::read_dir(store)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().starts_with(&start))
}

fn not_run(name: &str) -> Finding {
    Finding::new(
        FindingId::UnreviewedInstallScript,
        format!("the install script of `{name}` did not run, although it is allowed"),
        "Plug'n'Play has no `node_modules` in which deployfix could run it; say in the root's package.json that yarn builds it",
    )
    .severity(Severity::Warning)
    .hint(format!("\"dependenciesMeta\": {{ \"{name}\": {{ \"built\": true }} }}"))
}

/// Scripts that were held back, in the attempt loop.
pub(crate) struct HeldBack(pub(crate) CommandSpec);

impl Attemptable for HeldBack {
    const STAGE: Stage = Stage::Install;

    fn command(&self) -> CommandSpec {
        self.0.clone()
    }

    fn review(&mut self, _: &Ended, finding: Option<Finding>, _: &str) -> Review {
        Review::of(finding.map(|mut finding| {
            if finding.id == FindingId::InstallFailed {
                finding.id = FindingId::InstallScriptFailed;
            }
            finding
        }))
    }

    fn apply(&mut self, remedy: Remedy, _: &Ended) -> Result<String, String> {
        match remedy {
            Remedy::RetryOnce => Ok("runs the same once more".into()),
            Remedy::RetryWithBackoff => Ok("waits, because what it asks may come back".into()),
            _ => Err("an install script cannot be changed".into()),
        }
    }
}
