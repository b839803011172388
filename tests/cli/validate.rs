use crate::support::Project;

#[test]
fn a_plain_project_has_no_errors() {
    let ran = Project::with_build("true").run(&["validate"]).exits(0);
    assert_eq!(ran.report()["validation"]["success"], true);
    assert_eq!(ran.report()["validation"]["errors"], serde_json::json!([]));
    let environment = &ran.report()["environment"];
    assert!(environment["memoryLimit"].as_u64().unwrap() > 0);
    assert!(environment["packageManager"].as_str().unwrap().starts_with("npm"));
}

#[test]
fn a_missing_variable_of_the_contract_is_an_error_and_nothing_is_installed() {
    let project = Project::with_build("touch built")
        .file("deployfix.yml", "environment:\n  DATABASE_URL: { type: url, secret: true }\n")
        .program("npm", "[ \"$1\" = --version ] && echo 10.9.3 && exit\ntouch installed");
    let validated = project.run(&["validate"]).exits(1);
    let finding = validated.finding("validate", "environment/missing-variable");
    assert_eq!(finding["location"], serde_json::json!({"path": "deployfix.yml", "line": 2}));
    assert!(finding["message"].as_str().unwrap().contains("`DATABASE_URL`"));
    let entry = &validated.report()["validation"]["errors"][0];
    assert_eq!((&entry["type"], &entry["critical"]), (&"environment".into(), &true.into()));

    let ran = project.run(&["run"]).exits(10);
    assert_eq!(ran.phase("validate")["status"], "failed");
    assert!(!project.root().join("installed").exists());
    assert!(!project.root().join("built").exists());
}

