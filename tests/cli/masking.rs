use std::fs;

use crate::support::Project;

const SECRET: &str = "not-a-real secret/42 \"innermost\" & more=0123456789";

/// Prints the secret in six forms, one byte a write, on both streams.
const LEAK: &str = r#"
const secret = process.env.SESSION_TOKEN;
const fs = require('fs');
const forms = {
  plain: secret,
  base64: Buffer.from('user:' + secret + ':rest').toString('base64'),
  base64url: Buffer.from('u' + secret).toString('base64url'),
  percent: encodeURIComponent(secret),
  json: JSON.stringify({ value: secret }),
  shell: "'" + secret.replace(/'/g, "'\\''") + "' " + secret.replace(/["$`\\]/g, '\\$&'),
};
for (const [name, text] of Object.entries(forms)) {
  for (const descriptor of [1, 2]) {
    for (const byte of Buffer.from(name + ': ' + text + '\n')) fs.writeSync(descriptor, Buffer.of(byte));
  }
}
console.log(process.env.MULTI_LINE_KEY);
console.log('postgres://admin:fake-db-password@db.example.com/app');
console.log('{"inner":"' + JSON.parse(process.env.secrets).inner + '"}');
process.exitCode = Number(process.env.CODE);
"#;

#[test]
fn a_secret_is_nowhere_in_any_form() {
    for code in ["0", "1"] {
        let project = Project::with_build("node leak.js")
            .file("leak.js", LEAK)
            .variable("SESSION_TOKEN", SECRET)
            .variable("MULTI_LINE_KEY", "-----BEGIN FAKE KEY-----\nfakefakefakefake\nalsofakealsofake\n-----END FAKE KEY-----")
            .variable("secrets", r#"{"inner":"fake-inner-value"}"#)
            .variable("CODE", code);
        let ran = project.run(&["build"]);
        assert_eq!(ran.code == 0, code == "0");
        let mut places =
            vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr)];
        for entry in walkdir::WalkDir::new(project.root().join(".deployfix")) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
                places.push((entry.path().display().to_string(), text));
            }
        }
        assert!(ran.stdout.contains("plain: ***"), "{}", ran.stdout);
        let needles = [
            "not-a-real",
            "bm90LWEtcmVhb",
            "vdC1hLXJlYW",
            "5vdC1hLXJlYWwg",
            "innermost",
            "0123456789",
            "fakefakefakefake",
            "alsofakealsofake",
            "fake-db-password",
            "fake-inner-value",
        ];
        for (place, text) in &places {
            for needle in needles {
                assert!(!text.contains(needle), "{needle} is visible in {place}:\n{text}");
            }
        }
        assert!(ran.stdout.contains("postgres://admin:***@db.example.com/app"), "{}", ran.stdout);
    }
}

#[test]
fn a_secret_in_the_output_of_a_failed_install_stays_hidden() {
    let project = Project::with_build("true")
        .variable("NPM_TOKEN", "fake-npm-token-000000")
        .program(
            "npm",
            "[ \"$1\" = --version ] && echo 10.9.3 && exit\necho \"npm error code E401 for $NPM_TOKEN\" >&2; exit 1",
        );
    let ran = project.run(&["install", "--format", "json"]).exits(20);
    assert!(!ran.stdout.contains("fake-npm-token") && !ran.stderr.contains("fake-npm-token"));
    assert!(!project.read(".deployfix/report.json").contains("fake-npm-token"));
    assert!(!project.read(".deployfix/logs/install.1.log").contains("fake-npm-token"));
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["exitCode"], 20);
}
