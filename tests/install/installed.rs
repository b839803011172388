//! A workspace with a lockfile of each manager, and what an installation made of it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    managers,
    registry::{Package, Registry},
    support::Project,
};

/// A manager with the way in which it lays packages down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Npm,
    Pnpm,
    YarnClassic,
    BerryModules,
    BerryPlugAndPlay,
    Bun,
}

pub const ALL: [Kind; 6] = [
    Kind::Npm,
    Kind::Pnpm,
    Kind::YarnClassic,
    Kind::BerryModules,
    Kind::BerryPlugAndPlay,
    Kind::Bun,
];

/// A project with a lockfile, and the registry that it was made from.
pub struct Fixture {
    pub kind: Kind,
    pub project: Project,
    pub registry: Registry,
}

/// The registry's packages: one with a program, one that others need, one that writes when it is installed.
fn packages() -> Vec<Package> {
    vec![
        Package::new("tiny-leaf", "1.0.0").file("data/notes.txt", "twelve bytes"),
        Package::new("tiny-root", "2.0.0").with("dependencies", json!({ "tiny-leaf": "^1.0.0" })),
        Package::new("tiny-tool", "1.0.0")
            .with("bin", json!({ "tiny-tool": "tool.js" }))
            .file("tool.js", "#!/usr/bin/env node\nconsole.log('tool');\n"),
        Package::new("tiny-built", "1.0.0")
            .with("scripts", json!({ "postinstall": "echo built > built.txt" })),
    ]
}

