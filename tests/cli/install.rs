use crate::support::Project;

/// A fake npm is needed where a registry's fault must come and go at will.
#[test]
fn two_network_failures_then_success_is_recovered() {
    let project = Project::with_build("true").program(
        "npm",
        r#"[ "$1" = --version ] && echo 10.9.3 && exit
count=$(cat count 2>/dev/null || echo 0); count=$((count + 1)); echo $count > count
[ $count -ge 3 ] && echo "added 1 package" && exit 0
echo "npm error code ECONNRESET" >&2
echo "npm error network read ECONNRESET" >&2
exit 1"#,
    );
    let ran = project.run(&["install"]).exits(0);
    let phase = ran.phase("install");
    assert_eq!(phase["status"], "recovered");
    assert_eq!(ran.report()["result"], "recovered");
    let attempts = phase["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 3);
    for attempt in &attempts[..2] {
        assert_eq!(attempt["finding"]["id"], "dependency/registry-unreachable");
        assert_eq!(attempt["decision"]["action"], "retry");
        assert_eq!(attempt["decision"]["recovery"], "retry-with-backoff");
        assert_eq!(attempt["outcome"]["exitCode"], 1);
    }
    assert_eq!(attempts[2]["decision"]["action"], "accept");
    assert_eq!(project.read("count"), "3\n");
    assert_eq!(project.read(".deployfix/logs/install.1.log").lines().count(), 2);
}

/// What the managers print at their end, their id, the exit code, and how often they were asked.
#[test]
fn failures_are_named_and_stopped_or_retried_as_the_catalogue_says() {
    let cases: [(&str, &str, i32, usize); 9] = [
        (
            "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before continuing.\nnpm error\nnpm error Missing: zod@3.25.0 from lock file",
            "dependency/lockfile-out-of-sync",
            20,
            2,
        ),
        (
            "npm error code ERESOLVE\nnpm error ERESOLVE could not resolve",
            "dependency/peer-conflict",
            20,
            2,
        ),
        (
            "npm warn fetch failed with ECONNRESET\nnpm error code E404\nnpm error 404 Not Found - GET http://127.0.0.1:1/nope - not found\nnpm error 404\nnpm error 404  'nope@1.0.0' is not in this registry.",
            "dependency/package-not-found",
            20,
            2,
        ),
        (
            "npm error code ETARGET\nnpm error notarget No matching version found for zod@99.0.0.\nnpm error notarget",
            "dependency/version-not-found",
            20,
            2,
        ),
        (
            "npm error code EINTEGRITY\nnpm error sha512-x integrity checksum failed when using sha512",
            "dependency/integrity-mismatch",
            20,
            2,
        ),
        (
            "npm error code ENOSPC\nnpm error nospc There appears to be insufficient space",
            "dependency/disk-full",
            20,
            1,
        ),
        (
            "npm error code E401\nnpm error Incorrect or missing password.",
            "dependency/registry-auth",
            20,
            1,
        ),
        (
            "npm error code ETIMEDOUT\nnpm error network request failed",
            "dependency/registry-unreachable",
            75,
            3,
        ),
        ("something nobody has seen before", "dependency/install-failed", 20, 1),
    ];
    for (output, id, code, attempts) in cases {
        let project = Project::with_build("true").file("output.txt", output).program(
            "npm",
            "[ \"$1\" = --version ] && echo 10.9.3 && exit\ncat output.txt >&2; exit 1",
        );
        let ran = project.run(&["install"]).exits(code);
        assert_eq!(ran.findings("install"), [("error".to_owned(), id.to_owned())], "{output}");
        assert_eq!(ran.phase("install")["attempts"].as_array().unwrap().len(), attempts, "{id}");
        assert!(ran.stdout.contains(&format!("error[{id}]")), "{}", ran.stdout);
    }
}

#[test]
fn without_a_lockfile_strict_mode_installs_nothing() {
    let project = Project::empty()
        .file(
            "package.json",
            r#"{"name":"app","version":"1.0.0","dependencies":{"zod":"3.25.76"}}"#,
        )
        .file("deployfix.yml", "version: 1\nrecovery: { mode: strict }\n")
        .program("npm", "echo ran > ran");
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(
        ran.findings("install"),
        [("error".to_owned(), "dependency/lockfile-missing".to_owned())]
    );
    assert!(!project.root().join("ran").exists());
}

#[test]
fn a_real_npm_installs_what_is_locked() {
    let ran = Project::with_build("true").run(&["install"]).exits(0);
    let attempt = &ran.phase("install")["attempts"][0];
    assert_eq!(attempt["command"], "npm ci");
    assert!(attempt["outcome"]["peakMemory"].as_u64().unwrap() > 1_000_000);
}

#[test]
fn a_dry_run_runs_and_writes_nothing() {
    let project = Project::with_build("touch built").program("npm", "touch ran");
    for phase in ["install", "build", "validate", "run"] {
        let ran = project.run(&[phase, "--dry-run"]).exits(0);
        assert!(!ran.stdout.is_empty());
    }
    assert!(!project.root().join("ran").exists());
    assert!(!project.root().join("built").exists());
    assert!(!project.root().join(".deployfix").exists());
}
