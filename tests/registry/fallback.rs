//! The second registry, asked when the first does not answer.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

use serde_json::json;

use crate::{
    project::{ALL, NPM, attempts, checkout, installed, remove_installed},
    registry::{Package, Registry},
};

fn packages() -> [Package; 3] {
    [
        Package::new("tiny-leaf", "1.0.0"),
        Package::new("tiny-leaf", "1.1.0"),
        Package::new("tiny-root", "1.0.0").with("dependencies", json!({ "tiny-leaf": "^1.0.0" })),
    ]
}

/// Passes everything on to a registry, and keeps the heads of the requests.
struct Recorder {
    port: u16,
    heads: Arc<Mutex<String>>,
}

impl Recorder {
    fn before(registry: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(String::new()));
        let recorded = Arc::clone(&heads);
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for client in listener.incoming().filter_map(Result::ok) {
                let recorded = Arc::clone(&recorded);
                std::thread::spawn(move || pass_on(client, registry, &recorded));
            }
        });
        Self { port, heads }
    }
}

fn pass_on(mut client: TcpStream, registry: u16, recorded: &Mutex<String>) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    recorded.lock().unwrap().push_str(&head);
    let lines =
        head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head = lines.fold(String::new(), |head, line| head + line + "\r\n");
    let mut upstream = TcpStream::connect(("127.0.0.1", registry)).ok()?;
    upstream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
    std::io::copy(&mut upstream, &mut client).ok()?;
    Some(())
}

#[test]
fn the_same_lockfile_is_installed_from_the_second_registry_without_the_firsts_credentials() {
    let second = Registry::start(&packages());
    let recorder = Recorder::before(second.port());
    for manager in ALL {
        let first = Registry::start(&packages());
        let project = manager.project(&first.url(), &json!({ "tiny-root": "1.0.0" }));
        let npmrc = project.read(".npmrc");
        let token =
            format!("//127.0.0.1:{}/:_authToken=fake-token\nalways-auth=true\n", first.port());
        let is_bun = manager.lockfile == "bun.lock";
        let token = if is_bun { "" } else { &token };
        let project = project.file(".npmrc", format!("{npmrc}{token}")).file(
            "deployfix.yml",
            format!(
                "version: 1\nrecovery: {{ mode: strict, attempts: 2 }}\ninstall: {{ fallbackRegistry: \"http://127.0.0.1:{}/\" }}\n",
                recorder.port
            ),
        );
        manager.lock(&project);
        drop(first);
        let before = checkout(&project);
        let ran = project.run(&["install"]).exits(0);
        assert_eq!(
            attempts(&ran),
            ["retry fallback-registry dependency/registry-unreachable", "accept - -"],
            "{}\n{}",
            manager.lockfile,
            ran.stdout
        );
        assert_eq!(installed(&project, "tiny-root"), "1.0.0");
        assert_eq!(ran.phase("install")["status"], "recovered");
        assert_eq!(
            ran.finding("install", "dependency/registry-unreachable")["severity"],
            "warning"
        );
        assert_eq!(checkout(&project), before, "{}", manager.lockfile);
        let heads = std::mem::take(&mut *recorder.heads.lock().unwrap());
        assert!(heads.contains("tiny-leaf"), "{}: {heads}", manager.lockfile);
        assert!(!heads.to_lowercase().contains("authorization"), "{heads}");
        if is_bun {
            // It would send a token along, so with one it is not asked at all.
            remove_installed(&project);
            let token = format!("{npmrc}//127.0.0.1:1/:_authToken=fake-token\n");
            let ran = project.file(".npmrc", token).run(&["install"]).exits(75);
            assert_eq!(attempts(&ran), ["stop fallback-registry dependency/registry-unreachable"]);
            assert!(recorder.heads.lock().unwrap().is_empty());
            continue;
        }
        assert!(
            !fs::read_to_string(project.root().join(".deployfix/report.json"))
                .unwrap()
                .contains("fake-token")
        );
    }
}

#[test]
fn a_credential_that_names_no_host_stops_it() {
    let second = Registry::start(&packages());
    let first = Registry::start(&packages());
    let project = NPM.project(&first.url(), &json!({ "tiny-root": "1.0.0" }));
    NPM.lock(&project);
    drop(first);
    let npmrc = project.read(".npmrc");
    let project = project.variable("YARN_NPM_AUTH_TOKEN", "fake-token").file(".npmrc", npmrc).file(
        "deployfix.yml",
        format!(
            "version: 1\nrecovery: {{ attempts: 2 }}\ninstall: {{ fallbackRegistry: \"{}\" }}\n",
            second.url()
        ),
    );
    let ran = project.run(&["install"]).exits(75);
    assert_eq!(attempts(&ran), ["stop fallback-registry dependency/registry-unreachable"]);
    let recovery = ran.finding("install", "dependency/registry-unreachable")["recovery"].clone();
    assert!(recovery.as_str().unwrap().contains("names no host"), "{recovery}");
}

#[test]
fn the_retries_come_first_and_all_are_bounded() {
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let first = Registry::start(&packages());
    let project = NPM.project(&first.url(), &json!({ "tiny-root": "1.0.0" }));
    NPM.lock(&project);
    drop(first);
    let project = project.file(
        "deployfix.yml",
        format!("version: 1\ninstall: {{ fallbackRegistry: \"http://127.0.0.1:{dead}/\" }}\n"),
    );
    let ran = project.run(&["install"]).exits(75);
    assert_eq!(
        attempts(&ran),
        [
            "retry retry-with-backoff dependency/registry-unreachable",
            "retry fallback-registry dependency/registry-unreachable",
            "stop - dependency/registry-unreachable"
        ]
    );
}