impl Fixture {
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, json!({}), json!({}), &[])
    }

    /// With scripts of the root and of the member, and further packages that the root needs.
    pub fn with(kind: Kind, root: Value, member: Value, more: &[Package]) -> Self {
        let mut served = packages();
        served.extend(more.iter().cloned());
        let registry = Registry::start(&served);
        let within = match kind {
            Kind::Npm | Kind::YarnClassic => "*",
            _ => "workspace:*",
        };
        let mut dependencies = json!({ "tiny-root": "^2.0.0", "tiny-tool": "1.0.0", "tiny-built": "1.0.0", "lib": within });
        for package in more {
            dependencies[package.manifest["name"].as_str().unwrap()] =
                package.manifest["version"].clone();
        }
        let manifest = json!({
            "name": "app", "version": "1.0.0", "private": true, "workspaces": ["packages/*"],
            "scripts": root, "dependencies": dependencies, "trustedDependencies": ["tiny-built"],
        });
        let lib = json!({
            "name": "lib", "version": "1.0.0", "scripts": member,
            "dependencies": { "tiny-leaf": "^1.0.0" },
        });
        let url = registry.url();
        let project = Project::empty()
            .file("package.json", serde_json::to_string_pretty(&manifest).unwrap())
            .file("packages/lib/package.json", lib.to_string())
            .file(".npmrc", format!("registry={url}\n"))
            .variable("NPM_CONFIG_REGISTRY", url.clone());
        // Stores and caches of their own.
        let home = project.root().parent().unwrap().join("home");
        fs::create_dir_all(&home).unwrap();
        let programs = match kind {
            Kind::Npm => None,
            Kind::Pnpm => Some("pnpm@9.15.9"),
            Kind::YarnClassic => Some("yarn@1.22.22"),
            Kind::BerryModules | Kind::BerryPlugAndPlay => Some("@yarnpkg/cli-dist@4.6.0"),
            Kind::Bun => Some("bun@1.2.23"),
        };
        let path = std::env::var("PATH").unwrap();
        let path = match programs.map(managers::package) {
            Some(programs) => format!("{}:{path}", programs.display()),
            None => path,
        };
        let bin = project.root().parent().unwrap().join("bin");
        let project = project
            .variable("HOME", home.display().to_string())
            .variable("PATH", format!("{}:{path}", bin.display()));
        let project = match kind {
            Kind::Pnpm => project.file("pnpm-workspace.yaml", "packages: ['packages/*']\n"),
            Kind::BerryModules | Kind::BerryPlugAndPlay => {
                let linker = if kind == Kind::BerryModules { "node-modules" } else { "pnp" };
                project.file("yarn.lock", "").file(
                    ".yarnrc.yml",
                    format!(
                        "nodeLinker: {linker}\nenableTelemetry: false\nenableGlobalCache: false\nnpmRegistryServer: '{url}'\nunsafeHttpWhitelist: ['127.0.0.1']\n"
                    ),
                )
            }
            _ => project,
        };
        let fixture = Self { kind, project, registry };
        let line: &[&str] = match kind {
            Kind::Npm => &["npm", "install", "--ignore-scripts"],
            Kind::Pnpm => &["pnpm", "install", "--ignore-scripts"],
            Kind::YarnClassic => &["yarn", "install", "--ignore-scripts"],
            Kind::BerryModules | Kind::BerryPlugAndPlay => {
                &["yarn", "install", "--no-immutable", "--mode=skip-build"]
            }
            Kind::Bun => &["bun", "install", "--ignore-scripts"],
        };
        fixture.manager(line);
        fixture.remove_installation();
        fixture
    }

    /// Runs a command of the manager itself.
    pub fn manager(&self, line: &[&str]) {
        let deployfix = self.project.command(&[]);
        let variables = deployfix.get_envs().filter_map(|(name, value)| Some((name, value?)));
        let path = deployfix.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap();
        let found = which::which_in(line[0], Some(path), self.project.root()).unwrap();
        let output = Command::new(found)
            .args(&line[1..])
            .current_dir(self.project.root())
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&text));
    }

    /// Where packages lie: folders and files, from the root.
    pub fn places(&self) -> Vec<PathBuf> {
        ["node_modules", "packages/lib/node_modules", ".pnp.cjs", ".pnp.loader.mjs", ".yarn"]
            .iter()
            .map(|place| self.project.root().join(place))
            .filter(|place| place.symlink_metadata().is_ok())
            .collect()
    }

    pub fn remove_installation(&self) {
        for place in self.places() {
            remove(&place);
        }
    }

    /// A file of a package, an executable one, a link, and a file that an install script wrote.
    pub fn file(&self) -> PathBuf {
        self.project.root().join(match self.kind {
            Kind::Pnpm => "node_modules/.pnpm/tiny-leaf@1.0.0/node_modules/tiny-leaf/index.js",
            Kind::BerryPlugAndPlay => return self.unplugged("index.js"),
            _ => "node_modules/tiny-leaf/index.js",
        })
    }

    pub fn executable(&self) -> PathBuf {
        self.project.root().join(match self.kind {
            Kind::Pnpm => "node_modules/.pnpm/tiny-tool@1.0.0/node_modules/tiny-tool/tool.js",
            Kind::BerryPlugAndPlay => ".pnp.cjs",
            _ => "node_modules/tiny-tool/tool.js",
        })
    }

    pub fn link(&self) -> Option<PathBuf> {
        (self.kind != Kind::BerryPlugAndPlay).then(|| self.project.root().join("node_modules/lib"))
    }

    pub fn built(&self) -> PathBuf {
        self.project.root().join(match self.kind {
            Kind::Pnpm => "node_modules/.pnpm/tiny-built@1.0.0/node_modules/tiny-built/built.txt",
            Kind::BerryPlugAndPlay => return self.unplugged("built.txt"),
            _ => "node_modules/tiny-built/built.txt",
        })
    }

    fn unplugged(&self, name: &str) -> PathBuf {
        let folder = fs::read_dir(self.project.root().join(".yarn/unplugged"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("tiny-built"))
            .unwrap();
        folder.join("node_modules/tiny-built").join(name)
    }

    /// Everything that is installed: kinds, contents, programs, targets. Records of managers that hold a time are left out.
    pub fn tree(&self) -> BTreeMap<String, String> {
        const RECORDS: [&str; 8] = [
            ".deployfix-install",
            ".modules.yaml",
            ".pnpm-workspace-state.json",
            ".pnpm-workspace-state-v1.json",
            ".yarn-integrity",
            ".yarn-state.yml",
            "install-state.gz",
            ".package-lock.json",
        ];
        let mut tree = BTreeMap::new();
        for place in self.places() {
            for entry in walkdir::WalkDir::new(&place) {
                let entry = entry.unwrap();
                if RECORDS.iter().any(|record| entry.file_name() == *record) {
                    continue;
                }
                let path = entry.path();
                let metadata = path.symlink_metadata().unwrap();
                let told = if metadata.is_symlink() {
                    format!("-> {}", fs::read_link(path).unwrap().display())
                } else if metadata.is_file() {
                    let mode = metadata.permissions().mode() & 0o100;
                    format!("{mode:o} {}", String::from_utf8_lossy(&fs::read(path).unwrap()))
                } else {
                    continue;
                };
                let name = path.strip_prefix(self.project.root()).unwrap();
                tree.insert(name.to_string_lossy().into_owned(), told);
            }
        }
        tree
    }

    /// What `install --dry-run` says.
    #[track_caller]
    pub fn foretold(&self, arguments: &[&str]) -> String {
        self.project.run(&[&["install", "--dry-run"], arguments].concat()).exits(0).stdout
    }
}

pub fn remove(path: &Path) {
    let is_folder = path.symlink_metadata().unwrap().is_dir();
    let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.unwrap();
}

/// Puts a file in the place of another one, so that no hard link carries the change into a store.
pub fn replace(path: &Path, bytes: &[u8]) {
    let metadata = fs::metadata(path).unwrap();
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    fs::set_permissions(path, metadata.permissions()).unwrap();
    fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(metadata.modified().unwrap())
        .unwrap();
}
