//! A real registry (verdaccio) on loopback with tiny packages of the tests' own.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::managers::{exclusively, kept, npm_install};

/// Pinned, with what its own dependencies pin by tags that not every registry carries.
const MANIFEST: &str = r#"{"private":true,"dependencies":{"verdaccio":"6.1.2"},"overrides":{"node-fetch":"2.7.0","node-fetch-cjs":"npm:node-fetch@2.7.0"}}"#;

/// Serves as many registries as are asked for: loading verdaccio takes a second, another server of it a moment.
///
/// It reads `start <configuration>` or `stop <port>` a line, and answers on stderr, because the log is on stdout. A static is
/// never dropped, and a killed test drops nothing: the closed pipe ends it then.
const HOST: &str = "const { runServer } = require(process.argv[1]);
const servers = new Map();
const answer = text => process.stderr.write(`registry: ${text}\\n`);
async function start(configuration) {
  const server = await runServer(configuration);
  await new Promise((resolve, reject) => server.listen(0, '127.0.0.1', resolve).on('error', reject));
  const { port } = server.address();
  servers.set(String(port), server);
  answer(port);
}
function stop(port) {
  servers.get(port).close(() => answer(port));
  servers.get(port).closeAllConnections();
  servers.delete(port);
}
process.stdin.on('error', () => process.exit());
require('readline').createInterface({ input: process.stdin })
  .on('line', line => {
    const [word, ...rest] = line.split(' ');
    if (word === 'stop') stop(rest[0]);
    else start(rest.join(' ')).catch(error => answer(JSON.stringify(error.stack)));
  })
  .on('close', () => process.exit());
";

/// One package of the tests' own: its manifest and its files.
#[derive(Clone)]
pub struct Package {
    /// With `name` and `version`.
    pub manifest: Value,
    /// Path and text.
    pub files: Vec<(String, String)>,
    /// A published archive that stands for manifest and files.
    pub archive: Option<PathBuf>,
}

impl Package {
    /// A package whose `index.js` exports its name and version.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            manifest: json!({ "name": name, "version": version }),
            files: vec![("index.js".into(), format!("module.exports = \"{name}@{version}\";\n"))],
            archive: None,
        }
    }

    /// A real package of the machine's registry, byte for byte.
    pub fn published(name: &str, version: &str) -> Self {
        let archive = super::managers::archive(&format!("{name}@{version}"));
        let mut package = Self::new(name, version);
        let output = Command::new("tar")
            .args(["-xzOf", archive.to_str().unwrap(), "package/package.json"])
            .output()
            .unwrap();
        package.manifest = serde_json::from_slice(&output.stdout).unwrap();
        package.archive = Some(archive);
        package
    }

    /// With a field of the manifest: `dependencies`, `os`, `scripts`.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.manifest[field] = value;
        self
    }

    /// With another file.
    pub fn file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.files.push((path.into(), text.into()));
        self
    }
}

/// A server of verdaccio, ended when it goes out of scope.
pub struct Registry {
    _folder: tempfile::TempDir,
    port: u16,
}

impl Registry {
    /// One for all tests of a binary, with the packages of the first call; it ends with the binary.
    pub fn shared(packages: &[Package]) -> &'static Self {
        static SHARED: OnceLock<Registry> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(packages))
    }

    /// Starts verdaccio with packages in its storage; it asks no other registry.
    pub fn start(packages: &[Package]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let storage = folder.path().join("storage");
        for package in packages {
            store(&storage, package);
        }
        // Everyone may read; the htpasswd plugin is there for tests of tokens.
        let configuration = format!(
            "storage: {}\nauth:\n  htpasswd:\n    file: ./htpasswd\nuplinks: {{}}\npackages:\n  '@private/*':\n    access: $authenticated\n  '**':\n    access: $all\n    publish: $authenticated\nlog: {{ type: stdout, format: json, level: warn }}\n",
            storage.display()
        );
        let path = folder.path().join("config.yaml");
        fs::write(&path, configuration).unwrap();
        let port = Host::ask(&format!("start {}", path.display()));
        Self { _folder: folder, port }
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, with the slash at the end that npm writes.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        Host::ask(&format!("stop {}", self.port));
    }
}

/// The process of all registries of a test binary.
struct Host {
    _process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStderr>,
}

