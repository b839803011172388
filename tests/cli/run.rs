use crate::support::Project;

#[test]
fn phases_share_one_bash_and_the_variables_of_amplify() {
    let project = Project::with_build("true").file(
        "amplify.yml",
        "version: 1
env:
  variables:
    FROM_SPEC: spec value
frontend:
  phases:
    preBuild:
      commands:
        - mkdir -p inner && cd inner
        - export KEPT='over phases'
    build:
      commands:
        - echo \"$KEPT,$FROM_SPEC,$AWS_APP_ID,$AWS_BRANCH,$AWS_JOB_ID\" > seen
  artifacts:
    baseDirectory: inner
    files:
      - '**/*'
",
    );
    let ran = project.run(&["run"]).exits(0);
    let seen = project.read("inner/seen");
    assert!(seen.starts_with("over phases,spec value,d"), "{seen}");
    assert!(seen.trim_end().ends_with(",0000000001"), "{seen}");
    assert!(
        ran.stdout.contains("# Executing command: export KEPT='over phases'"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("## Build completed successfully"));
    assert_eq!(ran.phase("run")["status"], "passed");
}

#[test]
fn a_failing_command_ends_it_in_amplifys_words() {
    let project = Project::with_build("true").file(
        "amplify.yml",
        "version: 1
frontend:
  phases:
    build:
      commands:
        - nonexistent-program --version
        - touch never
  artifacts: { baseDirectory: out, files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]).exits(30);
    assert!(ran.stdout.contains("!!! Error: Command failed with exit code 127"), "{}", ran.stdout);
    assert_eq!(ran.findings("run")[0].1, "build/command-not-found");
    assert!(!project.root().join("never").exists());
}

#[test]
fn an_app_of_a_monorepo_is_chosen_by_its_folder() {
    let project = Project::empty()
        .file(
            "amplify.yml",
            "version: 1
applications:
  - appRoot: apps/web
    frontend:
      phases:
        build: { commands: ['pwd > where', 'deployfix build'] }
      artifacts: { baseDirectory: ., files: ['**/*'] }
  - appRoot: apps/other
    frontend:
      phases: { build: { commands: ['touch wrong'] } }
      artifacts: { baseDirectory: ., files: ['**/*'] }
",
        )
        .file(
            "apps/web/package.json",
            r#"{"name":"web","version":"1.0.0","scripts":{"build":"echo built > built"}}"#,
        )
        .file(
            "apps/web/package-lock.json",
            r#"{"name":"web","lockfileVersion":3,"packages":{"":{"name":"web"}}}"#,
        )
        .file("apps/other/package.json", "{}");
    let mut command = project.command(&["run", "--project", "apps/web"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(project.read("apps/web/where").trim_end().ends_with("/apps/web"));
    assert_eq!(project.read("apps/web/built"), "built\n");
    assert!(!project.root().join("apps/other/wrong").exists());
    let report: serde_json::Value =
        serde_json::from_str(&project.read("apps/web/.deployfix/report.json")).unwrap();
    crate::support::assert_fits_schema(&report);
    assert_eq!(crate::support::phase(&report, "build")["status"], "passed");
}

#[test]
fn what_the_script_let_pass_is_not_blamed() {
    let project =
        Project::with_build("true").file("deployfix.yml", "environment:\n  MISSING: {}\n").file(
            "amplify.yml",
            "version: 1
frontend:
  phases:
    build: { commands: ['deployfix validate || true', 'exit 9'] }
  artifacts: { baseDirectory: ., files: ['**/*'] }
",
        );
    let ran = project.run(&["run"]).exits(30);
    assert_eq!(ran.findings("run")[0].1, "build/failed");
}

#[test]
fn run_inside_run_is_refused() {
    let project = Project::with_build("true").file(
        "amplify.yml",
        "version: 1
frontend:
  phases:
    build: { commands: ['deployfix run'] }
  artifacts: { baseDirectory: ., files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stdout.contains("was called by `deployfix run`"), "{}", ran.stdout);
}

#[test]
fn a_secret_of_the_specification_stays_hidden() {
    let project = Project::with_build("true").file(
        "amplify.yml",
        "version: 1
env:
  variables: { CMS_TOKEN: fake-cms-token-0123 }
frontend:
  phases:
    build: { commands: ['echo \"with $CMS_TOKEN\"'] }
  artifacts: { baseDirectory: ., files: ['**/*'] }
",
    );
    let ran = project.run(&["run"]).exits(0);
    assert!(ran.stdout.contains("with ***"), "{}", ran.stdout);
    for file in ["report.json", "logs/run.1.log", "amplify.sh"] {
        assert!(!project.read(&format!(".deployfix/{file}")).contains("fake-cms-token"), "{file}");
    }
}
