//! What a build teaches the next one.

use serde_json::{Value, json};

use crate::support::Project;

fn history(project: &Project) -> Value {
    let text = project.read(".deployfix/history.jsonl");
    let last = text.lines().rev().find(|line| line.contains("\"build\"")).unwrap();
    serde_json::from_str(last).unwrap()
}

fn with_history(project: Project, peak: u64, settings: &Value) -> Project {
    let mut entry = json!({ "time": "2026-01-01T00:00:00Z", "run": "local-1", "phase": "build",
        "status": "recovered", "duration": 1000, "lastAttempt": 900, "peakMemory": peak });
    if !settings.is_null() {
        entry["settings"] = settings.clone();
    }
    project.file(".deployfix/history.jsonl", format!("{entry}\n"))
}

#[test]
fn the_next_build_begins_with_what_this_one_succeeded_with() {
    let project = Project::with_build("sh build.sh")
        .file("build.sh", "echo \"$NODE_OPTIONS|$CIRCLE_NODE_TOTAL\" >> plans\n[ \"$(wc -l < plans)\" -gt 1 ] || kill -9 $$\n")
        .variable("CIRCLE_NODE_TOTAL", "8");
    project.run(&["build"]).exits(0);
    assert_eq!(history(&project)["settings"]["oneWorker"], true);
    let ran = project.run(&["build"]).exits(0);
    assert_eq!(ran.phase("build")["status"], "passed");
    assert!(
        ran.stdout.contains("begins with what the last build succeeded with"),
        "{}",
        ran.stdout
    );
    let plans = project.read("plans");
    let plans: Vec<_> = plans.lines().collect();
    assert_eq!(plans.len(), 3);
    assert_eq!(plans[1], plans[2]);
    // It is told as long as it is true.
    assert!(ran.report()["recommendations"].to_string().contains("CIRCLE_NODE_TOTAL=2"));
    assert_eq!(history(&project)["settings"]["oneWorker"], true);
}

#[test]
fn a_plain_success_teaches_only_its_peak() {
    let project = Project::with_build("node -e 0");
    project.run(&["build"]).exits(0);
    let entry = history(&project);
    assert!(entry["peakMemory"].as_u64().unwrap() > 0);
    assert!(entry["settings"].is_null(), "{entry}");
    let ran = project.run(&["validate"]);
    assert!(!ran.stdout.contains("environment/memory-low"), "{}", ran.stdout);
}

#[test]
fn a_container_smaller_than_the_last_build_needed_is_named_before_the_build() {
    const HUGE: u64 = 900 << 40;
    let project = with_history(
        Project::with_build("echo \"$NODE_OPTIONS|$CIRCLE_NODE_TOTAL\" > plan")
            .variable("CIRCLE_NODE_TOTAL", "8"),
        HUGE,
        &Value::Null,
    );
    let ran = project.run(&["validate"]);
    let finding = ran.finding("validate", "environment/memory-low");
    assert_eq!(finding["severity"], "warning");
    assert!(
        finding["message"].as_str().unwrap().contains("the last successful build needed"),
        "{finding}"
    );
    let ran = project.run(&["build"]).exits(0);
    assert!(ran.stdout.contains("the last build needed"), "{}", ran.stdout);
    assert!(project.read("plan").trim().ends_with("|2"));
}

#[test]
fn what_was_learned_in_another_container_is_left_alone() {
    let settings = json!({ "memoryLimit": 1 << 20, "heap": 1 << 30, "oneWorker": true });
    let project = with_history(
        Project::with_build("echo \"$NODE_OPTIONS|$CIRCLE_NODE_TOTAL\" > plan"),
        1 << 20,
        &settings,
    );
    let ran = project.run(&["build"]).exits(0);
    assert!(!ran.stdout.contains("begins with"), "{}", ran.stdout);
    assert!(project.read("plan").trim().ends_with('|'));
    let own = project.variable("NODE_OPTIONS", "--max-old-space-size=1234");
    own.run(&["build"]).exits(0);
    assert_eq!(own.read("plan").trim(), "--max-old-space-size=1234|");
}
