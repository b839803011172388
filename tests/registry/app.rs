//! An app of four tiny packages, its lockfile of every manager, and what a clean installation of it is.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::json;

use crate::{
    managers,
    proxy::Proxy,
    registry::{Package, Registry},
    support::Project,
};

/// A package manager of an exact version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manager {
    Npm,
    Npm10,
    Pnpm,
    Yarn,
    Berry,
}

/// Written where the address of the registry belongs.
const REGISTRY: &str = "http://registry.example.com/";

impl Manager {
    /// What puts it in front of `PATH`; the npm of the machine needs nothing.
    fn package(self) -> Option<&'static str> {
        match self {
            Self::Npm => None,
            Self::Npm10 => Some("npm@10.9.4"),
            Self::Pnpm => Some("pnpm@9.15.9"),
            Self::Yarn => Some("yarn@1.22.22"),
            Self::Berry => Some("@yarnpkg/cli-dist@4.6.0"),
        }
    }

    /// The name of its program.
    pub fn program(self) -> &'static str {
        self.lock_command()[0]
    }

    fn lockfile(self) -> &'static str {
        match self {
            Self::Npm | Self::Npm10 => "package-lock.json",
            Self::Pnpm => "pnpm-lock.yaml",
            Self::Yarn | Self::Berry => "yarn.lock",
        }
    }

    fn lock_command(self) -> &'static [&'static str] {
        match self {
            Self::Npm | Self::Npm10 => &["npm", "install", "--package-lock-only"],
            Self::Pnpm => &["pnpm", "install", "--lockfile-only"],
            Self::Yarn => &["yarn", "install", "--ignore-scripts", "--non-interactive"],
            Self::Berry => &["yarn", "install", "--mode=update-lockfile"],
        }
    }

    /// Settings of the project: one short retry of the manager's own, and short patience.
    fn settings(self, registry: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::Npm | Self::Npm10 | Self::Pnpm => {
                vec![(
                    ".npmrc",
                    format!(
                        "registry={registry}\nfetch-retries=1\nfetch-retry-mintimeout=10\nfetch-retry-maxtimeout=20\nfetch-timeout=2000\n"
                    ),
                )]
            }
            Self::Yarn => vec![(
                ".yarnrc",
                format!(
                    "registry \"{registry}\"\nnetwork-timeout 2000\ndisable-self-update-check true\n"
                ),
            )],
            Self::Berry => vec![(
                ".yarnrc.yml",
                format!(
                    "nodeLinker: node-modules\nnpmRegistryServer: \"{}\"\nunsafeHttpWhitelist: [\"127.0.0.1\", \"registry.invalid\", \"192.0.2.1\"]\nenableTelemetry: false\nhttpRetry: 1\nhttpTimeout: 2000\n",
                    registry.trim_end_matches('/')
                ),
            )],
        }
    }
}

/// What the app depends on, directly or not.
pub fn packages() -> Vec<Package> {
    // Long and hardly compressible, so that a place within it is a place within the archive.
    let mut state = 1_u64;
    let noise = (0..4_000).fold(String::new(), |mut text, _| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let _ = write!(text, "{:08x}", state >> 32);
        text
    });
    vec![
        Package::new("tiny-leaf", "1.0.0").file("noise.txt", noise),
        Package::new("tiny-tree", "1.0.0").with("dependencies", json!({ "tiny-leaf": "^1.0.0" })),
        Package::new("tiny-program", "1.0.0")
            .with("bin", json!({ "tiny": "bin/tiny.js" }))
            .file("bin/tiny.js", "#!/usr/bin/env node\n"),
        Package::new("@tiny/scoped", "1.0.0"),
    ]
}

/// The one registry of the tests.
pub fn registry() -> &'static Registry {
    Registry::shared(&packages())
}

/// The app with its lockfile, with a home and caches of its own.
pub fn app(manager: Manager, registry: &str) -> Project {
    let project = bare(manager, registry);
    let lockfile = locked(manager).replace(REGISTRY, registry);
    project.file(manager.lockfile(), lockfile)
}

