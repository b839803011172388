//! Recoveries that run the same once more.

use serde_json::{Value, json};

use crate::{
    project::{NPM, STRICT, attempts, checkout, installed},
    registry::{Package, Registry},
};

/// A lockfile that names what is not in the registry any more.
#[test]
fn a_version_or_package_that_is_gone_is_asked_for_once_more() {
    let full =
        Registry::start(&[Package::new("tiny-gone", "1.0.0"), Package::new("tiny-leaf", "1.0.0")]);
    let empty = Registry::start(&[Package::new("tiny-leaf", "1.0.0")]);
    let project = NPM.project(&full.url(), &json!({ "tiny-gone": "1.0.0", "tiny-leaf": "1.0.0" }));
    NPM.lock(&project);
    let npmrc = project.read(".npmrc").replace(&full.url(), &empty.url());
    let project = project
        .variable("NPM_CONFIG_REGISTRY", empty.url())
        .file(".npmrc", npmrc)
        .file("deployfix.yml", STRICT);
    let before = checkout(&project);
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(
        attempts(&ran),
        ["retry retry-once dependency/package-not-found", "stop - dependency/package-not-found"]
    );
    assert_eq!(checkout(&project), before);
}

#[test]
fn a_version_that_does_not_exist_is_asked_for_past_the_cache_once() {
    let registry = Registry::start(&[Package::new("tiny-leaf", "1.0.0")]);
    let project = NPM.project(&registry.url(), &json!({ "tiny-leaf": "1.0.0" }));
    NPM.lock(&project);
    let mut manifest: Value = serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["dependencies"]["tiny-leaf"] = json!("9.9.9");
    let project = project.file("package.json", manifest.to_string());
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(
        attempts(&ran),
        ["retry prefer-online dependency/version-not-found", "stop - dependency/version-not-found"]
    );
    assert_eq!(ran.phase("install")["attempts"][1]["command"], "npm ci --prefer-online");
}

/// A script that fails the first time only, as one that downloads does.
#[test]
fn an_install_script_that_fails_once_runs_again() {
    let script = "node -e \"const f='../../fail-once',s=require('fs');if(s.existsSync(f)){s.rmSync(f);process.exit(1)}\"";
    let registry = Registry::start(&[
        Package::new("tiny-script", "1.0.0").with("scripts", json!({ "postinstall": script }))
    ]);
    let project = NPM.project(&registry.url(), &json!({ "tiny-script": "1.0.0" }));
    NPM.lock(&project);
    let project = project.file("fail-once", "");
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(
        attempts(&ran),
        ["retry retry-once dependency/install-script-failed", "accept - -"],
        "{}",
        ran.stdout
    );
    assert_eq!(installed(&project, "tiny-script"), "1.0.0");
}
