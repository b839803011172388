//! Builds that need a server which does not answer at first.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    thread,
};

use crate::{
    app::{ATTEMPT, app, attempts, configuration, recovered, story},
    support::Project,
};

/// A server that answers from the attempt on that deployfix begins as number `from`; before it drops every connection.
fn server(project: &Project, from: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let logs: PathBuf = project.root().join(".deployfix/logs");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let begun = std::fs::read_dir(&logs).map_or(0, Iterator::count);
            if begun >= from {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
                );
            }
        }
    });
    port
}

#[test]
fn data_that_comes_at_the_third_attempt() {
    let project = app();
    let port = server(&project, 3);
    let project = project.file(
        "app/data/page.jsx",
        format!(
            "export default async function Page() {{
  return <p>{{await (await fetch('http://127.0.0.1:{port}/')).text()}}</p>;
}}"
        ),
    );
    let ran = project.run(&["build"]).exits(0);
    let failure = "build/data-fetch-failed retry-with-backoff";
    recovered(&ran, &[failure, failure], &["retry the request where it is made"]);
    assert!(attempts(&ran)[0]["decision"]["delay"].as_u64().unwrap() > 0);
    assert!(project.read(".next/server/app/data.html").contains("hello"));
}

#[test]
fn a_page_is_rendered_again_only_when_the_network_made_it_fail() {
    let project = app();
    let port = server(&project, 2);
    let page = format!(
        "import http from 'http';
export default async function Page() {{
  const text = await new Promise((resolve, reject) => http.get('http://127.0.0.1:{port}/', response => response.on('data', resolve)).on('error', reject));
  return <p>{{`${{text}}`}}</p>;
}}"
    );
    let project = project.file("app/data/page.jsx", page);
    let ran = project.run(&["build"]).exits(0);
    let failure = "build/data-fetch-failed retry-with-backoff";
    recovered(&ran, &[failure], &["retry the request where it is made"]);
    let evidence = attempts(&ran)[0]["finding"]["evidence"].to_string();
    assert!(evidence.contains("socket hang up"), "{evidence}");

    let project = project.file(
        "app/data/page.jsx",
        "export default function Page() { throw new Error('no title'); }",
    );
    let ran = project.run(&["build"]).exits(30);
    assert_eq!(attempts(&ran).len(), 1);
    assert_eq!(attempts(&ran)[0]["decision"]["action"], "stop");
    let reason = attempts(&ran)[0]["decision"]["reason"].as_str().unwrap();
    assert!(reason.contains("cannot mend `build/prerender-failed`"), "{reason}");
}

#[test]
fn a_font_that_comes_at_the_second_attempt() {
    // The first attempt asks a proxy that nobody listens at, as without a network; later ones a stand-in of Google's.
    let project = app()
        .file(
            "next.config.js",
            format!("if ({ATTEMPT} < 2) {{ process.env.https_proxy = 'http://127.0.0.1:9'; }}
else {{ process.env.NEXT_FONT_GOOGLE_MOCKED_RESPONSES = __dirname + '/fonts.js'; }}
{}", configuration("")),
        )
        .file("fonts.js", "module.exports = new Proxy({}, { get: () => '@font-face { font-family: Inter; font-style: normal; font-weight: 400; src: local(\"Inter\"); }' });")
        .file(
            "app/font/page.jsx",
            "import { Inter } from 'next/font/google';
const inter = Inter({ subsets: ['latin'], weight: '400' });
export default function Page() { return <p className={inter.className}>x</p>; }",
        );
    let ran = project.run(&["build"]).exits(0);
    recovered(&ran, &["build/font-fetch-failed retry-with-backoff"], &["`next/font/local`"]);
    assert_eq!(story(&ran).len(), 1);
}
