//! A registry that accepts and sends nothing ends with the time, not with the patience of the manager.

use crate::{
    app::{Manager, app, registry},
    faults::{Ends, ends},
    proxy::{Fault, Proxy, Rule},
};

/// npm's own patience is five minutes a request.
#[test]
fn silence_ends_an_attempt() {
    let rules = [Rule::tarball("tiny-leaf", Fault::Stall(0))];
    let proxy = Proxy::start(registry().port(), &rules);
    let project = app(Manager::Npm, &proxy.url())
        .file(".npmrc", format!("registry={}\n", proxy.url()))
        .file("deployfix.yml", "build: { stall: 5s }\n");
    let ran = project.run(&["install"]);
    let finding = ran.finding("install", "dependency/install-timeout").to_string();
    assert!(finding.contains("wrote nothing and used no processor"), "{finding}");
    ends(Manager::Npm, &project, ran, Ends::As("dependency/install-timeout", 20, 2));
}

/// The platform counts from the start of the job: it began so long ago that a few seconds are left.
#[test]
fn the_deadline_of_the_whole_build_ends_it() {
    let rules = [Rule::tarball("tiny-leaf", Fault::Stall(0))];
    let proxy = Proxy::start(registry().port(), &rules);
    let project = app(Manager::Npm, &proxy.url())
        .file(".npmrc", format!("registry={}\n", proxy.url()))
        .variable("AWS_APP_ID", "d111111111")
        .variable("AWS_BRANCH", "main")
        .variable("AWS_JOB_ID", "7")
        .variable("_BUILD_TIMEOUT", "5");
    project.run(&["validate"]);
    let mut report = project.report();
    let started: jiff::Timestamp = report["startTime"].as_str().unwrap().parse().unwrap();
    // 20 seconds are kept back for the report.
    let earlier = started - jiff::SignedDuration::from_secs(5 * 60 - 20 - 20);
    report["startTime"] = earlier.to_string().into();
    let project = project.file(".deployfix/report.json", report.to_string());
    let ran = project.run(&["install"]);
    let phase = ran.phase("install");
    assert_eq!(phase["attempts"].as_array().unwrap().len(), 1);
    let finding = ran.finding("install", "dependency/install-timeout").to_string();
    assert!(finding.contains("when the time ran out"), "{finding}");
    assert!(finding.contains("no time for `retry-once`"), "{finding}");
    // The deadline itself is what is tested: 20 seconds, and 5 for the children to end.
    assert!(phase["duration"].as_u64().unwrap() < 40_000, "{}", phase["duration"]);
}
