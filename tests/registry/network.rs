//! No registry behind the address: no name, no server, no network, no TLS.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::{
    app::{Manager, app, registry},
    faults::{Ends, ends},
    proxy::Proxy,
    support::Project,
};

const MANAGERS: [Manager; 4] = [Manager::Npm, Manager::Pnpm, Manager::Yarn, Manager::Berry];
const UNREACHABLE: Ends = Ends::As("dependency/registry-unreachable", 75, 3);
const TLS: Ends = Ends::As("dependency/registry-tls", 20, 1);

fn all(registry: &str, expected: Ends) {
    for manager in MANAGERS {
        let project = app(manager, registry);
        let ran = project.run(&["install"]);
        ends(manager, &project, ran, expected);
    }
}

#[test]
fn a_name_that_nobody_knows_is_an_unreachable_registry() {
    all("http://registry.invalid/", UNREACHABLE);
}

#[test]
fn a_port_that_nobody_listens_on_is_an_unreachable_registry() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    all(&format!("http://127.0.0.1:{port}/"), UNREACHABLE);
}

#[test]
fn a_server_that_speaks_no_tls_is_not_asked_twice() {
    let proxy = Proxy::start(registry().port(), &[]);
    all(&proxy.https_url(), TLS);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_asked_twice() {
    let server = SelfSigned::start();
    all(&format!("https://127.0.0.1:{}/", server.port), TLS);
}

/// In a network of their own without any interface, the managers have no way to anything.
#[test]
fn a_machine_without_network_is_told_from_a_registry_that_is_down() {
    let possible = Command::new("unshare").args(["--net", "true"]).status();
    if !possible.is_ok_and(|status| status.success()) {
        println!("skipped: `unshare --net` is not allowed here");
        return;
    }
    for manager in MANAGERS {
        let program = manager.program();
        let project = app(manager, "http://192.0.2.1/");
        let path = path_of(&project);
        let project =
            project.program(program, &format!("PATH='{path}' exec unshare --net {program} \"$@\""));
        let bin = project.root().parent().unwrap().join("bin");
        let project = project.variable("PATH", format!("{}:{path}", bin.display()));
        let ran = project.run(&["install"]);
        ends(manager, &project, ran, Ends::As("environment/network-unreachable", 75, 3));
    }
}

/// `PATH` as `deployfix` gets it.
fn path_of(project: &Project) -> String {
    let command = project.command(&[]);
    let (_, value) = command.get_envs().find(|(name, _)| *name == "PATH").unwrap();
    value.unwrap().to_string_lossy().into_owned()
}

/// A TLS server with a certificate of its own making.
struct SelfSigned {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl SelfSigned {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("openssl")
            .args(["s_server", "-quiet", "-www", "-accept", &format!("127.0.0.1:{port}")])
            .args(["-key", "key.pem", "-cert", "certificate.pem"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        crate::support::until("openssl listens", || {
            std::thread::sleep(Duration::from_millis(50));
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self { child, port, _folder: folder }
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
