mod workspace;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    files::Files,
    harness::{Case, Manager, case, compare, undecided},
    managers,
    world::World,
};

const LOCKFILE: &str = "pnpm-lock.yaml";
const WORKSPACE: &str = "pnpm-workspace.yaml";

/// The real frozen install: with `--lockfile-only` pnpm 6 and 7 resolve instead of refusing.
fn pnpm(version: &str) -> Manager {
    let manager = Manager::new(
        &format!("pnpm@{version}"),
        &["pnpm", "install", "--frozen-lockfile", "--ignore-scripts"],
        |output| {
            [
                "ERR_PNPM_OUTDATED_LOCKFILE",
                "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH",
                "because the lockfile needs updates",
            ]
            .iter()
            .any(|words| output.contains(words))
        },
    );
    if major(&manager) != 11 {
        return manager;
    }
    // It is written for a newer Node than the tests may find; 12 brings a program of its own.
    let mut manager = manager;
    manager.programs.push(managers::package("node@22.21.1"));
    manager
}

fn major(manager: &Manager) -> u64 {
    manager.name.trim_start_matches("pnpm@").split('.').next().unwrap().parse().unwrap()
}

/// A project and what is done to it; for pnpm of some majors only.
struct Mutations<'a> {
    manager: &'a Manager,
    base: Files,
    cases: Vec<Case>,
}

impl<'a> Mutations<'a> {
    /// Over the lockfile that the manager itself makes.
    fn of(world: &World, manager: &'a Manager, files: &Files) -> Self {
        let base = manager.run(world, files, &["pnpm", "install", "--lockfile-only"]);
        let cases = vec![case("nothing", &base, |_| {})];
        Self { manager, base, cases }
    }

    fn add(&mut self, name: &str, edit: impl FnOnce(&mut Files)) {
        self.cases.push(case(name, &self.base, edit));
    }

    fn set(&mut self, name: &str, file: &str, keys: &[&str], to: Value) {
        self.add(name, |files| {
            files.set(file, keys, to);
        });
    }

    fn undecided(&mut self, name: &str, reason: &'static str, edit: impl FnOnce(&mut Files)) {
        self.cases.push(undecided(name, reason, &self.base, edit));
    }

    fn compare(self, world: &Arc<World>) {
        compare(world, self.manager, &self.cases);
    }
}

/// One project without a workspace.
fn plain(version: &str) {
    let world = World::shared();
    let manager = pnpm(version);
    let manifest = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": { "leaf": "^1.0.0", "react-dom": "^18.2.0", "react": "^18.2.0", "aliased": "npm:zod@^3.25.0", "near": "link:./near" },
        "devDependencies": { "extra": "^1.0.0", "pre": "^1.0.0" },
        "optionalDependencies": { "other-leaf": "~1.0.0" },
    });
    let files = Files::new(&[
        ("package.json", &manifest.to_string()),
        ("near/package.json", r#"{"name":"near","version":"1.0.0"}"#),
    ]);
    let mut all = Mutations::of(&world, &manager, &files);
    let m = "package.json";
    all.set("another range", m, &["dependencies", "leaf"], json!("^1.1.0"));
    all.set("the same range written otherwise", m, &["dependencies", "leaf"], json!("1.x"));
    all.set("the exact version that is locked", m, &["dependencies", "leaf"], json!("1.2.0"));
    all.set("a range outside", m, &["dependencies", "leaf"], json!("^2.0.0"));
    all.set("a package more", m, &["dependencies", "zod"], json!("^3.0.0"));
    all.set("a package less", m, &["dependencies", "leaf"], Value::Null);
    all.set("another alias", m, &["dependencies", "aliased"], json!("npm:zod@^4.0.0"));
    all.set("another link", m, &["dependencies", "near"], json!("link:./far"));
    all.set("no link", m, &["dependencies", "near"], Value::Null);
    all.set("an optional package less", m, &["optionalDependencies", "other-leaf"], Value::Null);
    all.set("an optional package more", m, &["optionalDependencies", "zod"], json!("^3.25.0"));
    all.set("a peer of its own", m, &["peerDependencies"], json!({ "zod": "^3.0.0" }));
    all.set("a peer that it wants too", m, &["peerDependencies"], json!({ "react": ">=17" }));
    all.set("a field that is of no interest", m, &["scripts"], json!({ "build": "next build" }));
    all.set("meta", m, &["dependenciesMeta"], json!({ "leaf": { "injected": true } }));
    all.set("a folder to publish", m, &["publishConfig"], json!({ "directory": "dist" }));
    all.set("an empty table", m, &["peerDependencies"], json!({}));
    all.add("moved to development", |files| {
        files.set(m, &["dependencies", "leaf"], Value::Null);
        files.set(m, &["devDependencies", "leaf"], json!("^1.0.0"));
    });
    all.add("twice, in dependencies and development", |files| {
        files.set(m, &["devDependencies", "leaf"], json!("^1.0.0"));
    });
    all.add("another order", |files| {
        files.set(m, &["dependencies", "leaf"], Value::Null);
        files.set(m, &["dependencies", "leaf"], json!("^1.0.0"));
    });
    all.set("an override", m, &["pnpm"], json!({ "overrides": { "leaf": "1.1.0" } }));
    all.set(
        "an override of what is not there",
        m,
        &["pnpm"],
        json!({ "overrides": { "never": "1.1.0" } }),
    );
    all.set("resolutions of yarn", m, &["resolutions"], json!({ "leaf": "1.1.0" }));
    all.set("no overrides", m, &["pnpm"], json!({ "overrides": {} }));
    all.set(
        "an extension",
        m,
        &["pnpm"],
        json!({ "packageExtensions": { "leaf": { "dependencies": { "zod": "*" } } } }),
    );
    all.set("built ones only", m, &["pnpm"], json!({ "onlyBuiltDependencies": ["leaf"] }));
    all.set("never built", m, &["pnpm"], json!({ "neverBuiltDependencies": ["leaf"] }));
    all.set(
        "an ignored optional package",
        m,
        &["pnpm"],
        json!({ "ignoredOptionalDependencies": ["leaf"] }),
    );
    all.add("a patch", |files| {
        files.set(
            m,
            &["pnpm"],
            json!({ "patchedDependencies": { "leaf@1.2.0": "patches/leaf.patch" } }),
        );
        files.write("patches/leaf.patch", PATCH);
    });
    all.add("peers are not installed", |files| {
        files.write(".npmrc", "auto-install-peers=false\n");
    });
    all.add("peers are installed", |files| {
        files.write(".npmrc", "auto-install-peers=true\n");
    });
    all.add("links are left out", |files| {
        files.write(".npmrc", "exclude-links-from-lockfile = true\n");
    });
    all.add("windows line ends", |files| {
        let text = files.text(LOCKFILE).replace('\n', "\r\n");
        files.write(LOCKFILE, text);
    });
    all.add("no importer", |files| {
        let text = files.text(LOCKFILE);
        let cut = ["importers:", "specifiers:", "dependencies:"]
            .iter()
            .find_map(|key| text.find(&format!("\n{key}\n")))
            .unwrap();
        let end = text.find("\npackages:").unwrap();
        files.write(LOCKFILE, format!("{}{}", &text[..cut], &text[end..]));
    });
    let hooks = "module.exports = { hooks: { readPackage (pkg) { return pkg } } }\n";
    if major(&manager) < 9 {
        // Later versions refuse by its checksum alone.
        all.undecided("hooks that read packages", "a hook may change the manifest", |files| {
            files.write(".pnpmfile.cjs", hooks);
            files.set(m, &["dependencies", "leaf"], json!("^1.1.0"));
        });
    } else {
        all.add("hooks", |files| {
            files.write(".pnpmfile.cjs", hooks);
        });
    }
    all.add("a file of hooks without any", |files| {
        files.write(".pnpmfile.cjs", "// nothing yet\n");
    });
    all.compare(&world);
}

