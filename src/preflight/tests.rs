mod engines;

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, sync::OnceLock};

use super::{Context, run};
use crate::{
    amplify,
    buildspec::Specification,
    config::Config,
    env::Contract,
    project::Project,
    report::{Finding, Severity},
};

/// A repository with an app in it and a PATH of fake programs.
struct Repository {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    app: &'static str,
}

const HEALTHY: &[(&str, &str)] = &[
    ("package.json", r#"{"scripts":{"build":"next build"},"dependencies":{"next":"15.5.29"}}"#),
    (
        "package-lock.json",
        r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"next":"15.5.29"}},"node_modules/next":{"version":"15.5.29"}}}"#,
    ),
    ("amplify.yml", SPEC),
];

const PNPM_LOCK: &str = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      next:\n        specifier: 15.5.29\n        version: 15.5.29\n";

const SPEC: &str = "version: 1
frontend:
  phases:
    preBuild: { commands: [npm ci] }
    build: { commands: [npm run build] }
  artifacts: { baseDirectory: .next, files: ['**/*'] }
  cache: { paths: ['.next/cache/**/*'] }
";

impl Repository {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let programs = folder.path().join("programs");
        fs::create_dir_all(folder.path().join("repository/.git")).unwrap();
        fs::create_dir_all(&programs).unwrap();
        let variables = BTreeMap::from([("PATH".to_owned(), programs.display().to_string())]);
        let repository = Self { folder, variables, app: "" };
        for (path, content) in files {
            repository.write(&format!("repository/{path}"), content);
        }
        repository.node("22.11.0").program("npm", "exit 0")
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn program(self, name: &str, script: &str) -> Self {
        let path = format!("programs/{name}");
        self.write(&path, &format!("#!/bin/sh\n{script}\n"));
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.folder.path().join(path), mode).unwrap();
        self
    }

    fn node(self, version: &str) -> Self {
        self.program("node", &format!("echo v{version}"))
    }

    fn file(self, path: &str, content: &str) -> Self {
        self.write(&format!("repository/{path}"), content);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    fn on_amplify(self) -> Self {
        self.variable("AWS_APP_ID", "d111").variable("AWS_BRANCH", "main")
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("repository").join(self.app)
    }

    fn findings(&self) -> Vec<Finding> {
        let project = Project::read(&self.root());
        findings(&project, &self.variables)
    }

    /// `severity id` of everything but the disk, which belongs to the machine of the test.
    fn ids(&self) -> Vec<String> {
        self.findings()
            .iter()
            .filter(|finding| finding.id.as_str() != "environment/disk-space-low")
            .map(|finding| format!("{:?} {}", finding.severity, finding.id).to_lowercase())
            .collect()
    }
}

fn findings(project: &Project, variables: &BTreeMap<String, String>) -> Vec<Finding> {
    let platform = amplify::detect(variables);
    let specification =
        Specification::read(&project.root, project.repository_root.as_deref(), variables);
    let contract = Contract::default();
    run(&Context {
        project,
        specification: &specification,
        variables,
        platform: platform.as_ref(),
        build_command: None,
        config: &Config::default(),
        contract: &contract,
        memory_limit: None,
        needed_memory: None,
        node: OnceLock::new(),
        silenced: OnceLock::new(),
    })
}

fn healthy() -> Repository {
    Repository::new(HEALTHY)
}

fn spec(from: &str, to: &str) -> String {
    SPEC.replace(from, to)
}

