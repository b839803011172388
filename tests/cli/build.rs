use std::{os::unix::fs::PermissionsExt, time::Instant};

use crate::support::Project;

const ALLOCATE: &str = "const kept = [];
for (let index = 0; index < 60; index++) kept.push(new Array(250000).fill({ index }).map((_, at) => ({ at })));
console.log('allocated', kept.length);";

#[test]
fn a_full_heap_gets_a_larger_one() {
    let project = Project::with_build("node allocate.js")
        .file("allocate.js", ALLOCATE)
        .variable("NODE_OPTIONS", "--max-old-space-size=64 --no-deprecation");
    let ran = project.run(&["build"]).exits(0);
    let phase = ran.phase("build");
    assert_eq!(phase["status"], "recovered");
    let attempts = phase["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0]["finding"]["id"], "build/out-of-memory-heap");
    assert_eq!(attempts[0]["decision"]["recovery"], "raise-heap");
    assert_eq!(attempts[0]["variables"]["NODE_OPTIONS"], serde_json::Value::Null);
    let raised = attempts[1]["variables"]["NODE_OPTIONS"].as_str().unwrap();
    let heap: u64 = raised
        .strip_prefix("--max-old-space-size=64 --no-deprecation --max-old_space-size=")
        .unwrap()
        .parse()
        .unwrap();
    assert!(heap > 64);
    let recommendations = ran.report()["recommendations"].to_string();
    assert!(recommendations.contains("NODE_OPTIONS"), "{recommendations}");
}

#[test]
fn a_killed_build_gets_less_memory_not_more() {
    // Kills the shell that npm started, as the kernel does with the largest process.
    let project = Project::with_build("sh build.sh").file(
        "build.sh",
        "echo \"$NODE_OPTIONS|$CIRCLE_NODE_TOTAL\" >> plans\n[ \"$(wc -l < plans)\" -gt 1 ] || kill -9 $$\n",
    )
    // Next would start three workers, whatever this machine has.
    .variable("CIRCLE_NODE_TOTAL", "4");
    let ran = project.run(&["build"]).exits(0);
    let attempts = ran.phase("build")["attempts"].as_array().unwrap();
    assert_eq!(attempts[0]["finding"]["id"], "build/out-of-memory-killed");
    assert_eq!(attempts[0]["decision"]["recovery"], "lower-memory");
    let plans = project.read("plans");
    let heaps: Vec<u64> = plans
        .lines()
        .map(|line| line.split('|').next().unwrap().rsplit('=').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(heaps.len(), 2, "{plans}");
    assert!(heaps[1] < heaps[0], "{plans}");
    assert!(plans.lines().nth(1).unwrap().ends_with("|2"), "one worker: {plans}");
}

#[test]
fn silence_without_work_is_a_stall_and_work_is_not() {
    let stalled = Project::with_build("echo begun; sleep 300")
        .file("deployfix.yml", "build: { stall: 2s }\nrecovery: { attempts: 1 }\n");
    let started = Instant::now();
    let ran = stalled.run(&["build"]).exits(30);
    assert!(started.elapsed().as_secs() < 60);
    let finding = ran.finding("build", "build/timeout");
    assert!(finding["message"].as_str().unwrap().contains("wrote nothing"), "{finding}");

    let working =
        Project::with_build("node -e \"const end = Date.now() + 5000; while (Date.now() < end);\"")
            .file("deployfix.yml", "build: { stall: 2s }\nrecovery: { attempts: 1 }\n");
    working.run(&["build"]).exits(0);
}

#[test]
fn a_deadline_ends_the_build_and_refuses_a_retry() {
    let project =
        Project::with_build("sleep 300").file("deployfix.yml", "build: { timeout: 2s }\n");
    let ran = project.run(&["build"]).exits(30);
    let attempts = ran.phase("build")["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0]["outcome"]["kind"], "timed-out");
    let reason = attempts[0]["decision"]["reason"].as_str().unwrap();
    assert!(reason.starts_with("no time for `retry-once`"), "{reason}");
}

#[test]
fn runtime_variables_reach_env_production_and_the_users_lines_stay() {
    let project = Project::with_build("cp .env.production seen")
        .file(
            "deployfix.yml",
            "environment:\n  API_URL: { type: url, runtime: true }\n  GREETING: { runtime: true, default: \"a $b\" }\n  ONLY_AT_BUILD: { default: x }\n",
        )
        .file(".env.production", "MINE=1\n")
        .variable("API_URL", "https://api.example.com");
    for _ in 0..2 {
        project.run(&["build"]).exits(0);
        let seen = project.read("seen");
        assert!(seen.starts_with("MINE=1\n"), "{seen}");
        assert_eq!(seen.matches("API_URL=").count(), 1, "{seen}");
        assert!(seen.contains("GREETING="), "{seen}");
        assert!(!seen.contains("ONLY_AT_BUILD"), "{seen}");
    }
    let mode =
        std::fs::metadata(project.root().join(".env.production")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_missing_build_script_is_named() {
    let project = Project::empty()
        .file("package.json", r#"{"name":"app","version":"1.0.0","scripts":{}}"#)
        .file("package-lock.json", r#"{"name":"app","lockfileVersion":3,"packages":{}}"#);
    let ran = project.run(&["build"]).exits(11);
    assert_eq!(ran.findings("build")[0].1, "configuration/build-script-missing");
}
