//! What `run` says of the output, and what it delivers.

use std::fs;

use crate::support::Project;

fn with_artifacts(build: &str, artifacts: &str) -> Project {
    Project::with_build("true").file(
        "amplify.yml",
        format!(
            "version: 1
frontend:
  phases: {{ build: {{ commands: [{}] }} }}
  artifacts: {artifacts}
",
            serde_json::to_string(build).unwrap()
        ),
    )
}

const SITE: &str = "mkdir -p out/a && echo hello > out/index.html && echo x > out/a/x.js && ln -sf index.html out/404.html";

#[test]
fn files_are_collected_by_their_patterns() {
    let project = with_artifacts(SITE, "{ baseDirectory: out, files: ['**/*.html', 'a/*'] }");
    let ran = project.run(&["run", "--artifacts", "delivered"]).exits(0);
    assert_eq!(ran.phase("run")["metrics"]["artifactFiles"], 3);
    assert!(
        ran.stdout.contains("the platform WEB: the app does not depend on `next`"),
        "{}",
        ran.stdout
    );
    assert_eq!(project.read("delivered/a/x.js"), "x\n");
    assert!(fs::symlink_metadata(project.root().join("delivered/404.html")).unwrap().is_symlink());
    let ran = project.run(&["run", "--artifacts", "delivered"]).exits(2);
    assert!(ran.stdout.contains("`delivered` is not empty"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("# Executing"), "{}", ran.stdout);

    let flat = with_artifacts(SITE, "{ baseDirectory: out, files: ['a/**'], discard-paths: yes }");
    flat.run(&["run", "--artifacts", "delivered"]).exits(0);
    assert_eq!(flat.read("delivered/x.js"), "x\n");

    let none = with_artifacts(SITE, "{ baseDirectory: out, files: ['**/*.css'] }");
    let ran = none.run(&["run"]).exits(40);
    assert_eq!(ran.findings("run"), [("error".into(), "deployment/artifact-missing".into())]);
    let absent = with_artifacts("true", "{ baseDirectory: build, files: ['**/*'] }");
    let ran = absent.run(&["run"]).exits(40);
    assert!(
        ran.stdout.contains("!!! CustomerError: Artifact directory doesn't exist: build"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_platform_decides_what_is_looked_for() {
    let project = with_artifacts(SITE, "{ baseDirectory: out, files: ['**/*'] }");
    let ran = project.run(&["run", "--platform", "web_compute"]).exits(40);
    assert!(
        ran.stdout.contains("!!! CustomerError: Cannot read 'next' version in package.json."),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains("# Executing"), "{}", ran.stdout);
    let project = project.file("package.json", r#"{"dependencies":{"next":"15.5.0"}}"#);
    let ran = project.run(&["run"]).exits(40);
    assert!(ran.stdout.contains("WEB_COMPUTE: the app depends on `next`"), "{}", ran.stdout);
    assert_eq!(ran.findings("run")[0].1, "deployment/artifact-missing");
    project.run(&["run", "--platform", "web"]).exits(0);
}

#[test]
fn a_real_build_is_looked_at_as_amplify_does() {
    let project = Project::built().file(
        "amplify.yml",
        "version: 1
frontend:
  phases: { build: { commands: ['echo built already'] } }
  artifacts: { baseDirectory: .next, files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]).exits(0);
    assert!(
        ran.stdout.contains("the platform WEB_COMPUTE: the build is for a server"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.report()["artifact"]["mode"], "server");
    assert!(ran.stdout.contains("# Build artifact is: "), "{}", ran.stdout);
    assert!(!project.root().join(".deployfix/manifest.json").exists());

    let project = project.program("node", "echo v18.20.1");
    let ran = project.run(&["run"]).exits(0);
    let finding = ran.finding("run", "environment/node-version-unsupported");
    assert_eq!(finding["severity"], "warning");
    let project = project.file(
        "amplify.yml",
        "version: 1
frontend:
  phases: { build: { commands: ['nvm() { :; }', 'nvm use 18'] } }
  artifacts: { baseDirectory: .next, files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]).exits(10);
    let message = "!!! CustomerError: Unsupported NodeJS version: v18.20.1. Supported versions are 20 and 22.";
    assert!(ran.stdout.contains(message), "{}", ran.stdout);

    fs::remove_file(project.root().join(".next/required-server-files.json")).unwrap();
    let ran = project.run(&["run"]).exits(40);
    assert_eq!(ran.findings("run")[0].0, "error");

    let project = Project::built().file(
        "amplify.yml",
        "version: 1
frontend:
  phases: { build: { commands: ['rm -r node_modules'] } }
  artifacts: { baseDirectory: .next, files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]).exits(40);
    assert!(
        ran.stdout.contains(
            "!!! CustomerError: The 'node_modules' folder is missing the 'next' dependency."
        ),
        "{}",
        ran.stdout
    );
}

#[test]
fn lines_look_as_in_amplifys_log() {
    let project = with_artifacts(
        "echo one; echo two; echo oops >&2; printf half; sleep 0.1; echo ' line'; exit 3",
        "{ baseDirectory: ., files: ['**/*'] }",
    );
    let ran = project.run(&["run", "--log-format", "amplify"]).exits(30);
    let lines: Vec<_> = ran.stdout.lines().collect();
    for line in &lines {
        let stamped =
            line.len() > 25 && line.as_bytes()[10] == b'T' && line[23..].starts_with("Z [");
        assert!(stamped || line.starts_with(&" ".repeat(33)), "{line}");
    }
    let has = |text: &str| lines.iter().any(|line| line.get(24..) == Some(text));
    for text in [
        " [INFO]: # Starting phase: build",
        " [WARNING]: oops",
        " [INFO]: half line",
        " [ERROR]: !!! Build failed",
        " [ERROR]: !!! Error: Command failed with exit code 3",
    ] {
        assert!(has(text), "{text}\n{}", ran.stdout);
    }
    // What is diagnosed stays as the commands wrote it.
    assert!(project.read(".deployfix/logs/run.1.log").starts_with("## Starting Backend Build\n"));
}
