//! What opens the registry never reaches terminal, log or report.

use std::fs;

use crate::{
    app::{Manager, app, registry},
    proxy::{Fault, Proxy, Rule},
    support::{Project, Ran},
};

const TOKEN: &str = "fake-token-0123456789";
const PASSWORD: &str = "fake-password-9876";

fn assert_silent(project: &Project, ran: &Ran) {
    let mut texts =
        vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".into(), ran.stderr.clone())];
    let state = project.root().join(".deployfix");
    for folder in [state.clone(), state.join("logs")] {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                let text = fs::read(entry.path()).unwrap();
                let name = entry.file_name().to_string_lossy().into_owned();
                texts.push((name, String::from_utf8_lossy(&text).into_owned()));
            }
        }
    }
    assert!(texts.iter().any(|(name, _)| name == "install.1.log"));
    for (name, text) in texts {
        for secret in [TOKEN, PASSWORD] {
            assert!(!text.contains(secret), "{name} tells {secret}: {text}");
        }
    }
}

/// The address holds a password, the settings a token, and the archive is not there: yarn 1 prints the address as it is.
#[test]
fn neither_token_nor_password_is_told_when_an_installation_fails() {
    for manager in [Manager::Npm, Manager::Pnpm, Manager::Yarn, Manager::Berry] {
        let rules = [Rule::tarball("tiny-leaf", Fault::Status(404))];
        let proxy = Proxy::start(registry().port(), &rules);
        let address = proxy.url().replace("http://", &format!("http://user:{PASSWORD}@"));
        let host = proxy.url().replace("http:", "");
        let mut project = app(manager, &address);
        let name = if manager == Manager::Berry { ".yarnrc.yml" } else { ".npmrc" };
        let settings = fs::read_to_string(project.root().join(name)).unwrap_or_default();
        let token = match manager {
            Manager::Berry => format!("npmAuthToken: {TOKEN}\n"),
            _ => format!("{host}:_authToken={TOKEN}\n"),
        };
        project = project.file(name, format!("{settings}{token}"));
        let ran = project.run(&["install"]);
        assert_eq!(ran.code, 20, "{manager:?} {}", ran.stdout);
        assert_silent(&project, &ran);
    }
}

/// A script of the project may print what it likes.
#[test]
fn settings_that_a_script_prints_are_masked() {
    let proxy = Proxy::start(registry().port(), &[]);
    let project = app(Manager::Npm, &proxy.url());
    let mut manifest: serde_json::Value =
        serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["scripts"] = serde_json::json!({ "preinstall": "cat .npmrc && exit 3" });
    let settings = format!(
        "{}//registry.example.com/:_authToken={TOKEN}\n//user:{PASSWORD}@mirror.example.com/:always-auth=true\n",
        project.read(".npmrc")
    );
    let project = project.file("package.json", manifest.to_string()).file(".npmrc", settings);
    let ran = project.run(&["install", "--verbose"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stdout.contains("mirror.example.com") || ran.stderr.contains("mirror.example.com"));
    assert_silent(&project, &ran);
}
