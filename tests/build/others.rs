//! A build that hangs, one without a script, one whose generated code is missing, and one that has no time left.

use crate::{
    app::{ATTEMPT, app, attempts, recovered},
    support::Project,
};

#[test]
fn a_build_that_hangs_is_ended_and_run_once_more() {
    let project = app()
        .file(
            "app/hung/page.jsx",
            format!("export default async function Page() {{
  if ({ATTEMPT} === 1) {{ console.log('waits for the price list'); await new Promise(() => setInterval(() => {{}}, 60000)); }}
  return <p>x</p>;
}}"),
        )
        .file("deployfix.yml", "build: { stall: 8s }\n");
    let ran = project.run(&["build"]).exits(0);
    recovered(&ran, &["build/timeout retry-once"], &["the build hung"]);
    let attempt = &attempts(&ran)[0];
    assert_eq!(attempt["outcome"]["kind"], "stalled");
    let evidence = attempt["finding"]["evidence"].to_string();
    assert!(
        evidence.contains("waits for the price list")
            || evidence.contains("Generating static pages"),
        "{evidence}"
    );
}

#[test]
fn a_slow_build_that_says_little_is_left_alone() {
    let project = Project::with_build(
        "node -e \"let n = 0; const timer = setInterval(() => { console.log(n); if (++n > 3) clearInterval(timer); }, 1500);\"",
    )
    .file("deployfix.yml", "build: { stall: 4s }\n");
    let ran = project.run(&["build"]).exits(0);
    assert_eq!(ran.phase("build")["status"], "passed");
}

#[test]
fn a_retry_without_enough_time_is_refused_with_its_numbers() {
    let project = Project::with_build("sleep 6; echo 'npm error signal SIGKILL'; exit 137")
        .file("deployfix.yml", "build: { timeout: 11s }\n");
    let ran = project.run(&["build"]).exits(30);
    assert_eq!(attempts(&ran).len(), 1);
    let reason = attempts(&ran)[0]["decision"]["reason"].as_str().unwrap();
    let words =
        ["no time for `lower-memory`", "left until the deadline", "another attempt takes about"];
    assert!(words.iter().all(|words| reason.contains(words)), "{reason}");
    let recovery = ran.finding("build", "build/out-of-memory-killed")["recovery"].as_str().unwrap();
    assert_eq!(recovery, reason);
}

#[test]
fn without_a_script_next_is_built_with_the_code_that_its_generator_writes() {
    let project = app();
    let mut manifest: serde_json::Value =
        serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["scripts"] = serde_json::json!({
        "generate": "node generate.js", "test": "node --test", "generate:watch": "node generate.js --watch",
    });
    let project = project
        .file("package.json", manifest.to_string())
        .file("generate.js", "const fs = require('fs');\nfs.mkdirSync('generated', { recursive: true });\nfs.writeFileSync('generated/client.js', 'export const name = \"made\";');\n")
        .file("app/made/page.jsx", "import { name } from '../../generated/client';\nexport default function Page() { return <p>{name}</p>; }\n");
    let ran = project.run(&["build"]).exits(0);
    recovered(
        &ran,
        &["build/client-not-generated run-generator"],
        &["\"build\": \"node generate.js && next build\"", "package.json has no `build` script"],
    );
    let commands: Vec<_> =
        attempts(&ran).iter().map(|attempt| attempt["command"].as_str().unwrap()).collect();
    assert_eq!(commands, ["next build", "npm run generate", "next build"]);
    assert_eq!(attempts(&ran)[1]["decision"]["action"], "continue");
}

/// Prisma's engines are not to be had everywhere; a stand-in says and does what its program does.
fn with_prisma(generate: &str) -> Project {
    Project::empty()
        .file(
            "package.json",
            r#"{"name":"app","version":"1.0.0","scripts":{"build":"sh build.sh"},"devDependencies":{"prisma":"6.0.0"}}"#,
        )
        .locked()
        .file(
            "build.sh",
            "[ -f client ] || { echo 'Error: @prisma/client did not initialize yet. Please run \"prisma generate\" and try to import it again.' >&2; exit 1; }",
        )
        .program("prisma", generate)
}

#[test]
fn the_client_of_prisma_is_generated() {
    let project = with_prisma("[ \"$1\" = generate ] && touch client");
    let ran = project.run(&["build"]).exits(0);
    recovered(
        &ran,
        &["build/client-not-generated run-generator"],
        &["\"build\": \"prisma generate && next build\""],
    );
}

#[test]
fn a_generator_that_fails_ends_the_build() {
    let project = with_prisma("echo 'Error: P1012 the schema is wrong' >&2; exit 1");
    let ran = project.run(&["build"]).exits(30);
    assert_eq!(attempts(&ran).len(), 2);
    let finding = ran.finding("build", "build/client-not-generated");
    assert!(finding.to_string().contains("P1012"), "{finding}");
}

#[test]
fn a_missing_file_of_the_user_is_not_generated() {
    let project = Project::with_build(
        "echo \"Error: Cannot find module './components/client'\" >&2; echo 'Require stack:' >&2; exit 1",
    );
    let ran = project.run(&["build"]).exits(30);
    assert_eq!(ran.findings("build")[0].1, "build/module-not-found");
    assert_eq!(attempts(&ran).len(), 1);
}
