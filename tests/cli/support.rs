//! Projects made on the spot, and the real binary run on them.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Nothing a test starts may run longer.
const LONGEST: Duration = Duration::from_secs(400);
/// Variables that children need and that do not change what they say.
const INHERITED: [&str; 6] =
    ["PATH", "HOME", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "NPM_CONFIG_REGISTRY"];

/// A project in a folder of its own, with programs of its own in front of `PATH`.
pub struct Project {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("app")).unwrap();
        fs::create_dir_all(folder.path().join("bin")).unwrap();
        // A repository boundary, so that nothing above the folder is looked at.
        fs::create_dir_all(folder.path().join("app/.git")).unwrap();
        Self { folder, variables: BTreeMap::new() }
    }

    /// A project whose build is one shell command, and whose lockfile is npm's.
    pub fn with_build(command: &str) -> Self {
        let manifest = serde_json::json!({
            "name": "app", "version": "1.0.0", "private": true, "scripts": { "build": command },
        });
        Self::empty().file("package.json", manifest.to_string()).file(
            "package-lock.json",
            r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{"":{"name":"app","version":"1.0.0"}}}"#,
        )
    }

    /// A copy of the built fixture app.
    pub fn built() -> Self {
        Self::copy_of(prepared_app())
    }

    /// A copy of an app. Only `node_modules` is shared, by hard link: nothing writes into its files.
    pub fn copy_of(app: &Path) -> Self {
        let project = Self::empty();
        for entry in fs::read_dir(app).unwrap() {
            let entry = entry.unwrap();
            let how = if entry.file_name() == "node_modules" { "-al" } else { "-a" };
            let status =
                Command::new("cp").arg(how).arg(entry.path()).arg(project.root()).status().unwrap();
            assert!(status.success());
        }
        project
    }

    /// Leaves out of the builds of the fixture app what takes half of their time: smaller output, a cache that a copy cannot
    /// read, and types. `more` are options that win.
    pub fn quick(self, more: &str) -> Self {
        let own = self.root().join("next.config.js");
        fs::rename(own, self.root().join("own.config.js")).unwrap();
        self.file(
            "next.config.js",
            format!(
                "import own from './own.config.js';
export default {{
  ...own,
  typescript: {{ ignoreBuildErrors: true }},
  webpack: configuration => {{
    configuration.optimization.minimize = false;
    configuration.cache = false;
    return configuration;
  }},
  {more}
}};
"
            ),
        )
    }

    /// Where the app is.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    /// Writes a file of the app anew.
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // A hard link must not carry the change into the shared copy.
        let _ = fs::remove_file(&path);
        fs::write(path, text).unwrap();
        self
    }

    /// Writes the package-lock.json that npm would take for the package.json of the app.
    pub fn locked(self) -> Self {
        let manifest: Value = serde_json::from_str(&self.read("package.json")).unwrap();
        let mut packages = serde_json::json!({ "": manifest });
        for kind in ["dependencies", "devDependencies"] {
            for (name, version) in manifest[kind].as_object().into_iter().flatten() {
                packages[format!("node_modules/{name}")] =
                    serde_json::json!({ "version": version, "dev": kind != "dependencies" });
            }
        }
        let lockfile = serde_json::json!({ "lockfileVersion": 3, "packages": packages });
        self.file("package-lock.json", lockfile.to_string())
    }

    /// Puts a shell script of that name in front of `PATH`.
    pub fn program(self, name: &str, script: &str) -> Self {
        let path = self.folder.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// Sets a variable for every run.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The text of a file of the app.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The report on disk.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.read(".deployfix/report.json")).unwrap()
    }

    /// The command, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deployfix"));
        let path = std::env::var("PATH").unwrap();
        command
            .args(arguments)
            .current_dir(self.root())
            .env_clear()
            .envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .envs(
                std::env::vars().filter(|(name, _)| name.to_lowercase().starts_with("npm_config_")),
            )
            .env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()))
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .env("DEPLOYFIX_RETRY_DELAY", "10")
            .envs(&self.variables)
            .stdin(Stdio::null());
        command
    }

    /// Starts a command whose output goes to a file, and leaves it running.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let output = fs::File::create(self.folder.path().join("started.log")).unwrap();
        let error = output.try_clone().unwrap();
        self.command(arguments).stdout(output).stderr(error).spawn().unwrap()
    }

    /// Runs a command to its end and checks the report it leaves against the schema.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let (stdout, stderr) =
            (self.folder.path().join("stdout"), self.folder.path().join("stderr"));
        let mut child = self
            .command(arguments)
            .stdout(fs::File::create(&stdout).unwrap())
            .stderr(fs::File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let status = wait(&mut child);
        let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        // A test may have put something else in the report's place.
        let report = fs::read_to_string(self.root().join(".deployfix/report.json"))
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .filter(|report| !report["schemaVersion"].is_null());
        if let Some(report) = &report {
            assert_fits_schema(report);
        }
        Ran { code: status, stdout: read(&stdout), stderr: read(&stderr), report }
    }
}

