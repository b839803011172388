use std::{fs, os::unix::fs::symlink};

use crate::support::{Project, Ran};

/// Whatever the input, the program explains itself and stays whole.
#[track_caller]
fn explained(ran: &Ran) {
    assert!(!ran.stdout.contains("internal/error"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("panicked") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert!([0, 1, 2, 10, 11, 20, 30, 40].contains(&ran.code), "{}\n{}", ran.code, ran.stdout);
}

const UNREADABLE: [(&str, &[u8]); 8] = [
    ("empty", b""),
    ("not UTF-8", b"\xff\xfe{\x00}\x00"),
    ("binary", b"\x00\x01\x02\x03\xff\xff"),
    ("unclosed", b"{\"a\": [1, 2"),
    ("a list", b"[1, 2, 3]"),
    ("a number", b"17"),
    ("merge markers", b"<<<<<<< HEAD\n{}\n=======\n[]\n>>>>>>> theirs\n"),
    ("tabs and colons", b"\t: : :\n\t- {"),
];

#[test]
fn no_file_of_the_project_can_break_a_phase_or_is_changed() {
    for file in [
        "package.json",
        "package-lock.json",
        "amplify.yml",
        "deployfix.yml",
        ".env.example",
        ".env",
        ".nvmrc",
    ] {
        for (kind, bytes) in UNREADABLE {
            // The real npm takes half a second each time, and is not what is tested.
            let project =
                Project::with_build("true").file(file, bytes).program("npm", "echo 10.9.3");
            for phase in ["validate", "install", "build", "run"] {
                let ran = project.run(&[phase]);
                explained(&ran);
                assert_eq!(
                    fs::read(project.root().join(file)).unwrap(),
                    bytes,
                    "{file} {kind} {phase}"
                );
            }
        }
    }
}

#[test]
fn broken_files_are_errors_with_a_place() {
    let cases: [(&str, &[u8], &str, Option<u64>); 7] = [
        ("package.json", b"{\n  \"name\": \"app\",\n  oops\n}", "configuration/manifest-invalid", Some(3)),
        ("package.json", b"", "configuration/manifest-invalid", None),
        ("package.json", b"{\n \"dependencies\": \"zod\"}", "configuration/manifest-invalid", Some(2)),
        ("package-lock.json", b"", "dependency/lockfile-corrupt", None),
        ("amplify.yml", b"version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - echo \"a: b\" || echo \"c: d\"\n", "configuration/buildspec-syntax", Some(6)),
        ("amplify.yml", b"version: 1\nversion: 1\n", "configuration/buildspec-syntax", Some(2)),
        ("deployfix.yml", b"version: 1\nbuild:\n  memroy: auto\n", "configuration/deployfix-invalid", Some(3)),
    ];
    for (file, bytes, id, line) in cases {
        let ran = Project::with_build("true").file(file, bytes).run(&["validate"]);
        assert_ne!(ran.code, 0, "{file}: {}", ran.stdout);
        let finding = ran.finding("validate", id);
        assert_eq!(finding["severity"], "error");
        assert_eq!(finding["location"]["path"], file, "{finding}");
        if let Some(line) = line {
            assert_eq!(finding["location"]["line"], line, "{finding}");
        }
    }
}

#[test]
fn deployfix_yml_that_is_wrong_exits_with_2_everywhere() {
    for phase in ["validate", "install", "build", "verify-artifacts", "run"] {
        let project =
            Project::with_build("touch built").file("deployfix.yml", "recovery: { attemps: 3 }\n");
        let ran = project.run(&[phase]).exits(2);
        assert!(ran.stdout.contains("did you mean `attempts`"), "{}", ran.stdout);
        assert!(!project.root().join("built").exists());
    }
}

#[test]
fn folders_and_links_in_the_place_of_files() {
    for file in
        ["package.json", "package-lock.json", "amplify.yml", "deployfix.yml", ".env.production"]
    {
        let project = Project::with_build("true");
        let path = project.root().join(file);
        let _ = fs::remove_file(&path);
        fs::create_dir(&path).unwrap();
        for phase in ["validate", "install", "build"] {
            explained(&project.run(&[phase]));
        }
        fs::remove_dir(&path).unwrap();
        symlink(&path, &path).unwrap();
        for phase in ["validate", "install", "build"] {
            explained(&project.run(&[phase]));
        }
    }
}

#[test]
fn a_huge_manifest_is_refused_quickly() {
    let mut text = String::from("{\"name\":\"app\",\"scripts\":{\"build\":\"true\"},\"x\":\"");
    text.push_str(&"a".repeat(30 * 1024 * 1024));
    text.push_str("\"}");
    let ran = Project::with_build("true").file("package.json", text).run(&["validate"]);
    explained(&ran);
    assert_eq!(ran.finding("validate", "configuration/manifest-invalid")["severity"], "error");
}

#[test]
fn huge_files_are_refused_or_read_quickly() {
    let huge = "a_key: some value that goes on\n".repeat(1_000_000);
    for file in ["package-lock.json", "amplify.yml", "deployfix.yml", ".env.example", ".env"] {
        let project = Project::with_build("true").file(file, &huge);
        let started = std::time::Instant::now();
        explained(&project.run(&["validate"]));
        assert!(started.elapsed().as_secs() < 60, "{file}");
        assert_eq!(fs::metadata(project.root().join(file)).unwrap().len(), huge.len() as u64);
    }
    let project = Project::with_build("true").file(".deployfix/report.json", huge.repeat(3));
    let ran = project.run(&["report"]).exits(2);
    assert!(ran.stdout.contains("larger than"), "{}", ran.stdout);
}

#[test]
fn a_foreign_report_is_kept_aside_and_a_new_one_begins() {
    for bytes in [&b"{\"mine\": true}"[..], b"", b"\xff\xff", b"[1"] {
        let project = Project::with_build("true").file(".deployfix/report.json", bytes);
        let printed = project.run(&["report"]).exits(2);
        assert!(printed.stdout.contains("internal/report-unreadable"), "{}", printed.stdout);
        project.run(&["build"]).exits(0);
        assert_eq!(project.report()["result"], "passed");
        let kept = fs::read_dir(project.root().join(".deployfix"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.display().to_string().contains("report.unreadable"))
            .expect("the foreign report is kept");
        assert_eq!(fs::read(kept).unwrap(), bytes);
    }
}

#[test]
fn a_state_that_cannot_be_written_does_not_fail_the_build() {
    let project = Project::with_build("true").file(".deployfix", "a file, not a folder");
    let ran = project.run(&["build"]).exits(0);
    assert!(ran.stdout.contains("the report cannot be written"), "{}", ran.stdout);
    assert_eq!(project.read(".deployfix"), "a file, not a folder");
}