impl Host {
    /// The port that it answers.
    fn ask(question: &str) -> u16 {
        static HOST_PROCESS: OnceLock<Mutex<Host>> = OnceLock::new();
        let host = HOST_PROCESS.get_or_init(|| Mutex::new(Self::start()));
        let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(host.questions, "{question}").unwrap();
        loop {
            let mut line = String::new();
            let length = host.answers.read_line(&mut line).unwrap();
            assert!(length > 0, "verdaccio ended at `{question}`");
            // Warnings of Node are no answers.
            if let Some(answer) = line.strip_prefix("registry: ") {
                return answer.trim().parse().unwrap_or_else(|_| panic!("{question}: {answer}"));
            }
        }
    }

    fn start() -> Self {
        let mut child = Command::new("node")
            .args(["-e", HOST])
            .arg(program())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stderr.take().unwrap());
        Self { _process: child, questions, answers }
    }
}

/// verdaccio, installed once.
fn program() -> PathBuf {
    let folder = kept().join("verdaccio");
    exclusively(&folder.with_extension("lock"), || {
        if folder.join("complete").is_file() {
            return;
        }
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), MANIFEST).unwrap();
        npm_install(&folder, &[]);
        fs::write(folder.join("complete"), "").unwrap();
    });
    folder.join("node_modules/verdaccio")
}

/// Puts a version into the storage as publishing it would.
fn store(storage: &Path, package: &Package) {
    let (name, version) = (text(&package.manifest, "name"), text(&package.manifest, "version"));
    let folder = storage.join(name);
    fs::create_dir_all(&folder).unwrap();
    let base = name.rsplit('/').next().unwrap();
    let file_name = format!("{base}-{version}.tgz");
    let (integrity, shasum) = pack(package, &folder.join(&file_name));
    let path = folder.join("package.json");
    let mut document: Value = fs::read_to_string(&path).map_or_else(
        |_| {
            json!({ "name": name, "_id": name, "_rev": "1-0", "versions": {}, "time": {}, "dist-tags": {},
                "users": {}, "_uplinks": {}, "_distfiles": {}, "_attachments": {}, "readme": "" })
        },
        |text| serde_json::from_str(&text).unwrap(),
    );
    let mut manifest = package.manifest.clone();
    if manifest["scripts"].as_object().is_some_and(|scripts| {
        ["preinstall", "install", "postinstall"].iter().any(|name| scripts.contains_key(*name))
    }) {
        manifest["hasInstallScript"] = json!(true);
    }
    manifest["_id"] = json!(format!("{name}@{version}"));
    let signatures = manifest["dist"]["signatures"].take();
    manifest["dist"] = json!({
        "integrity": integrity, "shasum": shasum,
        "tarball": format!("http://127.0.0.1/{name}/-/{file_name}"),
    });
    if !signatures.is_null() {
        manifest["dist"]["signatures"] = signatures;
    }
    document["versions"][version] = manifest;
    document["time"][version] = json!("2026-01-01T00:00:00.000Z");
    document["dist-tags"]["latest"] = json!(version);
    document["_attachments"][&file_name] = json!({ "shasum": shasum });
    fs::write(path, document.to_string()).unwrap();
}

/// Writes the archive; gives its sha512 as npm writes it, and its sha1.
fn pack(package: &Package, archive: &Path) -> (String, String) {
    if let Some(published) = &package.archive {
        fs::copy(published, archive).unwrap();
        return hashes(archive);
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("package");
    for (path, text) in &package.files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("package.json"), serde_json::to_string_pretty(&package.manifest).unwrap())
        .unwrap();
    let status = Command::new("tar")
        .args(["--sort=name", "--mtime=@499162500", "--owner=0", "--group=0", "-czf"])
        .arg(archive)
        .args(["-C", folder.path().to_str().unwrap(), "package"])
        .status()
        .unwrap();
    assert!(status.success());
    hashes(archive)
}

/// sha512 as npm writes it, and sha1.
fn hashes(archive: &Path) -> (String, String) {
    let sha512 = BASE64_STANDARD.encode(Sha512::digest(fs::read(archive).unwrap()));
    let output = Command::new("sha1sum").arg(archive).output().unwrap();
    let sha1 = String::from_utf8(output.stdout).unwrap();
    (
        format!("sha512-{sha512}"),
        sha1.split(' ').next().unwrap().trim_start_matches('\\').to_owned(),
    )
}

fn text<'a>(manifest: &'a Value, field: &str) -> &'a str {
    manifest[field].as_str().unwrap()
}
