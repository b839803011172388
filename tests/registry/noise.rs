//! Retries that a manager tells of before it fails for another reason, and faults that it mends itself.

use crate::{
    app::{Manager, app, registry},
    faults::{Ends, ends},
    proxy::{Fault, Proxy, Rule},
};

/// The manager tells of a reset connection, overcomes it, and then misses a package.
#[test]
fn retries_before_another_failure_do_not_mislead() {
    for (manager, noise) in [
        (Manager::Npm, None),
        (Manager::Pnpm, Some("Will retry in")),
        (Manager::Yarn, Some("There appears to be trouble with your network connection")),
        (Manager::Berry, None),
    ] {
        let rules = [
            Rule::tarball("tiny-leaf", Fault::Reset(0)).first(1),
            Rule::tarball("tiny-leaf", Fault::Status(404)),
        ];
        let proxy = Proxy::start(registry().port(), &rules);
        let project = app(manager, &proxy.url());
        let ran = project.run(&["install"]);
        let log = project.read(".deployfix/logs/install.1.log");
        if let Some(noise) = noise {
            assert!(log.contains(noise), "{manager:?}: {log}");
        }
        let finding = ran.finding("install", "dependency/package-not-found").to_string();
        assert!(finding.contains("404"), "{finding}");
        ends(manager, &project, ran, Ends::As("dependency/package-not-found", 20, 2));
    }
}

/// With npm's own settings: two failures of the registry are overcome without deployfix.
#[test]
fn what_npm_itself_recovers_from_is_passed() {
    let rules = [Rule::tarball("tiny-leaf", Fault::Status(503)).first(1)];
    let proxy = Proxy::start(registry().port(), &rules);
    let project =
        app(Manager::Npm, &proxy.url()).file(".npmrc", format!("registry={}\n", proxy.url()));
    let ran = project.run(&["install"]);
    assert_eq!(ran.phase("install")["attempts"].as_array().unwrap().len(), 1);
    let asked = proxy.requests().iter().filter(|path| path.contains("tiny-leaf-1.0.0")).count();
    assert_eq!(asked, 2);
    ends(Manager::Npm, &project, ran, Ends::Well);
}

/// npm 10 says the same as npm 11, and its document of versions is asked for as well.
#[test]
fn npm_10_and_the_document_of_a_package() {
    for (rule, expected) in [
        (
            Rule::tarball("tiny-leaf", Fault::Reset(50)),
            Ends::As("dependency/registry-unreachable", 75, 3),
        ),
        (Rule::tarball("tiny-leaf", Fault::Changed).first(1), Ends::Well),
    ] {
        let proxy = Proxy::start(registry().port(), &[rule]);
        let project = app(Manager::Npm10, &proxy.url());
        let ran = project.run(&["install"]);
        ends(Manager::Npm10, &project, ran, expected);
    }
    // Without `resolved` in the lockfile npm asks for the document to find the archive.
    for (fault, expected) in [
        (Fault::Status(404), Ends::As("dependency/package-not-found", 20, 2)),
        (Fault::Status(401), Ends::As("dependency/registry-auth", 20, 1)),
        (Fault::Status(503), Ends::As("dependency/registry-unreachable", 75, 3)),
    ] {
        let proxy = Proxy::start(registry().port(), &[Rule::packument("tiny-leaf", fault)]);
        let project = app(Manager::Npm, &proxy.url());
        let lockfile = project.read("package-lock.json");
        let mut lockfile: serde_json::Value = serde_json::from_str(&lockfile).unwrap();
        for package in lockfile["packages"].as_object_mut().unwrap().values_mut() {
            package.as_object_mut().unwrap().remove("resolved");
        }
        let project = project.file("package-lock.json", lockfile.to_string());
        let ran = project.run(&["install"]);
        ends(Manager::Npm, &project, ran, expected);
    }
}
