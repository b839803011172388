//! Which commands `run` runs, in which order and words.

use std::fs;

use crate::support::Project;

/// A project with this frontend, whose artifact is everything.
fn with_spec(spec: &str) -> Project {
    Project::with_build("true").file("amplify.yml", spec)
}

fn commands(output: &str) -> Vec<&str> {
    output.lines().filter_map(|line| line.strip_prefix("# Executing command: ")).collect()
}

const EVERYTHING: &str = "  artifacts: { baseDirectory: ., files: ['**/*'] }\n";

#[test]
fn the_log_has_amplifys_lines_in_their_order() {
    let project = with_spec(&format!(
        "version: 1
frontend:
  phases:
    preBuild: {{ commands: ['mkdir -p cached && echo 1 > cached/one'] }}
    build: {{ commands: ['echo built'] }}
{EVERYTHING}  cache: {{ paths: ['cached/**/*', '/root/.npm/**/*', absent] }}
test:
  phases: {{ test: {{ commands: ['echo tested'] }} }}
"
    ));
    let ran = project.run(&["run"]).exits(0);
    let expected = "# Retrieving cache...
## Starting Backend Build
## Checking for associated backend environment...
## No backend environment association found, continuing...
## Completed Backend Build
## Starting Frontend Build
# Starting phase: preBuild
# Executing command: mkdir -p cached && echo 1 > cached/one
# Completed phase: preBuild
# Starting phase: build
# Executing command: echo built
built
# Completed phase: build
## Completed Frontend Build
## Starting Test
# Starting phase: test
# Executing command: echo tested
tested
# Completed phase: test
## Completed Test
## Build completed successfully
# Starting caching...
# Creating cache artifact...
`/root/.npm/**/*` is not cached: it is absolute
`absent` matches no file
# Created cache artifact
# Caching completed
# Build artifact is: 1MB";
    let mut lines = ran.stdout.lines();
    for line in expected.lines() {
        assert!(lines.any(|seen| seen == line), "`{line}` in its place:\n{}", ran.stdout);
    }
    let metrics = &ran.phase("run")["metrics"];
    assert_eq!(metrics["cacheFiles"], 1);
    assert_eq!(metrics["cacheBytes"], 2);
    assert!(metrics["artifactFiles"].as_u64().unwrap() >= 4, "{metrics}");

    let ran = project.run(&["run", "--no-cache"]).exits(0);
    assert!(
        !ran.stdout.contains("caching") && !ran.stdout.contains("# Retrieving"),
        "{}",
        ran.stdout
    );
    let shown = project.run(&["run", "--dry-run", "--artifacts", "elsewhere"]).exits(0);
    assert!(shown.stdout.contains("echo built\n"), "{}", shown.stdout);
    assert!(shown.stdout.contains("cache `cached/**/*`"), "{}", shown.stdout);
    assert!(
        shown.stdout.contains("copy what would be deployed into `elsewhere`"),
        "{}",
        shown.stdout
    );
}

#[test]
fn tests_run_unless_disabled_and_their_artifacts_are_looked_at() {
    let spec = |test: &str| {
        format!(
            "version: 1
frontend:
  phases: {{ build: {{ commands: ['echo built'] }} }}
{EVERYTHING}test:
  phases:
    preTest: {{ commands: ['mkdir -p results'] }}
    test: {{ commands: ['{test}'] }}
    postTest: {{ commands: ['echo after'] }}
  artifacts: {{ baseDirectory: results, files: ['**/*.png'], configFilePath: '**/report.json' }}
"
        )
    };
    let project = with_spec(&spec("touch results/report.json results/a.png"));
    let ran = project.run(&["run"]).exits(0);
    assert_eq!(commands(&ran.stdout).len(), 4);
    assert!(ran.findings("run").is_empty());
    let ran = project.run(&["run", "--env-file", "absent.env"]).exits(2);
    assert_eq!(ran.findings("run")[0].1, "internal/usage");

    let project =
        project.file("amplify.yml", spec("touch results/b.png; rm -f results/report.json"));
    let ran = project.run(&["run"]).exits(0);
    assert_eq!(
        ran.findings("run"),
        [("warning".into(), "configuration/buildspec-test-artifacts".into())]
    );

    let project = project.file("console.env", "USER_DISABLE_TESTS=true\n");
    let ran = project.run(&["run", "--env-file", "console.env"]).exits(0);
    assert_eq!(commands(&ran.stdout), ["echo built"]);
    assert!(ran.stdout.contains("the test section is left out"), "{}", ran.stdout);
    project.run(&["run", "--env-file", "console.env", "--from", "test"]).exits(2);
}

