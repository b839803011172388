use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use super::fingerprint::{Place, linked_folders};
use crate::{
    diagnose::Stage,
    process::{CommandSpec, Ended},
    project::{ManagerKind, read_raw_manifest},
    recovery::{Attemptable, Remedy},
};

/// Scripts of a project itself that an installation runs, in order.
///
/// Seen by running npm 11.19, pnpm 9.15, yarn 1.22, yarn 4.6 and bun 1.2 twice on a workspace, and read in npm's
/// `lib/commands/ci.js` and arborist's `rebuild.js`. pnpm runs all of them each time; npm runs all of them because
/// it installs anew each time; yarn 4 runs none where its install state says that it has, which a fresh checkout contradicts.
struct Events {
    root: &'static [&'static str],
    member: &'static [&'static str],
    /// Whether each event runs in all members before the next one does.
    event_by_event: bool,
    /// Whether the manager's `run` of a script also runs those named `pre` and `post` it.
    hooks: bool,
    /// Whether the root's first event comes before the members.
    root_begins: bool,
}

const fn events(manager: ManagerKind) -> Events {
    const INSTALL: &[&str] = &["preinstall", "install", "postinstall"];
    const WITH_PREPARE: &[&str] =
        &["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];
    match manager {
        ManagerKind::Npm => Events {
            root: &[
                "preinstall",
                "install",
                "postinstall",
                "prepublish",
                "preprepare",
                "prepare",
                "postprepare",
            ],
            member: &["preinstall", "prepare", "install", "postinstall"],
            event_by_event: true,
            hooks: true,
            root_begins: false,
        },
        ManagerKind::Pnpm => Events {
            root: WITH_PREPARE,
            member: WITH_PREPARE,
            event_by_event: false,
            hooks: true,
            root_begins: false,
        },
        ManagerKind::YarnClassic => Events {
            root: &["preinstall", "install", "postinstall", "prepublish", "prepare"],
            member: INSTALL,
            event_by_event: true,
            hooks: true,
            root_begins: true,
        },
        ManagerKind::YarnBerry => Events {
            root: INSTALL,
            member: INSTALL,
            event_by_event: true,
            hooks: false,
            root_begins: false,
        },
        ManagerKind::Bun => Events {
            root: WITH_PREPARE,
            member: &["preinstall", "install", "postinstall", "prepare"],
            event_by_event: false,
            hooks: true,
            root_begins: false,
        },
    }
}

/// The commands that run the scripts of the projects themselves, as an installation from nothing would.
pub(crate) fn own_scripts(
    place: &Place,
    environment: &BTreeMap<String, String>,
) -> Vec<CommandSpec> {
    if ignores_scripts(place, environment) {
        return Vec::new();
    }
    let events = events(place.manager);
    let mut members = in_order(place);
    if place.manager == ManagerKind::Npm {
        members.extend(linked_folders(place));
    }
    let mut runs: Vec<(String, &str)> = Vec::new();
    let each = |project: &str, events: &[&'static str], hooks: bool| {
        to_run(place, project, events, hooks)
            .into_iter()
            .map(|event| (project.to_owned(), event))
            .collect::<Vec<_>>()
    };
    let mut of_root = each("", root_events(place.manager, &events, environment), events.hooks);
    if events.root_begins && of_root.first().is_some_and(|(_, event)| *event == "preinstall") {
        runs.push(of_root.remove(0));
    }
    let of_members: Vec<_> =
        members.iter().map(|member| each(member, events.member, events.hooks)).collect();
    if events.event_by_event {
        for event in events.member {
            runs.extend(of_members.iter().flatten().filter(|(_, run)| run == event).cloned());
        }
    } else {
        runs.extend(of_members.into_iter().flatten());
    }
    runs.extend(of_root);
    runs.into_iter()
        .map(|(project, event)| {
            let mut line = place.manager.run_script(event).into_iter();
            let program = line.next().unwrap_or_default();
            CommandSpec::new(program, line, place.root.join(project))
        })
        .collect()
}

/// yarn 1 leaves out what prepares a publication where only production's packages are installed.
fn root_events(
    manager: ManagerKind,
    events: &Events,
    environment: &BTreeMap<String, String>,
) -> &'static [&'static str] {
    let production = environment.get("NODE_ENV").is_some_and(|value| value == "production");
    match manager {
        ManagerKind::YarnClassic if production => &["preinstall", "install", "postinstall"],
        _ => events.root,
    }
}

