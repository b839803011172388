//! `run --clean`: only what is committed, with the cache.

use std::{fs, path::Path, process::Command};

use crate::support::{Project, until, wait};

fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(project: &Project) {
    git(&project.root(), &["init", "--quiet", "--initial-branch", "feature/x"]);
    git(&project.root(), &["add", "--all"]);
    git(&project.root(), &["commit", "--quiet", "--message", "all"]);
}

/// A folder for temporary files of which a test can say that nothing is left.
fn with_own_temporary_folder(project: Project) -> (Project, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    (project.variable("TMPDIR", path), folder)
}

fn left(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn spec(build: &str) -> String {
    format!(
        "version: 1
frontend:
  phases: {{ build: {{ commands: [{}] }} }}
  artifacts: {{ baseDirectory: ., files: ['**/*'] }}
  cache: {{ paths: ['kept/**/*', .deployfix/history.jsonl] }}
",
        serde_json::to_string(build).unwrap()
    )
}

#[test]
fn only_what_is_committed_is_there() {
    let project = Project::with_build("true")
        .file("amplify.yml", spec("deployfix build; ls -A; git status --short; git rev-parse --verify HEAD; ! git fetch origin; cat file"))
        .file(".gitignore", ".env*\nnode_modules\n")
        .file("file", "committed\n");
    let (project, temporary) = with_own_temporary_folder(project);
    let ran = project.run(&["run", "--clean"]).exits(2);
    assert!(ran.stdout.contains("this is no git repository"), "{}", ran.stdout);
    git(&project.root(), &["init", "--quiet"]);
    let ran = project.run(&["run", "--clean"]).exits(2);
    assert!(ran.stdout.contains("the repository has no commit yet"), "{}", ran.stdout);
    commit(&project);
    let project = project
        .file("file", "changed\n")
        .file("new.ts", "")
        .file(".env.local", "A=1")
        .file("node_modules/x", "")
        .file(".deployfix/manifest.json", "mine");
    let ran = project.run(&["run", "--clean"]).exits(0);
    for line in [
        "left out, as Amplify will not have it: 1 uncommitted change (`file`)",
        "left out, as Amplify will not have it: 1 untracked file (`new.ts`)",
        "left out, as Amplify will not have it: 1 git-ignored file (`.env.local`)",
        "committed",
    ] {
        assert!(ran.stdout.contains(&format!("\n{line}\n")), "{line}\n{}", ran.stdout);
    }
    let listed = ran.stdout.split("# Executing command").nth(1).unwrap();
    for absent in ["\nnew.ts\n", "\nnode_modules\n", "\n.env.local\n", "?? "] {
        assert!(!listed.contains(absent), "{absent:?}\n{}", ran.stdout);
    }
    // The phases inside reported into the user's own state, and nothing else of it changed.
    assert_eq!(ran.phase("build")["status"], "passed");
    assert!(project.root().join(".deployfix/logs/build.1.log").exists());
    assert_eq!(project.read(".deployfix/manifest.json"), "mine");
    assert_eq!(project.read("file"), "changed\n");
    assert!(left(&temporary).is_empty(), "{:?}", left(&temporary));

    let ran = project.run(&["run", "--clean", "--keep"]).exits(0);
    let kept =
        ran.stdout.split("the clone is kept in `").nth(1).unwrap().split('`').next().unwrap();
    assert!(Path::new(kept).join("file").exists());
}

#[test]
fn the_cache_goes_from_one_clone_to_the_next() {
    let build = "test ! -e kept/count || chmod 644 kept/count; mkdir -p kept/node_modules/.cache kept/inner; \
                 echo x >> kept/count; chmod 600 kept/count; ln -sf ../count kept/inner/link; touch kept/node_modules/.cache/x; \
                 printf '%s' \"$(wc -l < kept/count) $(stat -c %a kept/count) $(readlink kept/inner/link)\" > seen; ls kept/node_modules/.cache || true; \
                 if [ \"$(wc -l < kept/count)\" = 2 ]; then ls kept/node_modules && echo WRONG; fi; cat seen; echo";
    let project = Project::with_build("true").file("amplify.yml", spec(build));
    commit(&project);
    let first = project.run(&["run", "--clean"]).exits(0);
    assert!(first.stdout.contains("no cache of the branch `feature/x` yet"), "{}", first.stdout);
    assert!(first.stdout.contains("1 600 ../count"), "{}", first.stdout);
    let second = project.run(&["run", "--clean"]).exits(0);
    assert!(
        second.stdout.contains("# Extracting cache...\n# Retrieved cache\n2 files, 2 B"),
        "{}",
        second.stdout
    );
    assert!(second.stdout.contains("2 600 ../count"), "{}", second.stdout);
    let without = project.run(&["run", "--clean", "--no-cache"]).exits(0);
    assert!(without.stdout.contains("1 600 ../count"), "{}", without.stdout);
    assert!(!project.root().join("kept").exists());
    // The working tree's own files are never replaced by the cache.
    let project = project.file("kept/count", "mine\n");
    let here = project.run(&["run"]).exits(0);
    assert!(
        here.stdout.contains("not extracted: the working tree has its own files"),
        "{}",
        here.stdout
    );
    assert_eq!(project.read("kept/count"), "mine\nx\n");
}

#[test]
fn submodules_come_along_from_the_users_own_copy() {
    let library = Project::empty().file("lib.js", "the library\n");
    commit(&library);
    let project = Project::with_build("true").file("amplify.yml", spec("cat vendor/lib.js"));
    commit(&project);
    let address = library.root().display().to_string();
    git(
        &project.root(),
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &address, "vendor"],
    );
    git(&project.root(), &["commit", "--quiet", "--all", "--message", "vendor"]);
    drop(library);
    let ran = project.run(&["run", "--clean"]).exits(0);
    assert!(ran.stdout.contains("\nthe library\n"), "{}", ran.stdout);
}

#[test]
fn an_interrupt_leaves_no_clone_behind() {
    let project =
        Project::with_build("true").file("amplify.yml", spec("echo $$ > \"$MARK\"; sleep 300"));
    commit(&project);
    let (project, temporary) = with_own_temporary_folder(project);
    let mark = project.root().join(".deployfix/mark");
    let project = project.variable("MARK", mark.display().to_string());
    let mut child = project.start(&["run", "--clean"]);
    until("the build", || mark.exists());
    assert_eq!(
        left(&temporary).iter().filter(|name| name.starts_with("deployfix-clean-")).count(),
        1
    );
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    assert_eq!(wait(&mut child), 130);
    assert!(left(&temporary).is_empty(), "{:?}", left(&temporary));
    assert_eq!(project.report()["result"], "interrupted");
}

#[test]
fn an_import_of_what_is_git_ignored_is_explained() {
    let project = Project::with_build("true")
        .file("amplify.yml", spec("node build.js"))
        .file(".gitignore", ".env*\nnode_modules\ngenerated.js\n")
        .file("generated.js", "")
        .file("build.js", "require('./generated.js');\n");
    commit(&project);
    let ran = project.run(&["run", "--clean"]).exits(30);
    let finding = ran.finding("run", "build/module-not-found");
    assert_eq!(
        finding["hints"][0],
        "left out, as Amplify will not have it: 1 git-ignored file (`generated.js`)"
    );
}
