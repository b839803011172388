//! `validate --audit` with the real managers and a registry that answers, refuses, or is not there.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    project::{BUN, Manager, NPM, PNPM, YARN_BERRY},
    registry::{Package, Registry},
    support::{Project, Ran},
};

const VULNERABLE: &str = "dependency/vulnerable-package";
const UNREACHABLE: &str = "dependency/registry-unreachable";

/// A registry that knows one advisory, in both forms that managers ask for; or that has no audit.
fn start(has_audit: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, has_audit));
        }
    });
    format!("http://127.0.0.1:{port}/")
}

fn answer(mut stream: TcpStream, has_audit: bool) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let Some(line) = request(&mut stream) else { return };
    let advisory = json!({
        "id": 1, "url": "https://example.com/advisories/1", "title": "Tiny leaks",
        "severity": "high", "vulnerable_versions": "<1.1.0", "cwe": [],
        "cvss": { "score": 7, "vectorString": null },
    });
    let (status, body) = if line.starts_with("POST") && !has_audit {
        ("404 Not Found", json!({ "error": "not found" }))
    } else if line.contains("/advisories/bulk") {
        ("200 OK", json!({ "tiny": [advisory] }))
    } else if line.contains("/security/audits") {
        let mut full = advisory;
        full["module_name"] = json!("tiny");
        full["patched_versions"] = json!(">=1.1.0");
        full["findings"] = json!([{ "version": "1.0.0", "paths": [".>tiny"] }]);
        let counts = json!({ "info": 0, "low": 0, "moderate": 0, "high": 1, "critical": 0 });
        let metadata = json!({ "vulnerabilities": counts, "totalDependencies": 1 });
        (
            "200 OK",
            json!({ "actions": [], "advisories": { "1": full }, "muted": [], "metadata": metadata }),
        )
    } else {
        let version = |version: &str| {
            let tarball = "http://127.0.0.1/tiny.tgz";
            json!({ "name": "tiny", "version": version, "dist": { "tarball": tarball, "shasum": "0".repeat(40) } })
        };
        let versions = json!({ "1.0.0": version("1.0.0"), "1.1.0": version("1.1.0") });
        (
            "200 OK",
            json!({ "name": "tiny", "dist-tags": { "latest": "1.1.0" }, "versions": versions }),
        )
    };
    let body = body.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// The first line of a request, whose body is read to its end.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let head_length = head.len() + 4;
        let lower = head.to_lowercase();
        let is_whole = match lower.split_once("content-length: ") {
            Some((_, rest)) => {
                let length: usize = rest.lines().next()?.trim().parse().ok()?;
                bytes.len() >= head_length + length
            }
            None => !lower.contains("chunked") || bytes.ends_with(b"0\r\n\r\n"),
        };
        if is_whole {
            return head.lines().next().map(ToOwned::to_owned);
        }
    }
}

/// A locked project, which then looks at another registry.
fn project(manager: Manager, registry: &str, locked_with: &Registry) -> Project {
    let dependencies = json!({ "tiny": "1.0.0" });
    let locked = manager.project(&locked_with.url(), &dependencies);
    manager.lock(&locked);
    let lockfile = locked.read(manager.lockfile).replace(&locked_with.url(), registry);
    manager.project(registry, &dependencies).file(manager.lockfile, lockfile)
}

fn found(ran: &Ran, id: &str) -> Vec<Value> {
    let phase = ran.phase("validate");
    let findings = phase["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["id"] == id).cloned().collect()
}

#[test]
fn what_the_registry_knows_becomes_a_warning_of_every_manager() {
    let locked_with = Registry::start(&[Package::new("tiny", "1.0.0")]);
    let registry = start(true);
    for manager in [NPM, PNPM, YARN_BERRY, BUN] {
        let name = manager.specification.unwrap_or("npm");
        let project = project(manager, &registry, &locked_with);
        let ran = project.run(&["validate", "--audit"]);
        let findings = found(&ran, VULNERABLE);
        assert_eq!(findings.len(), 1, "{name}: {}{}", ran.stdout, ran.stderr);
        assert_eq!(findings[0]["severity"], "warning");
        assert_eq!(findings[0]["message"], "`tiny` has a high advisory: Tiny leaks", "{name}");
        let evidence = &findings[0]["evidence"][0];
        assert_eq!(evidence["source"], "https://example.com/advisories/1", "{name}");
        assert_eq!(evidence["text"], "tiny <1.1.0: Tiny leaks", "{name}");
        assert!(found(&ran, UNREACHABLE).is_empty(), "{name}");
        // Without the flag nobody is asked.
        assert!(found(&project.run(&["validate"]), VULNERABLE).is_empty(), "{name}");
    }
}

#[test]
fn a_registry_without_an_audit_or_out_of_reach_is_a_warning_of_its_own() {
    let locked_with = Registry::start(&[Package::new("tiny", "1.0.0")]);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for registry in [start(false), format!("http://127.0.0.1:{gone}/")] {
        for manager in [NPM, PNPM, YARN_BERRY, BUN] {
            let name = manager.specification.unwrap_or("npm");
            let ran = project(manager, &registry, &locked_with).run(&["validate", "--audit"]);
            let findings = found(&ran, UNREACHABLE);
            assert_eq!(findings.len(), 1, "{name} {registry}: {}{}", ran.stdout, ran.stderr);
            assert_eq!(findings[0]["severity"], "warning", "{name}");
            assert!(found(&ran, VULNERABLE).is_empty(), "{name}");
        }
    }
}