/// Which of the events to run: those that the manifest has, less those that run along with another.
fn to_run(place: &Place, project: &str, events: &[&'static str], hooks: bool) -> Vec<&'static str> {
    let manifest = read_raw_manifest(&place.root.join(project)).unwrap_or_default();
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    let has = |event: &str| {
        scripts
            .and_then(|scripts| scripts.get(event)?.as_str())
            .is_some_and(|line| !line.is_empty())
    };
    let runs_along = |event: &str| {
        let of = event.strip_prefix("pre").or_else(|| event.strip_prefix("post"));
        hooks && of.is_some_and(|of| events.contains(&of) && has(of))
    };
    events.iter().copied().filter(|event| has(event) && !runs_along(event)).collect()
}

/// The members of a workspace, each after those of them that it depends on.
fn in_order(place: &Place) -> Vec<String> {
    let manifests: Vec<_> = place
        .projects
        .iter()
        .filter(|project| !project.is_empty())
        .map(|project| (project, read_raw_manifest(&place.root.join(project)).unwrap_or_default()))
        .collect();
    let mut ordered: Vec<String> = Vec::new();
    let mut left = manifests;
    while !left.is_empty() {
        let names: BTreeSet<_> = left
            .iter()
            .filter_map(|(_, manifest)| manifest.get("name")?.as_str().map(ToOwned::to_owned))
            .collect();
        let waits = |manifest: &serde_json::Map<String, Value>| {
            ["dependencies", "devDependencies", "optionalDependencies"]
                .iter()
                .filter_map(|kind| manifest.get(*kind)?.as_object())
                .flat_map(serde_json::Map::keys)
                .any(|name| {
                    names.contains(name)
                        && manifest.get("name").and_then(Value::as_str) != Some(name)
                })
        };
        // Members that need each other go in the order of their names.
        let next = left.iter().position(|(_, manifest)| !waits(manifest)).unwrap_or(0);
        ordered.push(left.remove(next).0.clone());
    }
    ordered
}

/// Whether the settings keep the projects' own scripts from running.
fn ignores_scripts(place: &Place, environment: &BTreeMap<String, String>) -> bool {
    // Of yarn 4's settings, none does.
    if place.manager == ManagerKind::YarnBerry {
        return false;
    }
    let by_variable = environment.iter().any(|(name, value)| {
        let name = name.to_lowercase();
        matches!(name.as_str(), "npm_config_ignore_scripts" | "yarn_ignore_scripts")
            && value == "true"
    });
    let home = environment.get("HOME").map(std::path::PathBuf::from);
    by_variable
        || [Some(place.root.clone()), home]
            .into_iter()
            .flatten()
            .flat_map(|folder| [folder.join(".npmrc"), folder.join(".yarnrc")])
            .filter_map(|path| fs::read_to_string(path).ok())
            .any(|text| {
                text.lines().any(|line| {
                    let plain = line.replace(['=', '"', '-'], " ");
                    let words: Vec<_> = plain.split_whitespace().collect();
                    words.ends_with(&["ignore", "scripts", "true"])
                })
            })
}

/// One of the projects' own scripts, in the attempt loop.
pub(crate) struct OwnScript(pub(crate) CommandSpec);

impl Attemptable for OwnScript {
    const STAGE: Stage = Stage::Install;

    fn command(&self) -> CommandSpec {
        self.0.clone()
    }

    fn apply(&mut self, remedy: Remedy, _: &Ended) -> Result<String, String> {
        match remedy {
            Remedy::RetryOnce => Ok("runs the same once more".into()),
            Remedy::RetryWithBackoff => Ok("waits, because what it asks may come back".into()),
            _ => Err("a script of the project itself cannot be changed".into()),
        }
    }
}
