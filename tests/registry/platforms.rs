//! Packages with programs for one platform that a lockfile lacks.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};

use crate::{
    project::{
        BUN, Manager, NPM, PNPM, STRICT, YARN_BERRY, YARN_CLASSIC, attempts, checkout, installed,
        remove_installed,
    },
    registry::{Package, Registry},
    support::Project,
};

const MENDED: &str = "retry platform-packages dependency/platform-binary-missing";

/// `x64` or `arm64`.
fn architecture() -> &'static str {
    if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x64" }
}

/// The package of this machine.
fn own(name: &str) -> String {
    format!("{name}-linux-{}-gnu", architecture())
}

/// A parent with its platforms, whose loader needs the one of this machine.
fn native(name: &str) -> Vec<Package> {
    let platforms = [own(name), format!("{name}-darwin-arm64"), format!("{name}-win32-x64")];
    let optional: Value =
        platforms.iter().map(|platform| (platform.clone(), json!("1.0.0"))).collect();
    let mut packages = vec![
        Package::new(name, "1.0.0")
            .with("optionalDependencies", optional)
            .file("index.js", format!("module.exports = require(\"{}\");\n", own(name))),
    ];
    packages.extend(platforms.iter().map(|platform| {
        let words: Vec<_> = platform[name.len() + 1..].split('-').collect();
        Package::new(platform, "1.0.0")
            .with("os", json!([words[0]]))
            .with("cpu", json!([words[1]]))
            .file("tool", "#!/bin/sh\n")
    }));
    // The registry has a newer one, which nobody pins.
    packages.push(
        Package::new(&own(name), "2.0.0")
            .with("os", json!(["linux"]))
            .with("cpu", json!([architecture()])),
    );
    packages
}

fn packages() -> Vec<Package> {
    let mut packages = native("tiny-native");
    packages.extend([Package::new("tiny-leaf", "1.0.0"), Package::new("tiny-leaf", "1.1.0")]);
    packages
}

/// Takes a package out of a lockfile, as another system leaves it out.
fn strip(project: &Project, manager: Manager, package: &str) {
    let path = project.root().join(manager.lockfile);
    let text = fs::read_to_string(&path).unwrap();
    let key = match manager.lockfile {
        "package-lock.json" => {
            let mut lockfile: Value = serde_json::from_str(&text).unwrap();
            let packages = lockfile["packages"].as_object_mut().unwrap();
            packages.remove(&format!("node_modules/{package}")).unwrap();
            return fs::write(path, serde_json::to_string_pretty(&lockfile).unwrap()).unwrap();
        }
        "bun.lock" => {
            let start = format!("    \"{package}\": ");
            let lines = text.lines().filter(|line| !line.starts_with(&start));
            let stripped = lines.fold(String::new(), |text, line| text + line + "\n");
            return fs::write(path, stripped).unwrap();
        }
        _ => package,
    };
    // The others separate entries by empty lines.
    let without = text
        .split("\n\n")
        .filter(|entry| {
            let first = entry.trim_start_matches('\n').lines().next().unwrap_or_default();
            !first.trim().trim_start_matches('"').starts_with(&format!("{key}@"))
        })
        .collect::<Vec<_>>()
        .join("\n\n");
    let without = without.replace(&format!("\n      {key}: 1.0.0"), "");
    assert_ne!(without, text);
    fs::write(path, without).unwrap();
}

/// Every file and link below a folder, relative to it.
fn files(root: &Path) -> BTreeSet<String> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| !entry.file_type().is_dir())
        .map(|entry| entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned())
        .collect()
}

/// The tree, without the managers' own notes.
fn tree(project: &Project) -> BTreeSet<String> {
    let own = [".package-lock.json", ".modules.yaml", "lock.yaml", ".yarn-state.yml"];
    files(&project.root().join("node_modules"))
        .into_iter()
        .filter(|path| !own.iter().any(|name| path.ends_with(name)))
        .filter(|path| !path.contains(".pnpm/node_modules/") && !path.contains(".cache/"))
        .collect()
}

#[test]
fn what_the_lockfile_lacks_is_added_and_nothing_else_changes() {
    let registry = Registry::start(&packages());
    let dependencies = json!({ "tiny-native": "1.0.0", "tiny-leaf": "1.0.0" });
    for (manager, expected) in [
        (NPM, &[MENDED, "continue - -", "accept - -"][..]),
        (PNPM, &[MENDED, "accept - -"]),
        // It fetches what it lacks by itself.
        (YARN_CLASSIC, &["accept - -"]),
        (YARN_BERRY, &[MENDED, "continue - -", "accept - -"]),
        (BUN, &[MENDED, "accept - -"]),
    ] {
        let project = manager.project(&registry.url(), &dependencies).file("deployfix.yml", STRICT);
        manager.lock(&project);
        // Locked below the newest: what is locked must stay so.
        project.run(&["install"]).exits(0);
        let whole = tree(&project);
        remove_installed(&project);

        strip(&project, manager, &own("tiny-native"));
        if manager.lockfile == "package-lock.json" {
            strip(&project, manager, "tiny-native-darwin-arm64");
        }
        let before = checkout(&project);
        let ran = project.run(&["install"]).exits(0);
        assert_eq!(attempts(&ran), expected, "{}\n{}", manager.lockfile, ran.stdout);
        assert_eq!(tree(&project), whole, "{}", manager.lockfile);
        assert_eq!(installed(&project, "tiny-leaf"), "1.0.0");
        assert_eq!(checkout(&project), before, "{}", manager.lockfile);
        let loaded = std::process::Command::new("node")
            .args(["-p", "require('tiny-native')"])
            .current_dir(project.root())
            .output()
            .unwrap();
        let loaded = String::from_utf8_lossy(&loaded.stdout).into_owned();
        assert_eq!(loaded.trim(), format!("{}@1.0.0", own("tiny-native")), "{}", manager.lockfile);
        if expected.len() > 1 {
            assert_eq!(ran.phase("install")["status"], "recovered");
            let finding = ran.finding("install", "dependency/platform-binary-missing");
            assert_eq!(finding["severity"], "warning");
            assert!(finding["recovery"].to_string().contains(&own("tiny-native")), "{finding:#}");
            assert!(!ran.report()["recommendations"].as_array().unwrap().is_empty());
        }
    }
}