#[test]
fn the_backend_is_left_out_but_for_the_only_install() {
    let spec = |frontend: &str| {
        format!(
            "version: 1
backend:
  phases:
    preBuild: {{ commands: ['export FROM_BACKEND=1', 'deployfix install'] }}
    build: {{ commands: ['npx ampx pipeline-deploy --branch $AWS_BRANCH', 'touch deployed'] }}
frontend:
  phases: {{ build: {{ commands: ['{frontend}'] }} }}
{EVERYTHING}"
        )
    };
    let project = with_spec(&spec("echo built"));
    let ran = project.run(&["run"]).exits(0);
    assert_eq!(commands(&ran.stdout), ["export FROM_BACKEND=1", "deployfix install", "echo built"]);
    assert!(
        ran.stdout.contains("so of it these run: `export FROM_BACKEND=1`, `deployfix install`"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("`npx ampx pipeline-deploy --branch $AWS_BRANCH`, `touch deployed`"),
        "{}",
        ran.stdout
    );

    let project = project.file("amplify.yml", spec("deployfix install"));
    let ran = project.run(&["run"]).exits(0);
    assert_eq!(commands(&ran.stdout), ["deployfix install"]);
    assert!(!project.root().join("deployed").exists());

    let project = project.program("npx", "exit 0");
    let ran = project.run(&["run", "--backend"]).exits(0);
    assert!(ran.stdout.contains("may deploy into the AWS account"), "{}", ran.stdout);
    assert!(project.root().join("deployed").exists());
}

#[test]
fn from_a_phase_replays_what_sets_the_shell() {
    let project = with_spec(&format!(
        "version: 1
frontend:
  phases:
    preBuild: {{ commands: ['touch ran', 'cd inner && touch ran', 'export KEPT=kept'] }}
    build: {{ commands: ['pwd; echo \"$KEPT\"'] }}
{EVERYTHING}"
    ))
    .file("inner/file", "");
    let ran = project.run(&["run", "--from", "build"]).exits(0);
    assert!(ran.stdout.contains("/inner\nkept\n"), "{}", ran.stdout);
    assert!(!project.root().join("ran").exists() && !project.root().join("inner/ran").exists());
    assert!(
        ran.stdout.contains("must be there already: `touch ran`, `cd inner && touch ran`"),
        "{}",
        ran.stdout
    );
    let ran = project.run(&["run", "--from", "postBuild"]).exits(2);
    assert!(ran.stdout.contains("it has `preBuild`, `build`"), "{}", ran.stdout);
    project.run(&["run", "--from", "build", "--clean"]).exits(2);
}

#[test]
fn what_amplify_refuses_at_once_runs_nothing() {
    for (spec, message, id) in [
        ("a: [", "!!! CustomerError: Unable to parse build spec", "configuration/buildspec-syntax"),
        (
            "version: 1\n",
            "!!! CustomerError: Missing frontend definition in buildspec",
            "configuration/buildspec-missing-frontend",
        ),
        (
            "version: 1\nfrontend:\n  phases: { build: { commands: [touch: ran] } }\n  artifacts: { baseDirectory: ., files: ['**/*'] }\n",
            "!!! CustomerError: The commands provided in the buildspec are malformed.",
            "configuration/buildspec-command-not-string",
        ),
        (
            "version: 1\nfrontend:\n  phases: { build: { commands: touch ran } }\n  artifacts: { baseDirectory: ., files: ['**/*'] }\n",
            "!!! CustomerError: Invalid build spec: Expected \"commands\" key to be an array in the frontend phase.",
            "configuration/buildspec-commands-not-list",
        ),
        (
            "version: 1\nfrontend:\n  phases: { build: { commands: ['touch ran'] } }\n",
            "!!! CustomerError: The `artifacts` key was not provided in the build spec",
            "configuration/buildspec-missing-artifacts",
        ),
        (
            "version: 1\nfrontend:\n  phases: { build: { commands: [false, 'touch ran'] } }\n  artifacts: { baseDirectory: ., files: ['**/*'] }\n",
            "!!! CustomerError: The commands provided in the buildspec are malformed.",
            "configuration/buildspec-command-not-string",
        ),
        ("# nothing yet\n", "`amplify.yml` is empty", "configuration/buildspec-syntax"),
    ] {
        let project = with_spec(spec);
        let ran = project.run(&["run"]).exits(11);
        assert!(ran.stdout.contains(message), "{message}\n{}", ran.stdout);
        assert_eq!(ran.findings("run")[0].1, id);
        assert!(!project.root().join("ran").exists());
    }
}

const MONOREPO: &str = "version: 1
applications:
  - appRoot: apps/web
    frontend:
      phases: { build: { commands: ['echo \"$AMPLIFY_MONOREPO_APP_ROOT\" > built'] } }
      artifacts: { baseDirectory: ., files: ['**/*'] }
  - appRoot: apps/admin
    frontend:
      phases: { build: { commands: ['touch built'] } }
      artifacts: { baseDirectory: ., files: ['**/*'] }
";

#[test]
fn an_app_is_chosen_from_the_repositorys_root() {
    let project = Project::empty()
        .file("amplify.yml", MONOREPO)
        .file("apps/web/package.json", "{}")
        .file("apps/admin/package.json", "{}");
    let ran = project.run(&["run"]).exits(11);
    assert!(
        ran.stdout.contains("!!! Error: V2 amplify.yml found with multiple appRoots"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("hint: deployfix run --app-root apps/admin"), "{}", ran.stdout);
    let ran = project.run(&["run", "--app-root", "apps/wep"]).exits(2);
    assert!(ran.stdout.contains("did you mean `--app-root apps/web`?"), "{}", ran.stdout);
    assert!(ran.stdout.contains("it lists `apps/web`, `apps/admin`"), "{}", ran.stdout);

    project.run(&["run", "--app-root", "./apps/web/"]).exits(0);
    assert_eq!(project.read("apps/web/built"), "apps/web\n");
    assert!(!project.root().join("apps/admin/built").exists());
    assert!(project.root().join("apps/web/.deployfix/report.json").exists());

    let project = project.variable("AMPLIFY_MONOREPO_APP_ROOT", "apps/admin");
    project.run(&["run"]).exits(0);
    assert!(project.root().join("apps/admin/built").exists());
    let project = project.variable("AMPLIFY_MONOREPO_APP_ROOT", "apps/none");
    let ran = project.run(&["run"]).exits(11);
    assert!(
        ran.stdout.contains("!!! CustomerError: Invalid monorepo spec, no matching appRoot"),
        "{}",
        ran.stdout
    );
}

#[test]
fn variables_of_the_console_win_and_stay_secret() {
    let project = with_spec(&format!(
        "version: 1
frontend:
  phases: {{ build: {{ commands: ['echo \"$PLAIN,$BOTH,$API_TOKEN\"'] }} }}
{EVERYTHING}"
    ))
    .file("one.env", "PLAIN=first # note\nAPI_TOKEN='fake-token-of-a-file'\n")
    .file("two.env", "PLAIN=\"last one\"\nBOTH=file\n")
    .variable("BOTH", "process");
    let ran = project.run(&["run", "--env-file", "one.env", "--env-file", "two.env"]).exits(0);
    assert!(ran.stdout.contains("\nlast one,file,***\n"), "{}", ran.stdout);
    assert!(!project.read(".deployfix/logs/run.1.log").contains("fake-token"));
    let project = project.file("bad.env", "A=1\nno assignment\n");
    let ran = project.run(&["run", "--env-file", "bad.env"]).exits(2);
    assert!(ran.stdout.contains("--> bad.env:2"), "{}", ran.stdout);
}

#[test]
fn the_only_app_is_not_built_from_another_apps_folder() {
    let spec = MONOREPO.split("  - appRoot: apps/admin").next().unwrap();
    let project = Project::empty()
        .file("amplify.yml", spec)
        .file("apps/web/package.json", "{}")
        .file("apps/web/src/page.js", "")
        .file("apps/expo/package.json", "{}");
    let ran = project.run(&["run", "--project", "apps/expo"]).exits(11);
    let id = "error[configuration/buildspec-app-root-mismatch]";
    assert!(ran.stdout.contains(id), "{}", ran.stdout);
    assert!(ran.stdout.contains("has no application for `apps/expo`"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hint: deployfix run --app-root apps/web\n"), "{}", ran.stdout);
    assert!(!project.root().join("apps/web/built").exists());
    for folder in [".", "apps", "apps/web/src"] {
        project.run(&["run", "--project", folder]).exits(0);
        fs::remove_file(project.root().join("apps/web/built")).unwrap();
    }
}

#[test]
fn nvm_that_is_not_loaded_is_named() {
    let project = with_spec(
        "version: 1\nfrontend:\n  phases: { build: { commands: ['nvm use 22'] } }\n  artifacts: { baseDirectory: ., files: ['**/*'] }\n",
    );
    let empty = project.root().join("none").display().to_string();
    let ran = project.variable("NVM_DIR", &empty).run(&["run"]).exits(30);
    let finding = ran.finding("run", "build/command-not-found");
    assert_eq!(finding["message"], "`nvm` is not loaded");
}