#[test]
fn a_set_variable_must_fit_its_type_and_a_secret_is_not_shown() {
    let project = Project::with_build("true")
        .file(
            "deployfix.yml",
            "environment:\n  DATABASE_URL: { type: url, secret: true }\n  RETRIES: { type: integer }\n",
        )
        .variable("DATABASE_URL", "fake-database-password")
        .variable("RETRIES", "many");
    let ran = project.run(&["validate"]).exits(1);
    assert_eq!(
        ran.phase("validate")["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["id"] == "environment/invalid-variable")
            .count(),
        2
    );
    assert!(!ran.stdout.contains("fake-database-password"));
    assert!(ran.stdout.contains("many"));
}

#[test]
fn each_lockfile_names_its_manager() {
    let cases: [(&str, &str, &str); 5] = [
        (
            "package-lock.json",
            r#"{"name":"app","lockfileVersion":3,"packages":{"":{"name":"app"}}}"#,
            "npm ci",
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n",
            "pnpm install --frozen-lockfile",
        ),
        ("yarn.lock", "# yarn lockfile v1\n\n\n", "yarn install --frozen-lockfile"),
        ("yarn.lock", "__metadata:\n  version: 8\n  cacheKey: 10c0\n", "yarn install --immutable"),
        (
            "bun.lock",
            "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": { \"\": { \"name\": \"app\" } },\n  \"packages\": {}\n}\n",
            "bun install --frozen-lockfile",
        ),
    ];
    for (file, text, command) in cases {
        let mut project = Project::empty()
            .file("package.json", r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"}}"#)
            .file(file, text);
        for program in ["pnpm", "yarn", "bun"] {
            project = project.program(program, "echo 1.0.0");
        }
        let ran = project.run(&["install", "--dry-run"]).exits(0);
        assert!(ran.stdout.contains(command), "{file}: {}", ran.stdout);
    }
}

#[test]
fn an_unsupported_node_is_named() {
    let project = Project::with_build("true")
        .file("package.json", r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"},"dependencies":{"next":"15.5.0"}}"#)
        .program("node", "[ \"$1\" = --version ] && echo v16.20.0");
    let ran = project.run(&["validate"]).exits(1);
    let finding = ran.finding("validate", "environment/node-version-unsupported");
    assert!(finding["message"].as_str().unwrap().contains("16.20.0"), "{finding}");
}

#[test]
fn a_node_env_that_breaks_builds_is_a_warning() {
    let manifest = r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"},"dependencies":{"next":"15.5.29"},"devDependencies":{"typescript":"5.6.3"}}"#;
    for value in ["production", "development"] {
        let project = Project::with_build("true")
            .file("package.json", manifest)
            .locked()
            .variable("NODE_ENV", value);
        let ran = project.run(&["validate"]).exits(0);
        let finding = ran.finding("validate", "environment/invalid-variable");
        assert_eq!(finding["severity"], "warning");
        assert!(finding["message"].as_str().unwrap().contains("NODE_ENV"), "{finding}");
    }
    let quiet = Project::with_build("true").file("package.json", manifest).locked();
    let quiet = quiet.run(&["validate"]).exits(0);
    assert!(!quiet.stdout.contains("NODE_ENV"));
}

#[test]
fn a_comment_with_a_reason_silences_a_finding_and_is_told() {
    let specification = |comment: &str| {
        format!(
            "version: 1\nfrontend:\n  phases:\n    build:\n      commands:\n        - npm ci\n        - npm run build\n  artifacts:\n    baseDirectory: dist\n    files:\n      - '**/*'\n  cache:\n    paths:\n      {comment}\n      - node_modules/**/*\n"
        )
    };
    let id = "configuration/buildspec-cache-useless";
    let silent = specification(&format!("# deployfix-ignore: {id} the folder is small"));
    let ran = Project::with_build("true")
        .file("amplify.yml", silent)
        .run(&["validate", "--verbose"])
        .exits(0);
    assert!(ran.findings("validate").iter().all(|(_, found)| found != id));
    assert_eq!(ran.phase("validate")["metrics"]["ignored"], 1);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(told.contains("the folder is small"), "{told}");

    let without_reason = specification(&format!("# deployfix-ignore: {id}"));
    let ran =
        Project::with_build("true").file("amplify.yml", without_reason).run(&["validate"]).exits(0);
    ran.finding("validate", id);
    ran.finding("validate", "configuration/buildspec-invalid-ignore");
}

#[test]
fn at_the_root_of_a_monorepo_the_folders_of_its_apps_are_named() {
    let project = Project::empty()
        .file(
            "amplify.yml",
            "version: 1\napplications:\n  - appRoot: frontend\n    frontend:\n      phases: { build: { commands: [npm run build] } }\n      artifacts: { baseDirectory: .next, files: ['**/*'] }\n",
        )
        .file("frontend/package.json", "{}");
    let ran = project.run(&["validate"]).exits(1);
    let finding = ran.finding("validate", "configuration/manifest-invalid");
    assert_eq!(finding["hints"], serde_json::json!(["deployfix validate --project frontend"]));
}

#[test]
fn a_node_that_amplify_does_not_serve_is_not_recommended() {
    let manifest = r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"},"dependencies":{"next":"15.5.0"}}"#;
    let project = Project::with_build("true")
        .file("package.json", manifest)
        .locked()
        .file(".nvmrc", "v16.18.0\n")
        .program("node", "[ \"$1\" = --version ] && echo v22.18.0");
    let ran = project.run(&["validate"]).exits(0);
    let finding = ran.finding("validate", "environment/node-version-unsupported");
    assert!(finding["resolution"].as_str().unwrap().contains("write that into it"), "{finding}");
    assert_eq!(finding["hints"], serde_json::json!([]));
}

#[test]
fn the_node_in_use_is_no_matter_where_amplify_yml_chooses_another() {
    let manifest = r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"},"engines":{"node":"^22.21.0"},"dependencies":{"next":"15.5.0"}}"#;
    let spec = |first: &str| {
        format!(
            "version: 1\nfrontend:\n  phases: {{ preBuild: {{ commands: [{first}, npm ci] }}, build: {{ commands: [npm run build] }} }}\n  artifacts: {{ baseDirectory: .next, files: ['**/*'] }}\n"
        )
    };
    for (first, count) in [("true", 2), ("nvm install 22.21.0", 0)] {
        let project = Project::with_build("true")
            .file("package.json", manifest)
            .file(".nvmrc", "22.21.0\n")
            .file("amplify.yml", spec(first))
            .program("node", "[ \"$1\" = --version ] && echo v20.20.2");
        let ran = project.run(&["validate"]);
        assert_eq!(ran.stdout.matches("node-version-unsupported").count(), count, "{}", ran.stdout);
    }
}
