//! Each recovery: the fault, the decision, the second attempt, the report, and the checkout untouched.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::{
    project::{ALL, NPM, PNPM, STRICT, attempts, checkout, installed, remove_installed},
    registry::{Package, Registry},
};

fn leaves() -> Vec<Package> {
    vec![
        Package::new("tiny-leaf", "1.0.0"),
        Package::new("tiny-leaf", "1.1.0"),
        Package::new("tiny-leaf", "2.0.0"),
        Package::new("tiny-other", "1.0.0"),
        Package::new("tiny-root", "1.0.0").with("dependencies", json!({ "tiny-leaf": "^1.0.0" })),
        Package::new("tiny-late", "1.0.0"),
        Package::new("tiny-late", "1.1.0"),
    ]
}

#[test]
fn without_a_lockfile_versions_are_chosen_once_and_reported() {
    let registry = Registry::start(&leaves());
    let dependencies = json!({ "tiny-root": "^1.0.0" });
    for manager in ALL {
        let project = manager.project(&registry.url(), &dependencies);
        let before = checkout(&project);
        let ran = project.run(&["install"]).exits(0);
        assert_eq!(
            attempts(&ran),
            ["retry resolve-once dependency/lockfile-missing", "accept - -"],
            "{}",
            manager.lockfile
        );
        let phase = ran.phase("install");
        assert_eq!(phase["status"], "recovered");
        assert_eq!(phase["attempts"][0]["outcome"]["kind"], "not-started");
        assert_eq!(
            phase["versions"]["changes"],
            json!([
                { "name": "tiny-leaf", "locked": [], "installed": ["1.1.0"] },
                { "name": "tiny-root", "locked": [], "installed": ["1.0.0"] },
            ]),
            "{}",
            manager.lockfile
        );
        let finding = ran.finding("install", "dependency/lockfile-missing");
        assert_eq!(finding["severity"], "warning");
        let recommended = ran.report()["recommendations"].to_string();
        assert!(recommended.contains("tiny-leaf 1.1.0"), "{recommended}");
        assert!(ran.stdout.contains("tiny-leaf 1.1.0 added"), "{}", ran.stdout);
        assert_eq!(checkout(&project), before, "{}", manager.lockfile);
        let kept = project.read(&format!(".deployfix/{}", manager.lockfile));
        assert!(kept.contains("tiny-leaf"), "{kept}");
        assert!(!project.root().join(".deployfix/kept").exists());

        remove_installed(&project);
        let project = project.file("deployfix.yml", STRICT);
        let ran = project.run(&["install"]).exits(20);
        assert_eq!(attempts(&ran), ["stop resolve-once dependency/lockfile-missing"]);
        let finding = ran.finding("install", "dependency/lockfile-missing");
        assert_eq!(finding["severity"], "error");
        assert!(finding["recovery"].as_str().unwrap().contains("`recovery.mode: strict`"));
        assert!(!project.root().join("node_modules").exists());
    }
}

