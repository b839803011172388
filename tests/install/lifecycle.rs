//! On a skip the projects' own scripts run as they do when everything is installed.

use std::fs;

use serde_json::{Value, json};

use crate::installed::{Fixture, Kind};

const EVENTS: [&str; 9] = [
    "preinstall",
    "install",
    "postinstall",
    "prepublish",
    "prepublishOnly",
    "prepack",
    "preprepare",
    "prepare",
    "postprepare",
];

/// Scripts that write down who ran and why, into a file beside the root.
fn told(events: &[&str], who: &str, log: &str) -> Value {
    let scripts = events.iter().map(|event| {
        let line = format!("echo {who}:{event}:$npm_lifecycle_event >> {log}");
        ((*event).to_owned(), Value::from(line))
    });
    Value::Object(scripts.collect())
}

#[track_caller]
fn runs_what_the_manager_runs(kind: Kind, events: &[&str]) {
    let fixture =
        Fixture::with(kind, told(events, "root", "log"), told(events, "lib", "../../log"), &[]);
    let project = &fixture.project;
    let take = || {
        let text = project.read("log");
        fs::remove_file(project.root().join("log")).unwrap();
        // bun does not tell its scripts the event.
        let named = |line: &str| line.rsplit_once(':').unwrap().0.to_owned();
        text.lines().map(named).collect::<Vec<_>>()
    };
    project.run(&["install"]).exits(0);
    let installed = take();
    assert!(installed.len() >= 6, "{installed:#?}");
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "skipped", "{}", ran.stdout);
    assert_eq!(take(), installed, "{}", ran.stdout);
    // Nothing of it counts as a change of what is installed.
    assert!(fixture.foretold(&[]).contains("skip the installation: verified"));
}

#[test]
fn npm() {
    runs_what_the_manager_runs(Kind::Npm, &["preinstall", "postinstall", "prepublish", "prepare"]);
}

#[test]
fn pnpm() {
    runs_what_the_manager_runs(Kind::Pnpm, &EVENTS);
}

#[test]
fn yarn_classic() {
    // In the root `preinstall` comes before the members, and `install` after them: as one command it runs with `install`.
    runs_what_the_manager_runs(
        Kind::YarnClassic,
        &["preinstall", "postinstall", "prepublish", "prepare"],
    );
}

#[test]
fn yarn_berry() {
    runs_what_the_manager_runs(Kind::BerryModules, &EVENTS);
}

#[test]
fn bun() {
    // Of a member it runs `prepare` without what belongs around it.
    runs_what_the_manager_runs(Kind::Bun, &["preinstall", "install", "postinstall", "prepare"]);
}

#[test]
fn what_a_script_writes_is_recorded_and_what_fails_is_not() {
    let script = "echo $(date +%N) > node_modules/tiny-leaf/generated.js; test ! -e fail";
    let fixture = Fixture::with(Kind::Npm, json!({ "postinstall": script }), json!({}), &[]);
    let project = &fixture.project;
    project.run(&["install"]).exits(0);
    for _ in 0..2 {
        let ran = project.run(&["install"]).exits(0);
        assert_eq!(ran.phase("install")["status"], "skipped", "{}", ran.stdout);
        assert_eq!(
            ran.phase("install")["notes"][0],
            "the project's own scripts changed what is installed"
        );
        assert_eq!(ran.phase("install")["attempts"][0]["command"], "npm run postinstall");
    }
    let project = fixture.project.file("fail", "");
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(ran.phase("install")["status"], "failed");
    let ran = project.run(&["install", "--dry-run"]).exits(0);
    assert!(ran.stdout.contains("no earlier installation was recorded"), "{}", ran.stdout);
}

#[test]
fn scripts_that_are_switched_off_stay_off() {
    let fixture =
        Fixture::with(Kind::Npm, json!({ "postinstall": "echo ran >> log" }), json!({}), &[]);
    let registry = fixture.registry.url();
    let project =
        fixture.project.file(".npmrc", format!("registry={registry}\nignore-scripts=true\n"));
    project.run(&["install"]).exits(0);
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "skipped", "{}", ran.stdout);
    assert!(!project.root().join("log").exists());
}