/// npm refuses for ever what a registry does not have, whoever wrote the lockfile.
#[test]
fn what_no_registry_has_does_not_stop_npm() {
    let registry = Registry::start(&[
        Package::new("tiny-lost", "1.0.0")
            .with("optionalDependencies", json!({ "tiny-lost-darwin-arm64": "1.0.0" })),
        Package::new("tiny-leaf", "1.0.0"),
        Package::new("tiny-leaf", "1.1.0"),
    ]);
    let dependencies = json!({ "tiny-lost": "1.0.0", "tiny-leaf": "1.0.0" });
    let project = NPM.project(&registry.url(), &dependencies).file("deployfix.yml", STRICT);
    NPM.lock(&project);
    let project = project.file("node_modules/stale/index.js", "");
    let before = checkout(&project);
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(attempts(&ran), [MENDED, "continue - -", "accept - -"], "{}", ran.stdout);
    let reason = ran.phase("install")["attempts"][1]["decision"]["reason"].clone();
    assert!(reason.as_str().unwrap().contains("exactly what it holds"), "{reason}");
    assert_eq!(installed(&project, "tiny-leaf"), "1.0.0");
    assert!(!project.root().join("node_modules/stale").exists());
    assert_eq!(checkout(&project), before);
    let first = &ran.phase("install")["attempts"][0]["finding"];
    assert!(first["message"].as_str().unwrap().contains("tiny-lost-darwin-arm64"), "{first:#}");
}

/// A forgotten `npm install` stays one, though platforms are missing as well.
#[test]
fn drift_beside_a_missing_platform_is_drift() {
    let registry = Registry::start(&packages());
    let dependencies = json!({ "tiny-native": "1.0.0", "tiny-leaf": "1.0.0" });
    let project = NPM.project(&registry.url(), &dependencies).file("deployfix.yml", STRICT);
    NPM.lock(&project);
    strip(&project, NPM, &own("tiny-native"));
    let drifted = project
        .read("package.json")
        .replace("\"tiny-leaf\": \"1.0.0\"", "\"tiny-leaf\": \"1.1.0\"");
    let project = project.file("package.json", drifted);
    let before = checkout(&project);
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(attempts(&ran), ["stop unfrozen-install dependency/lockfile-out-of-sync"]);
    assert_eq!(checkout(&project), before);
}

/// Missing in the registry too: a warning where the parent needs it, a note where it does not.
#[test]
fn a_platform_package_that_does_not_exist_is_no_error() {
    let optional = |name: &str| json!({ own(name): "1.0.0" });
    let registry = Registry::start(&[
        Package::new("tiny-hard", "1.0.0")
            .with("optionalDependencies", optional("tiny-hard"))
            .file("index.js", format!("require(\"{}\");\n", own("tiny-hard"))),
        Package::new("tiny-soft", "1.0.0").with("optionalDependencies", optional("tiny-soft")),
    ]);
    for (manager, name, severity) in
        [(PNPM, "tiny-hard", "warning"), (PNPM, "tiny-soft", "info"), (NPM, "tiny-hard", "warning")]
    {
        let project = manager.project(&registry.url(), &json!({ (name): "1.0.0" }));
        manager.lock(&project);
        let before = checkout(&project);
        let ran = project.run(&["install"]).exits(0);
        let findings = ran.findings("install");
        let expected = (severity.to_owned(), "dependency/platform-binary-missing".to_owned());
        assert!(findings.contains(&expected), "{name} {findings:?}\n{}", ran.stdout);
        assert_eq!(checkout(&project), before);
    }
}

/// What the project itself leaves out stays out.
#[test]
fn a_project_without_optional_packages_is_left_alone() {
    let registry = Registry::start(&packages());
    let project = PNPM.project(&registry.url(), &json!({ "tiny-native": "1.0.0" }));
    let npmrc = project.read(".npmrc");
    let project = project.file(".npmrc", format!("{npmrc}optional = false\n"));
    PNPM.lock(&project);
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(attempts(&ran), ["accept - -"]);
    assert_eq!(ran.phase("install")["status"], "passed");
}