fn manifest(extra: &str) -> String {
    format!(r#"{{"scripts":{{"build":"x"}},"dependencies":{{"next":"15.5.29"}},{extra}}}"#)
}

#[test]
fn a_healthy_project_has_no_findings() {
    assert_eq!(healthy().ids(), Vec::<String>::new());
    assert_eq!(healthy().on_amplify().ids(), Vec::<String>::new());
}

#[test]
fn each_problem_has_its_one_finding() {
    let package = "package.json";
    for (repository, expected) in [
        (
            healthy().node("18.17.0"),
            "error environment/node-version-unsupported, warning environment/node-version-unsupported",
        ),
        (healthy().node("18.20.0").on_amplify(), "error environment/node-version-unsupported"),
        (
            healthy()
                .node("18.20.0")
                .on_amplify()
                .file("next.config.js", "module.exports = { output: 'export' }"),
            "warning environment/node-version-unsupported",
        ),
        (healthy().node("24.1.0").on_amplify(), "warning environment/node-version-unsupported"),
        (
            healthy().node("18.17.0").file("amplify.yml", &spec("npm ci", "nvm use 22, npm ci")),
            "warning environment/node-version-unsupported",
        ),
        (healthy().file(".nvmrc", "20\n"), "warning environment/node-version-unsupported"),
        (healthy().file(".nvmrc", "v22.1.0\n"), "info environment/node-version-unsupported"),
        (healthy().file(".nvmrc", "lts/*\n"), ""),
        (
            healthy().file(package, &manifest(r#""engines":{"node":"20.x"}"#)),
            "warning environment/node-version-unsupported",
        ),
        (
            healthy()
                .file(package, &manifest(r#""engines":{"node":"20.x"}"#))
                .file(".npmrc", "engine-strict=true\n"),
            "error environment/node-version-unsupported",
        ),
        (
            healthy().file(package, &manifest(r#""engines":{"node":"lts/*"}"#)),
            "warning environment/node-version-unsupported",
        ),
        (healthy().program("node", "exit 1"), "error environment/tool-missing"),
        (healthy().file("package-lock.json", ""), "error dependency/lockfile-corrupt"),
        (
            healthy()
                .file("package-lock.json", "")
                .file("amplify.yml", &spec("npm ci", "npm install")),
            "warning dependency/lockfile-corrupt",
        ),
        (
            healthy().file("pnpm-lock.yaml", PNPM_LOCK),
            "warning dependency/lockfile-conflict, error environment/package-manager-missing",
        ),
        (
            healthy().file(package, &manifest(r#""packageManager":"pnpm@9.1.0""#)),
            "warning environment/package-manager-mismatch",
        ),
        (
            healthy().file(package, &manifest(r#""packageManager":"pnpm@latest""#)),
            "warning configuration/manifest-invalid",
        ),
        (healthy().file(package, "{"), "error configuration/manifest-invalid"),
        (
            healthy().file(package, r#"{"dependencies":{"next":"15.5.29"}}"#),
            "warning configuration/build-script-missing",
        ),
        (
            healthy().file(package, r#"{"dependencies":{"react":"19.0.0"}}"#).file(
                "package-lock.json",
                &HEALTHY[1].1.replace("next", "react").replace("15.5.29", "19.0.0"),
            ),
            "error configuration/build-script-missing",
        ),
        (
            healthy().file("amplify.yml", &spec("npm ci", "echo a: b")),
            "error configuration/buildspec-command-not-string",
        ),
        (
            healthy().file("amplify.yml", &spec("[npm ci]", "npm ci")),
            "error configuration/buildspec-commands-not-list",
        ),
        (
            healthy().file("amplify.yml", &spec("frontend", "backend")),
            "error configuration/buildspec-misplaced-key",
        ),
        (
            healthy().file("amplify.yml", &spec("  artifacts", "    artifacts")),
            "error configuration/buildspec-misplaced-key",
        ),
        (
            healthy().file("amplify.yml", &spec("'**/*'", "")),
            "error configuration/buildspec-missing-files",
        ),
        (
            healthy().file("amplify.yml", &spec("'**/*'", "**/*")),
            "error configuration/buildspec-syntax",
        ),
        (healthy().file("amplify.yml", "[]"), "error configuration/buildspec-syntax"),
        (
            healthy().file("amplify.yml", "\u{feff}# nothing\r\n"),
            "warning configuration/buildspec-syntax",
        ),
        (
            healthy().variable("AMPLIFY_MONOREPO_APP_ROOT", "web"),
            "error configuration/buildspec-app-root-mismatch, warning configuration/buildspec-app-root-mismatch",
        ),
    ] {
        assert_eq!(repository.ids().join(", "), expected, "{:?}", repository.findings());
    }
}

#[test]
fn a_workspace_app_is_seen_as_its_managers_see_it() {
    let mut repository = Repository::new(&[
        ("package.json", r#"{"workspaces":["apps/*"]}"#),
        (
            "package-lock.json",
            r#"{"lockfileVersion":3,"packages":{"":{"workspaces":["apps/*"]},"apps/web":{"dependencies":{"next":"15.5.29"}},"node_modules/web":{"resolved":"apps/web","link":true},"node_modules/next":{"version":"15.5.29"}}}"#,
        ),
        ("apps/web/package.json", HEALTHY[0].1),
        (
            "amplify.yml",
            "version: 1\napplications:\n  - appRoot: apps/web\n    frontend:\n      phases: { preBuild: { commands: [npm ci] }, build: { commands: [npm run build] } }\n      artifacts: { baseDirectory: .next, files: ['**/*'] }\n      cache: { paths: ['.next/cache/**/*'] }\n",
        ),
    ]);
    repository.app = "apps/web";
    assert_eq!(repository.ids(), Vec::<String>::new());
    let repository = repository.variable("AMPLIFY_MONOREPO_APP_ROOT", "apps/shop");
    let ids = repository.ids();
    assert!(ids.contains(&"error configuration/buildspec-app-root-mismatch".to_owned()), "{ids:?}");
    let finding = &repository.findings()[0];
    assert_eq!(finding.location.as_ref().unwrap().path, "../../amplify.yml");
}

#[test]
fn a_missing_lockfile_fails_where_the_manager_refuses() {
    for (field, expected) in [
        ("", "error dependency/lockfile-missing"),
        ("pnpm@10.4.1", "error dependency/lockfile-missing"),
        ("yarn@4.5.0", "error dependency/lockfile-missing"),
        ("yarn@1.22.22", "warning dependency/lockfile-missing"),
    ] {
        let manifest = format!(
            r#"{{"scripts":{{"build":"x"}},"dependencies":{{"next":"15.5.29"}},"packageManager":{}}}"#,
            if field.is_empty() { "null".to_owned() } else { format!("{field:?}") }
        );
        let repository = Repository::new(&[("package.json", &manifest), HEALTHY[2]])
            .program("pnpm", "exit 0")
            .program("yarn", "exit 0");
        assert_eq!(repository.ids().join(", "), expected, "{field}");
    }
}

#[test]
fn hostile_trees_get_clear_findings() {
    let hostile: &[&dyn Fn(&Path)] = &[
        &|root| fs::remove_file(root.join("package.json")).unwrap(),
        &|root| replace(root, "package.json", |path| fs::create_dir(path).unwrap()),
        &|root| {
            replace(root, "package.json", |path| std::os::unix::fs::symlink(path, path).unwrap());
        },
        &|root| {
            replace(root, "package.json", |path| fs::write(path, vec![b' '; 11 << 20]).unwrap());
        },
        &|root| replace(root, "package.json", |path| fs::write(path, "[".repeat(100_000)).unwrap()),
        &|root| replace(root, "package-lock.json", |path| fs::create_dir(path).unwrap()),
        &|root| replace(root, "package-lock.json", |path| fs::write(path, b"\xff\xfe{").unwrap()),
        &|root| replace(root, "amplify.yml", |path| fs::create_dir(path).unwrap()),
        &|root| replace(root, "amplify.yml", |path| fs::write(path, "{".repeat(100_000)).unwrap()),
        &|root| replace(root, "amplify.yml", |path| fs::write(path, b"a: \0").unwrap()),
    ];
    for (number, damage) in hostile.iter().enumerate() {
        let repository = healthy();
        damage(&repository.root());
        let findings = repository.findings();
        assert!(
            findings.iter().any(|finding| finding.severity >= Severity::Warning
                && finding.location.is_some()
                && !finding.resolution.is_empty()),
            "{number}: {findings:?}"
        );
    }
}

fn replace(root: &Path, name: &str, with: impl Fn(&Path)) {
    let path = root.join(name);
    fs::remove_file(&path).unwrap();
    with(&path);
}

#[test]
fn what_deployfix_mends_by_itself_is_a_warning() {
    const SPEC_NAMES: [(&str, &str); 2] =
        [("npm ci", "npx deployfix install"), ("npm run build", "npx deployfix build")];
    let spec = SPEC_NAMES.iter().fold(SPEC.to_owned(), |spec, (from, to)| spec.replace(from, to));
    let severity = |repository: &Repository, id: &str| {
        let findings = repository.findings();
        let finding = findings.iter().find(|finding| finding.id.as_str() == id).unwrap();
        (finding.severity, finding.recovery.is_some())
    };
    let node = "environment/node-version-unsupported";
    let repository = healthy().node("18.17.0").file("amplify.yml", &spec);
    assert_eq!(severity(&repository, node), (Severity::Error, false));
    let kept = "nvm/versions/node/v22.11.0/bin/node";
    repository.write(kept, "#!/bin/sh\necho v22.11.0\n");
    let program = repository.folder.path().join(kept);
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = repository.folder.path().join("nvm").display().to_string();
    let repository = repository.variable("NVM_DIR", &folder);
    assert_eq!(severity(&repository, node), (Severity::Warning, true));
    // Amplify serves the app under the Node of the shell.
    assert_eq!(severity(&repository.on_amplify(), node), (Severity::Error, false));
    let manager = "environment/package-manager-missing";
    let repository = healthy().file("pnpm-lock.yaml", PNPM_LOCK);
    assert_eq!(severity(&repository, manager), (Severity::Error, false));
    let repository = repository.file("amplify.yml", &spec);
    assert_eq!(severity(&repository, manager), (Severity::Warning, true));
}
