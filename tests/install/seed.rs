//! The case that this began with: amplify.yml caches `node_modules`, and every build deletes it again.

use std::process::Command;

use crate::installed::{Fixture, Kind};

#[test]
fn the_second_build_takes_the_cached_installation() {
    let fixture = Fixture::new(Kind::Npm);
    let project = fixture.project.file(".gitignore", "node_modules/\n.deployfix/\n").file(
        "amplify.yml",
        "version: 1
frontend:
  phases:
    preBuild: { commands: [deployfix install] }
    build: { commands: ['mkdir -p out', cp node_modules/tiny-root/index.js out/index.html] }
  artifacts: { baseDirectory: out, files: ['**/*'] }
  cache: { paths: ['node_modules/**/*', 'packages/lib/node_modules/**/*'] }
",
    );
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let status = Command::new("git")
            .args(identity)
            .args(arguments)
            .current_dir(project.root())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    let first = project.run(&["run", "--clean"]).exits(0);
    assert!(first.stdout.contains("$ npm ci"), "{}", first.stdout);
    let second = project.run(&["run", "--clean"]).exits(0);
    assert!(second.stdout.contains("skipped: verified "), "{}", second.stdout);
    assert!(!second.stdout.contains("$ npm ci"), "{}", second.stdout);
}
