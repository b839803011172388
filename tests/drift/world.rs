//! What the projects depend on: one registry with tiny packages, git repositories, and a home folder with settings.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, Weak},
};

use serde_json::json;

use crate::registry::{Package, Registry};

/// Shared by the tests that run at the same time; everything ends with the last of them.
pub struct World {
    registry: Registry,
    folder: tempfile::TempDir,
}

static SHARED: Mutex<Weak<World>> = Mutex::new(Weak::new());

impl World {
    pub fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let world = Arc::new(Self::start());
            *shared = Arc::downgrade(&world);
            world
        })
    }

    fn start() -> Self {
        let registry = Registry::start(&packages());
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir_all(&home).unwrap();
        let (url, port) = (registry.url(), registry.port());
        fs::write(
            home.join(".npmrc"),
            format!(
                "registry={url}\naudit=false\nfund=false\nupdate-notifier=false\nfetch-retries=0\n"
            ),
        )
        .unwrap();
        fs::write(
            home.join(".yarnrc.yml"),
            format!("npmRegistryServer: \"{url}\"\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nenableTelemetry: false\nenableGlobalCache: true\n"),
        )
        .unwrap();
        fs::write(
            home.join(".yarnrc"),
            format!("registry \"{url}\"\ndisable-self-update-check true\n"),
        )
        .unwrap();
        fs::write(
            home.join(".bunfig.toml"),
            format!("[install]\nregistry = \"http://127.0.0.1:{port}/\"\n"),
        )
        .unwrap();
        fs::write(home.join(".gitconfig"), "[user]\nname = t\nemail = t@example.com\n[protocol \"file\"]\nallow = always\n[safe]\ndirectory = *\n").unwrap();
        let world = Self { registry, folder };
        world.make_repository();
        world
    }

    /// The registry's address, with a slash at its end.
    pub fn registry(&self) -> String {
        self.registry.url()
    }

    /// A home folder whose settings name the registry for every manager.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// The git repository of the package `from-git`: tags `v1.0.0`, `v1.1.0`, `v2.0.0`, branches `main` (2.0.0) and `old` (1.0.0).
    pub fn git_url(&self) -> String {
        format!("git+file://{}", self.repository().display())
    }

    /// The commit of a tag or branch.
    pub fn git_commit(&self, reference: &str) -> String {
        git(&self.repository(), &["rev-parse", &format!("{reference}^{{commit}}")])
            .trim()
            .to_owned()
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("from-git.git")
    }

    fn make_repository(&self) {
        let work = self.folder.path().join("from-git-work");
        fs::create_dir_all(&work).unwrap();
        git(&work, &["init", "-q", "-b", "main"]);
        for version in ["1.0.0", "1.1.0", "2.0.0"] {
            let manifest = json!({ "name": "from-git", "version": version, "dependencies": { "leaf": "^1.0.0" } });
            fs::write(work.join("package.json"), manifest.to_string()).unwrap();
            git(&work, &["add", "."]);
            git(
                &work,
                &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", version],
            );
            git(&work, &["tag", &format!("v{version}")]);
        }
        git(&work, &["branch", "old", "v1.0.0"]);
        git(
            self.folder.path(),
            &["clone", "-q", "--bare", work.to_str().unwrap(), self.repository().to_str().unwrap()],
        );
    }
}

/// An archive of a package as `npm pack` makes it, for `file:` dependencies.
pub fn archive(name: &str, version: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("package");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("package.json"), json!({ "name": name, "version": version }).to_string())
        .unwrap();
    let output = Command::new("tar")
        .args(["--sort=name", "--mtime=@499162500", "--owner=0", "--group=0", "-czf", "-"])
        .args(["-C", folder.path().to_str().unwrap(), "package"])
        .output()
        .unwrap();
    assert!(output.status.success());
    output.stdout
}

