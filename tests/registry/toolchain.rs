//! The Node and the manager that deployfix brings, with real Nodes, real managers and a real corepack.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command, sync::OnceLock};

use serde_json::{Value, json};

use crate::{
    managers::{archive, package},
    registry::{Package, Registry},
    support::{Project, Ran},
};

const PNPM: &str = "9.15.9";
const BERRY: &str = "4.13.0";
/// The programs that a test brings itself, or must not find.
const MANAGERS: [&str; 7] = ["corepack", "yarn", "yarnpkg", "pnpm", "pnpx", "bun", "bunx"];

/// `PATH` of a machine without any manager but npm: every other program of the present one.
fn bare_path() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = || {
        let made = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH").unwrap();
        for folder in std::env::split_paths(&path) {
            for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                let name = entry.file_name();
                if let Ok(program) = entry.path().canonicalize()
                    && !MANAGERS.contains(&name.to_str().unwrap_or_default())
                {
                    // What comes first on PATH wins.
                    let _ = symlink(program, made.path().join(name));
                }
            }
        }
        made
    };
    FOLDER.get_or_init(made).path()
}

/// A project that finds `programs` and a bare machine on its `PATH`, and nothing in its home.
fn project(programs: &[&Path]) -> Project {
    let project = Project::empty();
    let path: Vec<_> = programs
        .iter()
        .copied()
        .chain([bare_path()])
        .map(|path| path.display().to_string())
        .collect();
    let home = project.root().parent().unwrap().join("home");
    fs::create_dir_all(&home).unwrap();
    // The registry of the machine's own settings, which lie in the real home.
    static REGISTRY: OnceLock<String> = OnceLock::new();
    let registry = REGISTRY.get_or_init(|| {
        let output = Command::new("npm").args(["config", "get", "registry"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    });
    project
        .variable("PATH", path.join(":"))
        .variable("HOME", home.display().to_string())
        .variable("NPM_CONFIG_REGISTRY", registry)
}

/// The version of the machine's Node, and another line that Amplify serves with.
fn nodes() -> (String, &'static str) {
    let output = Command::new("node").arg("--version").output().unwrap();
    let own = String::from_utf8(output.stdout).unwrap().trim()[1..].to_owned();
    let other = if own.starts_with("22.") { "20.19.5" } else { "22.21.1" };
    (own, other)
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap()
}

/// The folder of a real Node, as version managers lay it out.
fn lay_out_node(folder: &Path, version: &str) {
    let program = package(&format!("node@{version}")).join("node").canonicalize().unwrap();
    let programs = folder.join(format!("v{version}/bin"));
    fs::create_dir_all(&programs).unwrap();
    symlink(program, programs.join("node")).unwrap();
}

/// A project that npm refuses to install under the machine's Node.
fn refusing(project: Project, other: &str) -> Project {
    let manifest = json!({
        "name": "app", "version": "1.0.0", "engines": { "node": format!("{}.x", major(other)) },
        "scripts": {
            "postinstall": "node -p process.version > installed.txt",
            "build": "node -p process.version > built.txt",
        },
    });
    let lockfile = json!({
        "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": { "": { "name": "app", "version": "1.0.0", "hasInstallScript": true,
            "engines": manifest["engines"] } },
    });
    project
        .file("package.json", manifest.to_string())
        .file("package-lock.json", lockfile.to_string())
        .file(".npmrc", "engine-strict=true\n")
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap()
}

const NODE_ID: &str = "environment/node-version-unsupported";
const MANAGER_ID: &str = "environment/package-manager-missing";
const COREPACK_ID: &str = "environment/corepack-broken";

#[test]
fn install_and_build_run_under_a_node_that_fits() {
    let (own, other) = nodes();
    let project = refusing(project(&[]), other);
    lay_out_node(&project.root().parent().unwrap().join("home/.nvm/versions/node"), other);
    for (phase, file) in [("install", "installed.txt"), ("build", "built.txt")] {
        let ran = project.run(&[phase]).exits(0);
        assert_eq!(project.read(file).trim(), format!("v{other}"));
        assert_eq!(ran.phase(phase)["status"], "recovered");
        let finding = ran.finding(phase, NODE_ID);
        assert_eq!(finding["severity"], "warning");
        let message = text_of(&finding["message"]);
        assert!(message.contains(&own) && message.contains(other), "{message}");
        assert!(text_of(&finding["recovery"]).contains("kept by nvm"), "{finding:#}");
    }
    assert_eq!(project.report()["buildConfig"]["nodeVersion"], *other);
}

#[test]
fn without_a_node_that_fits_the_managers_own_word_stands() {
    let (_, other) = nodes();
    let project = refusing(project(&[]), other);
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(ran.phase("install")["status"], "failed");
    assert_eq!(ran.finding("install", "dependency/engine-mismatch")["severity"], "error");
    let finding = ran.finding("install", NODE_ID);
    assert!(text_of(&finding["resolution"]).contains("no other Node was found"), "{finding:#}");
}

/// nvm itself fetches from a host that no test may ask; this one takes what is already there.
#[test]
fn nvm_is_asked_for_what_is_not_on_disk() {
    let (_, other) = nodes();
    let project = refusing(project(&[]), other);
    let nvm = project.root().parent().unwrap().join("home/.nvm");
    let stock = project.root().parent().unwrap().join("stock");
    lay_out_node(&stock, other);
    fs::create_dir_all(&nvm).unwrap();
    let script = format!(
        "nvm() {{ [ \"$1 $2\" = 'install {}' ] || return 3; mkdir -p \"$NVM_DIR/versions/node\"; cp -r '{}/v{other}' \"$NVM_DIR/versions/node/\"; }}\n",
        major(other),
        stock.display()
    );
    fs::write(nvm.join("nvm.sh"), script).unwrap();
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(project.read("installed.txt").trim(), format!("v{other}"));
    let recovery = text_of(&ran.finding("install", NODE_ID)["recovery"]).to_owned();
    assert!(recovery.contains(&format!("nvm install {}", major(other))), "{recovery}");
}

#[test]
fn amplify_builds_nothing_under_a_node_that_it_does_not_serve() {
    let (own, other) = nodes();
    let registry = Registry::start(&[Package::new("next", "15.5.4")]);
    let project = refusing(project(&[]), other)
        .variable("AWS_APP_ID", "d111")
        .variable("AWS_BRANCH", "main")
        .file(".npmrc", format!("engine-strict=true\nregistry={}\n", registry.url()));
    lay_out_node(&project.root().parent().unwrap().join("home/.nvm/versions/node"), other);
    let mut manifest: Value = serde_json::from_str(&project.read("package.json")).unwrap();
    manifest["dependencies"] = json!({ "next": "15.5.4" });
    let project = project.file("package.json", manifest.to_string());
    let ran = project.run(&["install"]).exits(20);
    assert!(!project.root().join("installed.txt").exists());
    let finding = ran.finding("install", NODE_ID);
    let reason = format!("Amplify serves the app under Node {}", major(&own));
    assert!(text_of(&finding["resolution"]).contains(&reason), "{finding:#}");
}

/// A pnpm project whose build tells the version of pnpm, with a lockfile of pnpm 9.
fn of_pnpm(project: Project, pinned: Option<String>) -> Project {
    let mut manifest = json!({
        "name": "app", "version": "1.0.0", "scripts": { "build": "pnpm --version > built.txt" },
        "dependencies": { "tiny": "link:./tiny" },
    });
    if let Some(pinned) = pinned {
        manifest["packageManager"] = pinned.into();
    }
    project
        .file("package.json", manifest.to_string())
        .file("tiny/package.json", r#"{"name":"tiny","version":"1.0.0"}"#)
        .file(
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\nimporters:\n\n  .:\n    dependencies:\n      tiny:\n        specifier: link:./tiny\n        version: link:tiny\n",
        )
}

fn installs_and_builds(project: &Project, version: &str, how: &str) -> Ran {
    let ran = project.run(&["install"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "recovered");
    assert_eq!(ran.findings("install").iter().filter(|(kind, _)| kind == "error").count(), 0);
    let recoveries = ran.phase("install")["findings"].to_string();
    assert!(recoveries.contains(how), "{recoveries}");
    let built = project.run(&["build"]).exits(0);
    assert_eq!(built.phase("build")["status"], "recovered");
    assert_eq!(project.read("built.txt").trim(), version);
    assert_eq!(project.read(".deployfix/.gitignore"), "*\n");
    ran
}

#[test]
fn a_missing_pnpm_comes_from_the_registry_of_the_project() {
    let registry = Registry::start(&[Package::published("pnpm", PNPM)]);
    let project =
        of_pnpm(project(&[]), None).file(".npmrc", format!("registry={}\n", registry.url()));
    installs_and_builds(&project, PNPM, "npm installed into `.deployfix/tools`");
    // What was fetched serves again, and half of it does not.
    drop(registry);
    let ran = project.run(&["install", "--verify", "off"]).exits(0);
    assert!(text_of(&ran.finding("install", MANAGER_ID)["recovery"]).contains("fetched earlier"));
    let tool = format!(".deployfix/tools/pnpm-{PNPM}/node_modules/pnpm/dist/pnpm.cjs");
    let project = project.file(&tool, "syntax error");
    let ran = project.run(&["install", "--verify", "off"]).exits(0);
    let recovery = text_of(&ran.finding("install", MANAGER_ID)["recovery"]).to_owned();
    assert!(!recovery.contains("fetched earlier"), "{recovery}");
}

/// The pin of a real pnpm, as corepack writes it.
fn pin() -> String {
    let script = "process.stdout.write(require('crypto').createHash('sha512').update(require('fs').readFileSync(process.argv[1])).digest('hex'))";
    let archive = archive(&format!("pnpm@{PNPM}"));
    let output = Command::new("node").args(["-e", script]).arg(archive).output().unwrap();
    format!("pnpm@{PNPM}+sha512.{}", String::from_utf8(output.stdout).unwrap())
}

/// A folder with corepack and none of its stand-ins.
fn corepack_alone(version: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = package(&format!("corepack@{version}")).join("corepack");
    symlink(program.canonicalize().unwrap(), folder.path().join("corepack")).unwrap();
    folder
}

#[test]
fn corepack_brings_what_is_pinned_from_the_registry_of_the_project() {
    let registry = Registry::start(&[Package::published("pnpm", PNPM)]);
    let corepack = corepack_alone("0.34.0");
    let project = of_pnpm(project(&[corepack.path()]), Some(pin()))
        .file(".npmrc", format!("registry={}\n", registry.url()));
    let manifest = project.read("package.json");
    installs_and_builds(&project, PNPM, "with corepack");
    assert_eq!(project.read("package.json"), manifest);
}

/// verdaccio sends no signatures, on which corepack fails as it does behind many private registries.
#[test]
fn a_corepack_that_cannot_verify_gives_way_to_npm() {
    let registry = Registry::start(&[Package::published("pnpm", PNPM)]);
    let alone = corepack_alone("0.30.0");
    // Its own folder holds the stand-ins that `corepack enable` would make.
    for programs in [alone.path(), &package("corepack@0.30.0")] {
        let project = of_pnpm(project(&[programs]), Some(format!("pnpm@{PNPM}")))
            .file(".npmrc", format!("registry={}\n", registry.url()));
        let ran = installs_and_builds(&project, PNPM, "npm installed into `.deployfix/tools`");
        let finding = ran.finding("install", COREPACK_ID);
        assert_eq!(finding["severity"], "warning");
        let log = fs::read_dir(project.root().join(".deployfix/logs")).unwrap().any(|log| {
            let log = log.unwrap().path();
            log.to_string_lossy().contains("corepack")
                && fs::read_to_string(log).unwrap().contains("verifySignature")
        });
        assert!(log, "{finding:#}");
    }
}

#[test]
fn a_manager_that_is_not_the_pinned_one_is_never_run() {
    let pin = pin().replace("sha512.", "sha512.0");
    let project = of_pnpm(project(&[]), Some(pin));
    let ran = project.run(&["install"]).exits(20);
    assert_eq!(ran.findings("install")[0].1, "dependency/integrity-mismatch");
    assert!(ran.phase("install")["attempts"].as_array().unwrap().is_empty());
    let left: Vec<_> = fs::read_dir(project.root().join(".deployfix/tools")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// yarn 1 is on Amplify's image, and finds nothing in a lockfile of yarn 4.
#[test]
fn yarn_1_gives_way_to_the_yarn_of_the_lockfile() {
    let berry = package(&format!("@yarnpkg/cli-dist@{BERRY}"));
    let project = project(&[&package("yarn@1.22.22")])
        .file(
            "package.json",
            r#"{"name":"app","version":"1.0.0","scripts":{"build":"yarn --version > built.txt"},"dependencies":{"tiny":"portal:./tiny"}}"#,
        )
        .file("tiny/package.json", r#"{"name":"tiny","version":"1.0.0"}"#)
        .file(".yarnrc.yml", "nodeLinker: node-modules\nenableTelemetry: false\n")
        .file("yarn.lock", "");
    let output = Command::new(berry.join("yarn"))
        .args(["install", "--mode=update-lockfile"])
        .current_dir(project.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    installs_and_builds(&project, BERRY, "npm installed into `.deployfix/tools`");
    // A release that the project brings needs nothing fetched, with yarn 1 and without any yarn.
    let release = berry.join("../@yarnpkg/cli-dist/bin/yarn.js");
    let project = project.file(".yarn/releases/yarn-4.cjs", fs::read(release).unwrap()).file(
        ".yarnrc.yml",
        "nodeLinker: node-modules\nenableTelemetry: false\nyarnPath: .yarn/releases/yarn-4.cjs\n",
    );
    let ran = project.run(&["install", "--verify", "off"]).exits(0);
    assert_eq!(ran.phase("install")["status"], "passed");
    let project = project.variable("PATH", bare_path().display().to_string());
    let ran = project.run(&["install", "--verify", "off"]).exits(0);
    assert!(text_of(&ran.finding("install", MANAGER_ID)["recovery"]).contains("yarnPath"));
}

#[test]
fn a_missing_bun_comes_as_the_package_of_the_platform() {
    let project = project(&[])
        .file(
            "package.json",
            r#"{"name":"app","version":"1.0.0","packageManager":"bun@1.2.23","scripts":{"build":"bun --version > built.txt"},"dependencies":{"tiny":"file:./tiny"}}"#,
        )
        .file("tiny/package.json", r#"{"name":"tiny","version":"1.0.0"}"#)
        .file(
            "bun.lock",
            r#"{"lockfileVersion":1,"workspaces":{"":{"name":"app","dependencies":{"tiny":"file:./tiny"}}},"packages":{"tiny":["tiny@file:tiny",{}]}}"#,
        );
    installs_and_builds(&project, "1.2.23", "npm installed into `.deployfix/tools`");
}
