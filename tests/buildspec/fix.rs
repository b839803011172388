//! `validate --fix` on real files.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
};

use crate::linted::Linted;

const BROKEN: &str = "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - npm ci # all\n        - echo done: yes\n  artifacts:\n    baseDirectory: .next\n    files: ['**/*']\n  cache:\n    paths: ['.next/cache/**/*']\n";
const FIXED_LINE: &str = "        - 'echo done: yes'\n";

fn fixed() -> String {
    BROKEN.replace("        - echo done: yes\n", FIXED_LINE)
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Linted {
    let mut child = Command::new(env!("CARGO_BIN_EXE_deployfix"))
        .arg("validate")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Linted::new(&child.wait_with_output().unwrap())
}

fn folder(content: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("amplify.yml"), content).unwrap();
    folder
}

const FIX: &[&str] = &["--fix", "--buildspec", "amplify.yml"];

#[test]
fn the_difference_is_shown_and_made_once() {
    let folder = folder(BROKEN);
    let path = folder.path().join("amplify.yml");
    let shown = run(folder.path(), &[FIX, &["--dry-run"]].concat(), "");
    assert_eq!(shown.code, 1, "{}", shown.all());
    assert_eq!(fs::read_to_string(&path).unwrap(), BROKEN);
    let first = run(folder.path(), FIX, "");
    assert_eq!(first.code, 0, "{}", first.all());
    assert!(
        first.stdout.starts_with(
            "--- a/amplify.yml\n+++ b/amplify.yml\n@@ -4,7 +4,7 @@\n     build:\n       commands:\n         - npm ci # all\n-        - echo done: yes\n+        - 'echo done: yes'\n   artifacts:\n     baseDirectory: .next\n     files: ['**/*']\nfixed[configuration/buildspec-command-not-string]: put the command in quotes  (amplify.yml:7:11)\n"
        ),
        "{}",
        first.stdout
    );
    assert!(
        shown.stdout.starts_with(first.stdout.split_once("fixed[").unwrap().0),
        "{}",
        shown.all()
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), fixed());
    assert!(!folder.path().join(".deployfix").exists());
    let second = run(folder.path(), FIX, "");
    assert!(!second.stdout.contains("fixed") && !second.stdout.contains("---"), "{}", second.all());
    assert_eq!(run(folder.path(), &[FIX, &["--dry-run"]].concat(), "").code, 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
}

#[test]
fn the_file_of_a_project_is_fixed_before_it_is_checked() {
    let folder = folder(BROKEN);
    fs::create_dir_all(folder.path().join(".git")).unwrap();
    let app = folder.path().join("apps/web");
    fs::create_dir_all(&app).unwrap();
    fs::write(app.join("package.json"), "{\"scripts\":{\"build\":\"true\"}}").unwrap();
    let shown = run(&app, &["--fix", "--dry-run"], "");
    assert_eq!(shown.code, 1, "{}", shown.all());
    assert!(shown.stdout.starts_with("--- a/amplify.yml\n"), "{}", shown.all());
    assert!(!app.join(".deployfix").exists());
    let ran = run(&app, &["--fix"], "");
    assert!(
        ran.stdout.contains("fixed[") && !ran.stdout.contains("]: a command is"),
        "{}",
        ran.all()
    );
    assert_eq!(fs::read_to_string(folder.path().join("amplify.yml")).unwrap(), fixed());
    let report = fs::read_to_string(app.join(".deployfix/report.json")).unwrap();
    assert!(report.contains("\"fixed\": 1"), "{report}");
}

#[test]
fn the_standard_input_becomes_the_standard_output() {
    let empty = tempfile::tempdir().unwrap();
    let ran = run(empty.path(), &["--fix", "--buildspec", "-"], BROKEN);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, fixed().as_str()), "{}", ran.all());
    assert!(ran.stderr.contains("--- a/amplify.yml\n") && ran.stderr.contains("fixed["));
    // What cannot be fixed comes out as it went in.
    let broken = "\u{feff}a: [\r\n";
    let ran = run(empty.path(), &["--fix", "--buildspec", "-"], broken);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, broken), "{}", ran.all());
    let ran = run(empty.path(), &["--fix", "--format", "json", "--buildspec", "-"], BROKEN);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.all());
}

#[test]
fn mark_line_ends_permissions_and_links_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("real.yml");
    let windows = |text: &str| format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
    fs::write(&path, windows(BROKEN)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.yml", folder.path().join("amplify.yml")).unwrap();
    let owner = path.metadata().unwrap().uid();
    let ran = run(folder.path(), FIX, "");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(fs::read_to_string(&path).unwrap(), windows(&fixed()));
    let metadata = path.metadata().unwrap();
    assert_eq!((metadata.mode() & 0o777, metadata.uid()), (0o640, owner));
    assert!(folder.path().join("amplify.yml").is_symlink());
}

#[test]
fn what_must_not_be_touched_is_not() {
    let conflict = format!("{BROKEN}<<<<<<< HEAD\n# a\n=======\n# b\n>>>>>>> x\n");
    let not_text = [BROKEN.as_bytes(), b"# \xff\n"].concat();
    let unfinished = conflict
        .replace("<<<<<<< HEAD\n", "# ")
        .replace("=======\n", "")
        .replace(">>>>>>> x\n", "# >>>");
    for (content, mode, code, text) in [
        (conflict.as_bytes(), 0o644, 1, "conflict markers"),
        (not_text.as_slice(), 0o644, 2, "was not fixed: it is not UTF-8"),
        (BROKEN.as_bytes(), 0o444, 2, "was not fixed: it is read-only"),
        (unfinished.as_bytes(), 0o644, 0, "fixed["),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("amplify.yml");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let ran = run(folder.path(), FIX, "");
        assert!(ran.code == code && ran.stdout.contains(text), "{text}: {}", ran.all());
        assert_eq!(fs::read(&path).unwrap() == content, code != 0, "{text}");
    }
    let folder = folder(BROKEN);
    let ran = run(folder.path(), &["--fix", "--buildspec", "/dev/stdin"], BROKEN);
    assert!(ran.code == 2 && ran.stdout.contains("not a regular file"), "{}", ran.all());
}

#[test]
fn a_merge_that_git_still_counts_is_not_touched() {
    let folder = folder(BROKEN);
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args([
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@example.com",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"])
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        status.success()
    };
    let path = folder.path().join("amplify.yml");
    let commit = |text: &str| {
        fs::write(&path, text).unwrap();
        assert!(git(&["add", "."]) && git(&["commit", "-m", "x"]));
    };
    assert!(git(&["init"]));
    commit("a: 1\n");
    assert!(git(&["checkout", "-b", "other"]));
    commit("a: 2\n");
    assert!(git(&["checkout", "main"]));
    commit("a: 3\n");
    assert!(!git(&["merge", "other"]));
    // Resolved by hand, but not yet for git.
    fs::write(&path, BROKEN).unwrap();
    let ran = run(folder.path(), FIX, "");
    assert!(
        ran.code == 2 && ran.stdout.contains("git still counts it as unmerged"),
        "{}",
        ran.all()
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), BROKEN);
    assert!(git(&["add", "."]));
    let ran = run(folder.path(), FIX, "");
    assert_eq!(ran.code, 0, "{}", ran.all());
}
