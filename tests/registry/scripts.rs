//! Install scripts that are held back, and those that run all the same.

use serde_json::{Value, json};

use crate::{
    project::{ALL, Manager, NPM, attempts, remove_installed},
    registry::{Package, Registry},
    support::Project,
};

fn registry() -> Registry {
    let script = "node -e \"require('fs').writeFileSync('built', ''); process.exit(+process.env.FAIL || 0)\"";
    let scripted =
        |name: &str| Package::new(name, "1.0.0").with("scripts", json!({ "postinstall": script }));
    Registry::start(&[
        scripted("script-reviewed"),
        scripted("script-other"),
        Package::new("script-parent", "1.0.0")
            .with("dependencies", json!({ "script-reviewed": "1.0.0" })),
    ])
}

/// Locked, with a script of its own, and not installed.
fn project(manager: Manager, registry: &Registry, policy: &str) -> Project {
    let dependencies = json!({ "script-parent": "1.0.0", "script-other": "1.0.0" });
    let project = manager.project(&registry.url(), &dependencies);
    let mut manifest: Value = serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["scripts"] =
        json!({ "postinstall": "node -e \"require('fs').writeFileSync('own', '')\"" });
    let project = project
        .file("package.json", manifest.to_string())
        .file("deployfix.yml", format!("install: {{ scripts: {policy} }}\n"));
    manager.lock(&project);
    let _ = std::fs::remove_file(project.root().join("own"));
    project
}

/// Whether the script of a package ran, wherever the manager put the package.
fn is_built(project: &Project, package: &str) -> bool {
    let modules = project.root().join("node_modules");
    [
        modules.join(package),
        modules.join("script-parent/node_modules").join(package),
        modules.join(format!(".pnpm/{package}@1.0.0/node_modules/{package}")),
    ]
    .iter()
    .any(|folder| folder.join("built").is_file())
}

#[test]
fn reviewed_scripts_and_the_projects_own_run_and_others_do_not() {
    let registry = registry();
    for manager in ALL {
        let name = manager.specification.unwrap_or("npm");
        let project = project(manager, &registry, "{ allow: [script-reviewed], others: skip }");
        let ran = project.run(&["install"]).exits(0);
        assert!(is_built(&project, "script-reviewed"), "{name}: {}", ran.stdout);
        assert!(!is_built(&project, "script-other"), "{name}: {}", ran.stdout);
        assert!(project.root().join("own").is_file(), "{name}: {}", ran.stdout);
        assert!(attempts(&ran).len() > 1, "{name}");

        // What may run is part of what an installation is made of.
        let more =
            "install: { scripts: { allow: [script-reviewed, script-other], others: skip } }\n";
        let project = project.file("deployfix.yml", more);
        let ran = project.run(&["install"]).exits(0);
        assert!(is_built(&project, "script-other"), "{name}: {}", ran.stdout);
    }
}

#[test]
fn a_reviewed_script_that_fails_is_named_and_nothing_is_taken_for_installed() {
    let registry = registry();
    let project = project(NPM, &registry, "{ allow: [script-reviewed], others: skip }");
    remove_installed(&project);
    let project = project.variable("FAIL", "3");
    let ran = project.run(&["install"]).exits(20);
    ran.finding("install", "dependency/install-script-failed");
    let project = project.variable("FAIL", "0");
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "passed", "{}", ran.stdout);
    assert!(is_built(&project, "script-reviewed"));
}
