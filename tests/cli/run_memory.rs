//! `run --memory`: a real control group and a real kernel kill, where the machine lets us.

use std::{fs, path::Path, process::Command};

use crate::support::{Project, until, wait};

const HUNGRY: &str = "const kept = []; for (;;) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));";

fn project(build: &str) -> Project {
    Project::with_build("true").file("hungry.js", HUNGRY).file(
        "amplify.yml",
        format!(
            "version: 1
frontend:
  phases: {{ build: {{ commands: [{}] }} }}
  artifacts: {{ baseDirectory: ., files: ['**/*'] }}
",
            serde_json::to_string(build).unwrap()
        ),
    )
}

/// Groups of deployfix that are there now.
fn groups() -> Vec<String> {
    let list = Command::new("find")
        .args(["/sys/fs/cgroup", "-type", "d", "-name", "deployfix-*"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&list.stdout).lines().map(str::to_owned).collect()
}

/// Whether a group could be made; else says why the rest is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn limited(output: &str) -> bool {
    let refused = output.lines().find(|line| line.contains("no control group can be made here"));
    if let Some(line) = refused {
        eprintln!("skipped: {line}");
    }
    refused.is_none()
}

#[test]
fn the_commands_see_the_limit_and_the_kernel_keeps_it() {
    let project = project("node hungry.js");
    let ran = project.run(&["run", "--memory", "256MiB"]);
    if !limited(&ran.stdout) {
        return;
    }
    let ran = ran.exits(30);
    let finding = ran.finding("run", "build/out-of-memory-killed");
    assert!(finding["evidence"].to_string().contains("kernel out-of-memory kills 1"), "{finding}");
    let outcome = &ran.phase("run")["attempts"][0]["outcome"];
    assert_eq!(outcome["outOfMemoryKills"], 1, "{outcome}");
    assert_eq!(outcome["exitCode"], 137, "{outcome}");

    // What plans its memory by the group must find it from inside.
    let project = project.file(
        "amplify.yml",
        "version: 1
frontend:
  phases: { build: { commands: ['deployfix build --dry-run', 'deployfix validate || true'] } }
  artifacts: { baseDirectory: ., files: ['**/*'] }
",
    );
    let ran = project.run(&["run", "--memory", "1GiB"]).exits(0);
    assert_eq!(ran.report()["environment"]["memoryLimit"], 1024 * 1024 * 1024, "{}", ran.stdout);
    assert!(ran.stdout.contains("the commands have 1.0 GiB of memory"), "{}", ran.stdout);
}

#[test]
fn the_group_is_gone_afterwards_also_on_a_signal() {
    let project = project("cat /proc/self/cgroup > group; sleep 300");
    let mut child = project.start(&["run", "--memory", "256MiB"]);
    let group = project.root().join("group");
    until("the build", || fs::read_to_string(&group).is_ok_and(|text| text.contains('\n')));
    let own = format!("deployfix-{}", child.id());
    assert!(
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
    );
    assert_eq!(wait(&mut child), 143);
    assert!(!groups().iter().any(|folder| Path::new(folder).ends_with(&own)), "{:?}", groups());
}
