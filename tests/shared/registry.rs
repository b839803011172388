//! A real registry (verdaccio) on loopback with tiny packages of the tests' own.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::managers::{exclusively, kept, npm_install};

/// Pinned, with what its own dependencies pin by tags that not every registry carries.
const MANIFEST: &str = r#"{"private":true,"dependencies":{"verdaccio":"6.1.2"},"overrides":{"node-fetch":"2.7.0","node-fetch-cjs":"npm:node-fetch@2.7.0"}}"#;

/// A static is never dropped, and a killed test drops nothing: the closed pipe ends it then.
const END_WITH_PARENT: &str =
    "process.stdin.on('end', () => process.exit()).on('error', () => process.exit()).resume();";

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

/// verdaccio, ended when it goes out of scope.
pub struct Registry {
    child: Child,
    folder: tempfile::TempDir,
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
        fs::write(folder.path().join("config.yaml"), configuration).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        fs::write(folder.path().join("end.js"), END_WITH_PARENT).unwrap();
        let child = Command::new("node")
            .args(["--require", "./end.js"])
            .arg(program())
            .args(["--config", "config.yaml", "--listen", &format!("127.0.0.1:{port}")])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut registry = Self { child, folder, port };
        let until = Instant::now() + Duration::from_mins(1);
        while !registry.answers() {
            assert!(Instant::now() < until, "verdaccio does not answer: {}", registry.log());
            assert!(registry.child.try_wait().unwrap().is_none(), "{}", registry.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        registry
    }

    /// The port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its address, with the slash at the end that npm writes.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        let mut answer = [0; 12];
        stream.write_all(b"GET /-/ping HTTP/1.0\r\n\r\n").is_ok()
            && stream.read_exact(&mut answer).is_ok()
            && answer.ends_with(b"200")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// verdaccio's program, installed once.
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
    folder.join("node_modules/verdaccio/bin/verdaccio")
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
    let hash = |algorithm: &str| {
        let script = "const [,file,algorithm]=process.argv;process.stdout.write(require('crypto').createHash(algorithm).update(require('fs').readFileSync(file)).digest(algorithm==='sha1'?'hex':'base64'))";
        let output =
            Command::new("node").args(["-e", script]).arg(archive).arg(algorithm).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    (format!("sha512-{}", hash("sha512")), hash("sha1"))
}

fn text<'a>(manifest: &'a Value, field: &str) -> &'a str {
    manifest[field].as_str().unwrap()
}
