use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use crate::support::Project;

/// Serves one scripted answer a connection, then the last one for ever.
fn site(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let answer = answers[number.min(answers.len() - 1)];
            let _ = respond(stream.unwrap(), answer);
        }
    });
    format!("http://{address}/")
}

fn respond(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request)?;
    stream.write_all(answer.as_bytes())
}

const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<html>it works</html";
const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbusy";
const CUT: &str = "";

#[test]
fn a_site_that_comes_back_is_healthy_and_every_failed_try_is_stated() {
    let url = site(&[CUT, BUSY, BUSY, PAGE]);
    let ran = Project::with_build("true")
        .run(&["health-check", "--url", &url, "--timeout", "60s"])
        .exits(0);
    let route = &ran.report()["health"]["routes"][0];
    assert_eq!((&route["path"], &route["healthy"]), (&"/".into(), &true.into()), "{route}");
    assert_eq!(ran.report()["health"]["target"], url);
    let failures = route["failures"].as_array().unwrap();
    // The first answer of any kind ends the waiting for the site; the next try asks for the route.
    assert_eq!(*failures, ["connection closed before an answer", "status 503"], "{route}");
    assert!(ran.stdout.contains("3 tries; failed: connection closed"), "{}", ran.stdout);
}

#[test]
fn a_site_that_answers_wrongly_or_not_at_all_is_refused_with_the_reason() {
    let broken = site(&[BUSY]);
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let tls = broken.replace("http://", "https://");
    let unknown = "http://absent.invalid/".to_owned();
    for (url, reason) in [(broken, "503"), (closed, "refused"), (tls, "TLS"), (unknown, "DNS")] {
        let project = Project::with_build("true");
        let ran = project.run(&["health-check", "--url", &url, "--timeout", "2s"]).exits(40);
        let finding = ran.phase("health-check")["findings"][0].to_string();
        assert!(finding.contains(reason), "{reason}: {finding}");
    }
}

#[test]
fn without_a_build_there_is_nothing_to_serve() {
    let ran = Project::with_build("true").run(&["health-check", "--serve"]).exits(40);
    assert_eq!(ran.findings("health-check")[0].1, "deployment/artifact-missing");
}