const PATCH: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = \"leaf@1.2.0\";\n+module.exports = \"patched\";\n";

#[test]
fn plain_5() {
    plain("7.33.7");
}

#[test]
#[ignore = "a minute more for what its neighbours test as well; when the rules change: cargo test --test drift -- --ignored plain_6"]
fn plain_6() {
    plain("8.15.9");
}

#[test]
#[ignore = "a minute more for what its neighbours test as well; when the rules change: cargo test --test drift -- --ignored plain_9"]
fn plain_9() {
    plain("9.15.9");
}

#[test]
fn plain_9_of_10() {
    plain("10.34.9");
}

/// 11 and later read no settings from package.json and .npmrc, and pass over optional packages that are not locked.
fn modern(version: &str) {
    let world = World::shared();
    let manager = pnpm(version);
    let manifest = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": { "leaf": "^1.0.0", "react-dom": "^18.2.0", "react": "^18.2.0" },
        "devDependencies": { "extra": "^1.0.0" },
        "optionalDependencies": { "other-leaf": "~1.0.0" },
    });
    let files = Files::new(&[("package.json", &manifest.to_string())]);
    let mut all = Mutations::of(&world, &manager, &files);
    let m = "package.json";
    all.set("another range", m, &["dependencies", "leaf"], json!("^1.1.0"));
    all.set("any version", m, &["dependencies", "leaf"], json!("*"));
    all.set("a package more", m, &["dependencies", "zod"], json!("^3.0.0"));
    all.set("a package less", m, &["dependencies", "leaf"], Value::Null);
    all.set("an optional package less", m, &["optionalDependencies"], Value::Null);
    all.undecided("an optional package more", "it is passed over", |files| {
        files.set(m, &["optionalDependencies", "zod"], json!("^3.0.0"));
    });
    all.set("a peer of its own", m, &["peerDependencies"], json!({ "zod": "^3.0.0" }));
    all.set("meta", m, &["dependenciesMeta"], json!({ "leaf": { "injected": true } }));
    all.set("a folder to publish", m, &["publishConfig"], json!({ "directory": "dist" }));
    all.set(
        "an override that nobody reads",
        m,
        &["pnpm"],
        json!({ "overrides": { "leaf": "1.1.0" } }),
    );
    all.add("a setting that nobody reads", |files| {
        files.write(".npmrc", "auto-install-peers=false\n");
    });
    for (name, text) in [
        ("an override", "overrides:\n  leaf: 1.1.0\n"),
        ("peers are not installed", "autoInstallPeers: false\n"),
        ("an extension", "packageExtensions:\n  leaf:\n    dependencies:\n      zod: '*'\n"),
        ("an ignored optional package", "ignoredOptionalDependencies: [leaf]\n"),
        ("a catalog that nothing uses", "catalog:\n  zod: ^4.0.0\n"),
    ] {
        all.add(name, |files| {
            files.write(WORKSPACE, text);
        });
    }
    all.add("moved to development", |files| {
        files.set(m, &["dependencies", "leaf"], Value::Null);
        files.set(m, &["devDependencies", "leaf"], json!("^1.0.0"));
    });
    all.compare(&world);
}

#[test]
fn modern_11() {
    modern("11.28.11");
}

#[test]
fn modern_12() {
    modern("12.21.0");
}
