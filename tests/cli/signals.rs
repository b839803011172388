use std::{fs, process::Command};

use crate::support::{Project, phase, until, wait};

fn alive(process: &str) -> bool {
    // A zombie that nobody has reaped yet is not alive.
    fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(") ").unwrap().1.starts_with('Z'))
}

fn send(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().unwrap();
    assert!(status.success());
}

/// Every process of this build writes its number down; one leaves its session, one ignores SIGTERM.
const FAMILY: &str = "setsid sh -c 'echo $$ >> family; exec sleep 300' &
sh -c 'trap \"\" TERM; echo $$ >> family; while :; do sleep 1; done' &
(sleep 300 & echo $! >> family; wait) &
echo $$ >> family
echo begun
wait";

#[test]
fn sigterm_ends_the_whole_family_and_the_report_says_so() {
    for (arguments, signal, code) in
        [(["build"], "-TERM", 143), (["build"], "-INT", 130), (["run"], "-TERM", 143)]
    {
        let project = Project::with_build("sh family.sh").file("family.sh", FAMILY).program(
            "npm",
            // The real npm takes half a second; its part is played by the build's shell here.
            "case $1 in --version) echo 10.9.3;; run) exec sh family.sh;; esac",
        );
        let mut child = project.start(&arguments);
        let family = project.root().join("family");
        until("the family", || {
            fs::read_to_string(&family).is_ok_and(|text| text.lines().count() == 4)
        });
        send(signal, child.id());
        assert_eq!(wait(&mut child), code, "{arguments:?} {signal}");
        let members = fs::read_to_string(&family).unwrap();
        for process in members.lines() {
            assert!(!alive(process), "{process} of {members} outlived {arguments:?}");
        }
        let report = project.report();
        crate::support::assert_fits_schema(&report);
        assert_eq!(report["result"], "interrupted");
        assert_eq!(report["exitCode"], code);
        assert_eq!(phase(&report, "build")["status"], "interrupted");
    }
}

#[test]
fn a_kill_leaves_a_report_of_what_was_done() {
    let project = Project::with_build("echo begun; echo $$ > shell; sleep 300");
    project.run(&["install"]).exits(0);
    let mut child = project.start(&["build"]);
    until("the build", || project.root().join("shell").exists());
    send("-KILL", child.id());
    assert_eq!(wait(&mut child), 137);
    let report = project.report();
    assert_eq!(phase(&report, "install")["status"], "passed");
    assert_eq!(phase(&report, "build")["status"], "interrupted");
    assert_eq!(report["result"], "interrupted");
    // Nobody is left to end it.
    let _ = Command::new("kill").args(["-9", project.read("shell").trim()]).status();
}

#[test]
fn what_a_finished_build_left_running_is_ended() {
    let project = Project::with_build("setsid sh -c 'echo $$ > left; exec sleep 300' & sleep 0.3");
    project.run(&["build"]).exits(0);
    assert!(!alive(project.read("left").trim()));
}
