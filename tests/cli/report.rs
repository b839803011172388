use std::thread;

use crate::support::{Project, phase};

#[test]
fn later_phases_join_the_run_that_validate_began() {
    let project = Project::with_build("true");
    project.run(&["validate"]);
    let first = project.report()["run"]["id"].clone();
    project.run(&["install"]).exits(0);
    project.run(&["build"]).exits(0);
    let report = project.report();
    assert_eq!(report["run"]["id"], first);
    let names: Vec<_> =
        report["phases"].as_array().unwrap().iter().map(|phase| &phase["name"]).collect();
    assert_eq!(names, ["validate", "install", "build"]);
    project.run(&["validate"]);
    let report = project.report();
    assert_ne!(report["run"]["id"], first);
    assert_eq!(report["phases"].as_array().unwrap().len(), 1);
}

#[test]
fn a_job_of_amplify_is_one_run() {
    let project = Project::with_build("true")
        .variable("AWS_APP_ID", "d1234567890abc")
        .variable("AWS_BRANCH", "feature/x")
        .variable("AWS_COMMIT_ID", "HEAD")
        .variable("AWS_JOB_ID", "0000000007");
    project.run(&["install"]);
    let report = project.run(&["build"]).report().clone();
    assert_eq!(report["run"]["id"], "d1234567890abc/feature/x/0000000007");
    assert_eq!(report["run"]["ci"], "AWS Amplify");
    assert_eq!(report["deployment"]["id"], "0000000007");
    assert_eq!(report["phases"].as_array().unwrap().len(), 2);
}

#[test]
fn the_report_is_printed_for_people_and_machines() {
    let project = Project::with_build("true");
    project.run(&["report"]).exits(2);
    project.run(&["build"]).exits(0);
    let human = project.run(&["report"]).exits(0);
    assert!(human.stdout.contains("build") && human.stdout.contains("passed"), "{}", human.stdout);
    let machine = project.run(&["report", "--format", "json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&machine.stdout).unwrap();
    assert_eq!(document, project.report());
}

#[test]
fn json_stands_alone_on_stdout() {
    let project = Project::with_build("echo from the build");
    let ran = project.run(&["build", "--format", "json"]).exits(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["deployment"]["metrics"]["successRate"], 1.0);
    assert!(ran.stderr.contains("from the build"));
}

#[test]
fn two_processes_at_once_both_leave_their_phase() {
    let project = Project::with_build("sleep 0.2");
    project.run(&["validate"]);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| project.run(&["build"]).exits(0));
            scope.spawn(|| project.run(&["install"]).exits(0));
        }
    });
    let report = project.report();
    assert_eq!(phase(&report, "install")["status"], "passed");
    assert_eq!(phase(&report, "build")["status"], "passed");
    assert_eq!(project.read(".deployfix/history.jsonl").lines().count(), 9);
}

#[test]
fn a_failed_phase_and_a_later_success_are_told_apart() {
    let project = Project::with_build("test -f fixed");
    project.run(&["build"]).exits(30);
    assert_eq!(project.report()["result"], "failed");
    assert_eq!(project.report()["deployment"]["phase"], "failed");
    std::fs::write(project.root().join("fixed"), "").unwrap();
    project.run(&["build"]).exits(0);
    assert_eq!(project.report()["result"], "passed");
}

#[test]
fn a_bug_leaves_what_was_recorded_before() {
    for variables in [&[][..], &[("AWS_APP_ID", "d1"), ("AWS_BRANCH", "b"), ("AWS_JOB_ID", "1")]] {
        let mut project = Project::with_build("true");
        for (name, value) in variables {
            project = project.variable(name, *value);
        }
        project.run(&["install"]).exits(0);
        let mut project = project.variable("DEPLOYFIX_PANIC", "1");
        project = project.variable("API_TOKEN", "fake-token-0123456789");
        let ran = project.run(&["build"]).exits(70);
        assert_eq!(ran.findings("build")[0].1, "internal/error");
        assert_eq!(ran.phase("install")["status"], "passed");
        assert_eq!(
            (&ran.report()["result"], &ran.report()["exitCode"]),
            (&"failed".into(), &70.into())
        );
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

#[test]
fn a_log_that_cannot_be_written_does_not_stop_the_build() {
    let project = Project::with_build("echo built").file(".deployfix/logs/build.1.log/x", "");
    let ran = project.run(&["build"]).exits(0);
    assert!(ran.stdout.contains("no log at"), "{}", ran.stdout);
    assert!(ran.phase("build")["attempts"][0]["log"].is_null());
}

#[test]
fn the_state_folder_is_ignored_by_git() {
    let project = Project::with_build("true");
    project.run(&["build"]).exits(0);
    assert_eq!(project.read(".deployfix/.gitignore"), "*\n");
}