#[track_caller]
fn git(folder: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Packages of the tests' own; the last version of each is `latest`.
fn packages() -> Vec<Package> {
    let mut all = Vec::new();
    let mut plain = |name: &str, versions: &[&str]| {
        all.extend(versions.iter().map(|version| Package::new(name, version)));
    };
    // Without dependencies.
    plain("leaf", &["2.0.0-beta.1", "2.0.0", "1.0.0", "1.1.0", "1.2.0"]);
    plain("other-leaf", &["1.0.0", "1.1.0"]);
    plain("pre", &["1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0", "1.1.0-rc.1", "1.1.0-rc.2"]);
    plain("@scope/plain", &["1.0.0", "1.1.0", "2.0.0"]);
    plain("extra", &["1.0.0", "2.0.0"]);
    plain("react", &["17.0.2", "19.0.0", "18.2.0", "18.3.1"]);
    plain("zod", &["3.25.0", "4.0.0"]);
    // yarn patches packages of this name, but not in these versions.
    plain("resolve", &["0.1.0", "0.2.0"]);
    let with = |name: &str, version: &str, field: &str, value| {
        Package::new(name, version).with(field, value)
    };
    // With dependencies: `middle` over `leaf`, `top` over both, `old-top` over the old major.
    for version in ["1.0.0", "1.1.0"] {
        all.push(with("middle", version, "dependencies", json!({ "leaf": "^1.0.0" })));
    }
    all.push(with(
        "top",
        "1.0.0",
        "dependencies",
        json!({ "middle": "^1.0.0", "leaf": "^1.1.0", "other-leaf": "^1.0.0" }),
    ));
    all.push(with("needs-leaf-2", "1.0.0", "dependencies", json!({ "leaf": "^2.0.0" })));
    all.push(with("needs-tag", "1.0.0", "dependencies", json!({ "leaf": "latest" })));
    all.push(with("by-alias", "1.0.0", "dependencies", json!({ "leaf-alias": "npm:leaf@^1.0.0" })));
    // Peers: needed, optional, and one that the newest react does not meet.
    for version in ["18.2.0", "18.3.1"] {
        all.push(with("react-dom", version, "peerDependencies", json!({ "react": "^18.2.0" })));
    }
    all.push(with(
        "needs-peer",
        "1.0.0",
        "peerDependencies",
        json!({ "react": "^17.0.0 || ^18.0.0" }),
    ));
    all.push(with("needs-old-peer", "1.0.0", "peerDependencies", json!({ "react": "^17.0.0" })));
    all.push(
        with(
            "wishes-peer",
            "1.0.0",
            "peerDependencies",
            json!({ "react": "^18.0.0", "zod": "^3.0.0" }),
        )
        .with("peerDependenciesMeta", json!({ "zod": { "optional": true } })),
    );
    all.push(with("carries-peer", "1.0.0", "dependencies", json!({ "needs-peer": "^1.0.0" })));
    // Platform packages, as next has them; one of them was never published.
    let platforms = [
        ("linux-x64", "linux", "x64"),
        ("linux-arm64", "linux", "arm64"),
        ("darwin-arm64", "darwin", "arm64"),
        ("win32-x64", "win32", "x64"),
    ];
    for (platform, os, cpu) in platforms {
        all.push(
            with(&format!("@native/{platform}"), "1.0.0", "os", json!([os]))
                .with("cpu", json!([cpu])),
        );
    }
    let optional: serde_json::Map<_, _> = platforms
        .iter()
        .map(|(platform, ..)| (format!("@native/{platform}"), json!("1.0.0")))
        .collect();
    all.push(with("native", "1.0.0", "optionalDependencies", json!(optional)));
    all.push(with(
        "half-native",
        "1.0.0",
        "optionalDependencies",
        json!({ "@native/linux-x64": "1.0.0", "@native/never-published": "1.0.0" }),
    ));
    // What it bundles is in its archive.
    all.push(
        with(
            "bundler",
            "1.0.0",
            "dependencies",
            json!({ "leaf": "^1.0.0", "other-leaf": "^1.0.0" }),
        )
        .with("bundleDependencies", json!(["leaf"]))
        .file("node_modules/leaf/package.json", r#"{"name":"leaf","version":"1.0.0"}"#),
    );
    all.push(with("engine", "1.0.0", "engines", json!({ "node": ">=18" })));
    all
}