#[test]
fn a_lockfile_that_does_not_fit_changes_only_what_it_must() {
    let registry = Registry::start(&leaves());
    for manager in ALL {
        // Locked at 1.0.0, although 1.1.0 is there: what is locked must stay so.
        let project = manager
            .project(&registry.url(), &json!({ "tiny-leaf": "1.0.0", "tiny-late": "1.0.0" }));
        manager.lock(&project);
        let manifest = project.read("package.json");
        let drifted = manifest
            .replace(r#""tiny-late": "1.0.0""#, r#""tiny-late": "^1.0.0", "tiny-other": "1.0.0""#)
            .replace(r#""tiny-leaf": "1.0.0""#, r#""tiny-leaf": "2.0.0""#);
        assert_ne!(drifted, manifest);
        let project = project.file("package.json", drifted);
        let before = checkout(&project);

        let ran = project.run(&["install"]).exits(0);
        assert_eq!(
            attempts(&ran),
            ["retry unfrozen-install dependency/lockfile-out-of-sync", "accept - -"],
            "{}",
            manager.lockfile
        );
        let versions = &ran.phase("install")["versions"];
        let changes = versions["changes"].as_array().unwrap();
        for expected in [
            json!({ "name": "tiny-leaf", "locked": ["1.0.0"], "installed": ["2.0.0"] }),
            json!({ "name": "tiny-other", "locked": [], "installed": ["1.0.0"] }),
        ] {
            assert!(changes.contains(&expected), "{versions}");
        }
        if manager.write[0] != "yarn" && manager.write[0] != "bun" {
            // yarn and bun resolve anew what another range asks for.
            assert_eq!(installed(&project, "tiny-late"), "1.0.0", "{}", manager.lockfile);
        }
        assert_eq!(installed(&project, "tiny-leaf"), "2.0.0");
        assert_eq!(ran.phase("install")["status"], "recovered");
        let finding = ran.finding("install", "dependency/lockfile-out-of-sync");
        assert_eq!(finding["severity"], "warning");
        assert!(finding.to_string().contains("tiny-leaf 1.0.0 -> 2.0.0"), "{finding:#}");
        let recommended = ran.report()["recommendations"].to_string();
        assert!(recommended.contains("tiny-leaf 1.0.0 -> 2.0.0"), "{recommended}");
        assert!(ran.stdout.contains("tiny-leaf 1.0.0 -> 2.0.0"), "{}", ran.stdout);
        assert_eq!(checkout(&project), before, "{}", manager.lockfile);

        remove_installed(&project);
        let project = project.file("deployfix.yml", STRICT);
        let before = checkout(&project);
        let ran = project.run(&["install"]).exits(20);
        assert_eq!(attempts(&ran), ["stop unfrozen-install dependency/lockfile-out-of-sync"]);
        let recovery =
            ran.finding("install", "dependency/lockfile-out-of-sync")["recovery"].clone();
        assert!(recovery.as_str().unwrap().contains("does not allow"), "{recovery}");
        assert_eq!(checkout(&project), before);
    }
}

#[test]
fn the_lockfile_stays_only_when_asked() {
    let registry = Registry::start(&leaves());
    let project = NPM.project(&registry.url(), &json!({ "tiny-root": "^1.0.0" }));
    let manifest = project.read("package.json");
    project.run(&["install", "--write-lockfile"]).exits(0);
    let lockfile = project.read("package-lock.json");
    assert!(lockfile.contains("tiny-leaf"));
    assert_eq!(project.read("package.json"), manifest);
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "passed");
    assert_eq!(project.read("package-lock.json"), lockfile);
}

#[test]
fn a_failed_recovery_leaves_the_checkout_as_it_was() {
    let registry = Registry::start(&leaves());
    let project = NPM.project(&registry.url(), &json!({ "tiny-leaf": "1.0.0" }));
    NPM.lock(&project);
    let mut manifest: Value = serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["dependencies"]["tiny-leaf"] = json!("2.0.0");
    // It runs after npm wrote the lockfile.
    manifest["scripts"] = json!({ "postinstall": "grep 2.0.0 package-lock.json && exit 3" });
    let project = project.file("package.json", manifest.to_string());
    let before = checkout(&project);
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(attempts(&ran)[0], "retry unfrozen-install dependency/lockfile-out-of-sync");
    assert!(attempts(&ran).last().unwrap().starts_with("stop "), "{:?}", attempts(&ran));
    assert_eq!(ran.phase("install")["status"], "failed");
    assert_eq!(checkout(&project), before);
}

/// What a kill leaves behind is put back by the next installation, and nothing of it is lost.
#[test]
fn after_a_kill_the_next_installation_puts_the_lockfile_back() {
    let slow = Package::new("tiny-slow", "1.0.0")
        .with("scripts", json!({ "postinstall": "node -e \"setTimeout(() => {}, 60000)\"" }));
    let mut packages = leaves();
    packages.push(slow);
    let registry = Registry::start(&packages);
    // The project's own script runs after npm wrote the lockfile.
    let project = NPM.project(&registry.url(), &json!({ "tiny-leaf": "1.0.0" }));
    NPM.lock(&project);
    let mut manifest: Value = serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["dependencies"]["tiny-leaf"] = json!("2.0.0");
    manifest["scripts"] = json!({ "postinstall": "node -e \"require('fs').writeFileSync('begun','');setTimeout(()=>{},60000)\"" });
    let project = project.file("package.json", manifest.to_string());
    let before = checkout(&project);
    for signal in ["KILL", "TERM"] {
        let mut child = project.start(&["install"]);
        crate::support::until("the script", || project.root().join("begun").exists());
        assert_ne!(project.read("package-lock.json").as_bytes(), before["package-lock.json"]);
        let id = child.id().to_string();
        let status = std::process::Command::new("kill").args(["-s", signal, &id]).status();
        assert!(status.unwrap().success());
        crate::support::wait(&mut child);
        fs::remove_file(project.root().join("begun")).unwrap();
        if signal == "KILL" {
            assert_ne!(project.read("package-lock.json").as_bytes(), before["package-lock.json"]);
            end_orphans(&project.root());
            let dry = project.run(&["install", "--dry-run"]).exits(0);
            assert!(!dry.stdout.contains("put back"));
        } else {
            assert_eq!(checkout(&project), before);
        }
    }
    assert_eq!(project.read("package-lock.json").as_bytes(), before["package-lock.json"]);
    assert!(project.root().join(".deployfix/replaced/package-lock.json").exists());
}

/// What a killed deployfix can no longer end.
fn end_orphans(root: &Path) {
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let is_below =
            fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(root));
        let name = entry.file_name();
        if is_below && let Some(id) = name.to_str().filter(|name| name.parse::<u32>().is_ok()) {
            let _ = std::process::Command::new("kill").args(["-s", "KILL", id]).status();
        }
    }
}