fn bare(manager: Manager, registry: &str) -> Project {
    let manifest = json!({
        "name": "app", "version": "1.0.0", "private": true,
        "dependencies": { "@tiny/scoped": "1.0.0", "tiny-program": "^1.0.0", "tiny-tree": "^1.0.0" },
    });
    let mut project = Project::empty().file("package.json", manifest.to_string());
    for (name, text) in manager.settings(registry) {
        project = project.file(name, text);
    }
    let root = project.root();
    let home = root.parent().unwrap().join("home");
    fs::create_dir_all(&home).unwrap();
    let place = |name: &str| home.join(name).to_string_lossy().into_owned();
    let path = std::env::var("PATH").unwrap();
    let path = manager
        .package()
        .map_or(path.clone(), |package| format!("{}:{path}", managers::package(package).display()));
    project
        .variable("HOME", home.to_string_lossy())
        .variable("PATH", path)
        .variable("npm_config_cache", place("npm"))
        .variable("npm_config_update_notifier", "false")
        .variable("npm_config_store_dir", place("store"))
        .variable("XDG_CACHE_HOME", place("cache"))
        .variable("YARN_CACHE_FOLDER", place("yarn"))
        .variable("YARN_GLOBAL_FOLDER", place("berry"))
        .variable("NO_UPDATE_NOTIFIER", "1")
}

/// The lockfile as the manager writes it, made once.
fn locked(manager: Manager) -> String {
    static LOCKED: [OnceLock<String>; 5] = [const { OnceLock::new() }; 5];
    LOCKED[manager as usize]
        .get_or_init(|| {
            let proxy = Proxy::start(registry().port(), &[]);
            let project = bare(manager, &proxy.url());
            let [program, arguments @ ..] = manager.lock_command() else { unreachable!() };
            let output = with_environment(&project, program)
                .args(arguments)
                .current_dir(project.root())
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert!(output.status.success(), "{manager:?}: {output:?}");
            project.read(manager.lockfile()).replace(&proxy.url(), REGISTRY)
        })
        .clone()
}

/// A program in the environment that `deployfix` runs in.
pub fn with_environment(project: &Project, program: &str) -> Command {
    let deployfix = project.command(&[]);
    let mut command = Command::new("/usr/bin/env");
    command.env_clear().arg(program);
    for (name, value) in deployfix.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
}

/// What a clean installation leaves, made once.
pub fn clean_tree(manager: Manager) -> BTreeMap<String, String> {
    static TREES: [OnceLock<BTreeMap<String, String>>; 5] = [const { OnceLock::new() }; 5];
    TREES[manager as usize]
        .get_or_init(|| {
            let proxy = Proxy::start(registry().port(), &[]);
            let project = app(manager, &proxy.url());
            let ran = project.run(&["install"]).exits(0);
            assert_eq!(ran.phase("install")["status"], "passed");
            let tree = tree(&project.root());
            assert!(tree.keys().any(|path| path.ends_with("tiny-leaf/noise.txt")), "{tree:#?}");
            tree
        })
        .clone()
}

/// What deployfix and the managers write for themselves, with times and addresses.
const RECORDS: [&str; 6] = [
    ".deployfix-install",
    ".package-lock.json",
    ".modules.yaml",
    ".pnpm-workspace-state.json",
    ".yarn-integrity",
    ".yarn-state.yml",
];

/// Every file below `node_modules`: its mode and the hash of its content, or where it points.
pub fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root.join("node_modules")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if RECORDS.iter().any(|name| *name == entry.file_name()) {
                continue;
            }
            let kind = entry.file_type().unwrap();
            let content = if kind.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else if kind.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else {
                let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
                // A wrapper of a program may hold the folder of the project.
                let bytes = fs::read(&path).unwrap();
                let text = String::from_utf8_lossy(&bytes).replace(&*root.to_string_lossy(), "");
                format!("{mode:o} {}", blake3::hash(text.as_bytes()))
            };
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, content);
        }
    }
    files
}