/// Waits, but not for ever; the exit code as a shell shows it.
#[track_caller]
pub fn wait(child: &mut Child) -> i32 {
    let until = Instant::now() + LONGEST;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
        }
        if Instant::now() > until {
            let _ = child.kill();
            panic!("still running after {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !holds() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How a run ended.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub report: Option<Value>,
}

impl Ran {
    /// Fails with the whole output unless the exit code is this one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The report left behind.
    #[track_caller]
    pub fn report(&self) -> &Value {
        self.report.as_ref().expect("a report is written")
    }

    /// The record of a phase.
    #[track_caller]
    pub fn phase(&self, name: &str) -> &Value {
        phase(self.report(), name)
    }

    /// The ids of a phase's findings with their severities.
    #[track_caller]
    pub fn findings(&self, name: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let findings = self.phase(name)["findings"].as_array().unwrap();
        findings.iter().map(|finding| (text(&finding["severity"]), text(&finding["id"]))).collect()
    }

    /// The finding of that id.
    #[track_caller]
    pub fn finding(&self, name: &str, id: &str) -> &Value {
        let findings = self.phase(name)["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["id"] == id)
            .unwrap_or_else(|| panic!("no {id} in {findings:#?}"))
    }
}

/// The record of a phase in a report.
#[track_caller]
pub fn phase<'a>(report: &'a Value, name: &str) -> &'a Value {
    let phases = report["phases"].as_array().unwrap();
    phases
        .iter()
        .find(|phase| phase["name"] == name)
        .unwrap_or_else(|| panic!("no phase {name} in {phases:#?}"))
}

/// Every report that a test produces fits the published schema.
#[track_caller]
pub fn assert_fits_schema(report: &Value) {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        let output = Command::new(env!("CARGO_BIN_EXE_deployfix"))
            .args(["schema", "report"])
            .output()
            .unwrap();
        jsonschema::validator_for(&serde_json::from_slice(&output.stdout).unwrap()).unwrap()
    });
    let errors: Vec<_> = validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// The fixture app, installed and built once by deployfix itself for all tests that need one.
pub fn prepared_app() -> &'static Path {
    static APP: OnceLock<PathBuf> = OnceLock::new();
    APP.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/next-app");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prepared");
        let _ = fs::remove_dir_all(&target);
        copy_sources(&source, &target.join("app"));
        let project = Project { folder: tempfile::tempdir().unwrap(), variables: BTreeMap::new() };
        for phase in ["install", "build"] {
            let mut child = project
                .command(&[phase])
                .current_dir(target.join("app"))
                .stdout(fs::File::create(target.join(format!("{phase}.log"))).unwrap())
                .spawn()
                .unwrap();
            let code = wait(&mut child);
            assert_eq!(
                code,
                0,
                "{}",
                fs::read_to_string(target.join(format!("{phase}.log"))).unwrap()
            );
        }
        target.join("app")
    })
}

/// Copies what is in the repository, not what a build left beside it.
fn copy_sources(source: &Path, target: &Path) {
    const LEFT_BEHIND: [&str; 6] =
        ["node_modules", ".next", "out", ".deployfix", ".env.production", "next-env.d.ts"];
    fs::create_dir_all(target).unwrap();
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if LEFT_BEHIND.iter().any(|left| name == *left) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_sources(&entry.path(), &target.join(&name));
        } else {
            fs::copy(entry.path(), target.join(&name)).unwrap();
        }
    }
}