#[test]
fn peers_that_contradict_each_other_are_installed_as_locked_only_in_lenient_mode() {
    let registry = Registry::start(&[
        Package::new("tiny-react", "17.0.0"),
        Package::new("tiny-react", "18.0.0"),
        Package::new("tiny-widget", "1.0.0")
            .with("peerDependencies", json!({ "tiny-react": "^17.0.0" })),
    ]);
    let dependencies = json!({ "tiny-react": "18.0.0", "tiny-widget": "1.0.0" });
    let project = NPM.project(&registry.url(), &dependencies);
    let npmrc = project.read(".npmrc");
    let project = project.file(".npmrc", format!("{npmrc}legacy-peer-deps=true\n"));
    NPM.lock(&project);
    let project = project.file(".npmrc", &npmrc);
    let before = checkout(&project);
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(attempts(&ran), ["retry legacy-peer-deps dependency/peer-conflict", "accept - -"]);
    assert_eq!(ran.phase("install")["attempts"][1]["command"], "npm ci --legacy-peer-deps");
    assert_eq!(ran.finding("install", "dependency/peer-conflict")["severity"], "warning");
    assert_eq!(installed(&project, "tiny-react"), "18.0.0");
    assert_eq!(checkout(&project), before);
    let project = project.file("deployfix.yml", STRICT);
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(attempts(&ran), ["stop legacy-peer-deps dependency/peer-conflict"]);

    // pnpm asks for peers only while it resolves.
    let project = PNPM.project(&registry.url(), &dependencies);
    let npmrc = project.read(".npmrc");
    let project = project.file(".npmrc", format!("{npmrc}strict-peer-dependencies=true\n"));
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(
        attempts(&ran),
        [
            "retry resolve-once dependency/lockfile-missing",
            "retry legacy-peer-deps dependency/peer-conflict",
            "accept - -"
        ]
    );
}
