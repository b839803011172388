//! Projects of the real package managers that install from the tests' own registry.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::{
    managers::package,
    support::{Project, Ran},
};

/// Lenient is the default; a production branch or this makes it strict.
pub const STRICT: &str = "version: 1\nrecovery: { mode: strict }\n";

/// One package manager and how its projects are made.
#[derive(Clone, Copy)]
pub struct Manager {
    pub specification: Option<&'static str>,
    pub lockfile: &'static str,
    /// Writes the lockfile, as a developer does.
    pub write: &'static [&'static str],
}

pub const NPM: Manager =
    Manager { specification: None, lockfile: "package-lock.json", write: &["npm", "install"] };
pub const PNPM: Manager = Manager {
    specification: Some("pnpm@9.15.9"),
    lockfile: "pnpm-lock.yaml",
    write: &["pnpm", "install", "--no-frozen-lockfile"],
};
pub const YARN_CLASSIC: Manager = Manager {
    specification: Some("yarn@1.22.22"),
    lockfile: "yarn.lock",
    write: &["yarn", "install"],
};
pub const YARN_BERRY: Manager = Manager {
    specification: Some("@yarnpkg/cli-dist@4.6.0"),
    lockfile: "yarn.lock",
    write: &["yarn", "install", "--no-immutable"],
};
pub const BUN: Manager =
    Manager { specification: Some("bun@1.2.23"), lockfile: "bun.lock", write: &["bun", "install"] };
pub const ALL: [Manager; 5] = [NPM, PNPM, YARN_CLASSIC, YARN_BERRY, BUN];

impl Manager {
    /// A project that this manager installs from a registry, with empty caches of its own.
    pub fn project(self, registry: &str, dependencies: &Value) -> Project {
        let mut manifest = json!({ "name": "app", "version": "1.0.0", "private": true,
            "license": "MIT", "dependencies": dependencies });
        let is_berry = self.specification.is_some_and(|name| name.starts_with("@yarnpkg"));
        if let Some(field) = match self.specification {
            Some("pnpm@9.15.9") => Some("pnpm@9.15.9"),
            Some("yarn@1.22.22") => Some("yarn@1.22.22"),
            Some("bun@1.2.23") => Some("bun@1.2.23"),
            Some(_) => Some("yarn@4.6.0"),
            None => None,
        } {
            manifest["packageManager"] = json!(field);
        }
        let mut project = Project::empty()
            .file("package.json", format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap()))
            .file(
                ".npmrc",
                format!("registry={registry}\nfetch-retries=0\nfetch-retry-mintimeout=10\n"),
            );
        if is_berry {
            project = project.file(
                ".yarnrc.yml",
                format!("npmRegistryServer: \"{registry}\"\nunsafeHttpWhitelist: [\"127.0.0.1\"]\nnodeLinker: node-modules\nenableGlobalCache: false\nenableTelemetry: false\nhttpRetry: 0\n"),
            );
        }
        let caches = project.root().join("../caches");
        for (name, folder) in [
            ("npm_config_cache", "npm"),
            ("npm_config_store_dir", "pnpm"),
            ("YARN_CACHE_FOLDER", "yarn"),
            ("YARN_GLOBAL_FOLDER", "yarn-global"),
            ("BUN_INSTALL_CACHE_DIR", "bun"),
        ] {
            if !(is_berry && folder == "yarn") {
                let folder = caches.join(folder).to_string_lossy().into_owned();
                project = project.variable(name, folder);
            }
        }
        if let Some(specification) = self.specification {
            let path = std::env::var("PATH").unwrap();
            let programs = package(specification);
            project = project.variable("PATH", format!("{}:{path}", programs.display()));
        }
        // The machine's own settings must not decide.
        project.variable("NPM_CONFIG_REGISTRY", registry).variable("CI", "true")
    }

    /// Installs as a developer does, and removes what was installed but the lockfile.
    pub fn lock(self, project: &Project) {
        if self.lockfile == "yarn.lock" && self.write.len() == 3 {
            fs::write(project.root().join("yarn.lock"), "").unwrap();
        }
        let output = project
            .command(&[])
            .get_envs()
            .fold(std::process::Command::new("env"), |mut command, (name, value)| {
                if let Some(value) = value {
                    command.env(name, value);
                }
                command
            })
            .args(self.write)
            .current_dir(project.root())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        remove_installed(project);
    }
}

pub fn remove_installed(project: &Project) {
    let _ = fs::remove_dir_all(project.root().join("node_modules"));
    let _ = fs::remove_dir_all(project.root().join("../caches"));
    let _ = fs::remove_dir_all(project.root().join(".yarn"));
}

/// The files of the checkout that no installation may change.
pub fn checkout(project: &Project) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(project.root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
        })
        .collect()
}

/// Every attempt as `action recovery id`.
pub fn attempts(ran: &Ran) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    ran.phase("install")["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| {
            let decision = &attempt["decision"];
            [&decision["action"], &decision["recovery"], &attempt["finding"]["id"]]
                .map(text)
                .join(" ")
        })
        .collect()
}

pub fn installed(project: &Project, package: &str) -> String {
    let path = format!("node_modules/{package}/package.json");
    let manifest: Value = serde_json::from_str(&project.read(&path)).unwrap();
    manifest["version"].as_str().unwrap().to_owned()
}
