use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    files::Files,
    harness::{Case, Manager, compare},
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
        let cases = vec![Case { name: "nothing".into(), files: base.clone(), undecided: None }];
        Self { manager, base, cases }
    }

    fn add(&mut self, name: &str, edit: impl FnOnce(&mut Files)) {
        let mut files = self.base.clone();
        edit(&mut files);
        self.cases.push(Case { name: name.into(), files, undecided: None });
    }

    fn set(&mut self, name: &str, file: &str, keys: &[&str], to: Value) {
        self.add(name, |files| {
            files.set(file, keys, to);
        });
    }

    fn undecided(&mut self, name: &str, reason: &'static str, edit: impl FnOnce(&mut Files)) {
        self.add(name, edit);
        self.cases.last_mut().unwrap().undecided = Some(reason);
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

/// A workspace whose lockfile was made with every setting that the version knows.
fn workspace(version: &str) {
    let world = World::shared();
    let manager = pnpm(version);
    let major = major(&manager);
    let mut pnpm = json!({
        "overrides": { "leaf": "1.1.0", "pre@1": "1.0.0", "ui>extra": "1.0.0", "zod": "$zod" },
        "packageExtensions": { "middle@1": { "dependencies": { "extra": "1.0.0" }, "peerDependencies": { "react": "*", "zod": "*" } } },
        "patchedDependencies": { "other-leaf@1.0.0": "patches/other-leaf.patch" },
    });
    if major >= 9 {
        pnpm["ignoredOptionalDependencies"] = json!(["@native/*", "extra"]);
    }
    let manifest = json!({
        "name": "root", "version": "1.0.0", "private": true, "pnpm": pnpm,
        "dependencies": { "leaf": "^1.0.0", "zod": "3.25.0", "other-leaf": "1.0.0" },
        "devDependencies": { "middle": "^1.0.0", "pre": "^1.0.0" },
    });
    let range = if major >= 9 { "catalog:" } else { "^18.2.0" };
    let web = json!({
        "name": "web", "version": "1.0.0",
        "dependencies": { "ui": "workspace:*", "leaf": "~1.2.0", "react": range },
        "dependenciesMeta": { "ui": { "injected": true } },
    });
    let ui = json!({
        "name": "ui", "version": "1.0.0", "publishConfig": { "directory": "dist" },
        "dependencies": { "extra": "^2.0.0" }, "peerDependencies": { "react": "^18.2.0" },
    });
    let patterns = "packages:\n  - apps/*\n  - packages/**\n  - '!**/fixture/**'\n";
    let catalogs =
        "catalog:\n  react: ^18.2.0\n  zod: ^4.0.0\ncatalogs:\n  old:\n    react: ^17.0.0\n";
    let files = Files::new(&[
        ("package.json", &manifest.to_string()),
        (WEB, &web.to_string()),
        (UI, &ui.to_string()),
        (
            WORKSPACE,
            &if major >= 9 { format!("{patterns}{catalogs}") } else { patterns.to_owned() },
        ),
        ("patches/other-leaf.patch", &PATCH.replace("leaf@1.2.0", "other-leaf@1.0.0")),
        ("packages/ui/dist/index.js", ""),
        ("packages/ui/lib/index.js", ""),
        (".npmrc", "save-prefix=~\n; auto-install-peers=false\n"),
        (
            ".pnpmfile.cjs",
            "module.exports = { hooks: { afterAllResolved (lockfile) { return lockfile } } }\n",
        ),
    ]);
    let mut all = Mutations::of(&world, &manager, &files);
    let m = "package.json";
    all.set("an override less", m, &["pnpm", "overrides", "leaf"], Value::Null);
    all.set("another override", m, &["pnpm", "overrides", "leaf"], json!("1.2.0"));
    all.set("an overridden range", m, &["dependencies", "leaf"], json!("^2.0.0"));
    all.set("an overridden range in a workspace", WEB, &["dependencies", "leaf"], json!("^2.0.0"));
    all.set("what an override refers to", m, &["dependencies", "zod"], json!("^3.25.0"));
    all.set("a range outside an override", m, &["devDependencies", "pre"], json!("^2.0.0"));
    all.set("an override of a parent, in it", UI, &["dependencies", "extra"], json!("^1.0.0"));
    all.set("an override of a parent, elsewhere", WEB, &["dependencies", "extra"], json!("^2.0.0"));
    all.set(
        "another extension",
        m,
        &["pnpm", "packageExtensions", "middle@1", "dependencies", "extra"],
        json!("*"),
    );
    all.set("no extension", m, &["pnpm", "packageExtensions"], Value::Null);
    all.set("no patch", m, &["pnpm", "patchedDependencies"], Value::Null);
    all.add("another patch", |files| {
        files.replace("patches/other-leaf.patch", "patched", "mended");
    });
    all.add("the patch with windows line ends", |files| {
        let text = files.text("patches/other-leaf.patch").replace('\n', "\r\n");
        files.write("patches/other-leaf.patch", text);
    });
    all.add("the patch elsewhere", |files| {
        files.rename("patches", "other-patches");
        files.set(
            m,
            &["pnpm", "patchedDependencies", "other-leaf@1.0.0"],
            json!("other-patches/other-leaf.patch"),
        );
    });
    all.set("another range in a workspace", UI, &["dependencies", "zod"], json!("^3.0.0"));
    all.set("a peer in a workspace", UI, &["peerDependencies", "react"], json!("^17.0.0"));
    all.set("a workspace's version", UI, &["version"], json!("2.0.0"));
    all.set("another protocol", WEB, &["dependencies", "ui"], json!("workspace:^"));
    all.set("no longer injected", WEB, &["dependenciesMeta"], Value::Null);
    all.set("another folder to publish", UI, &["publishConfig", "directory"], json!("lib"));
    all.add("a workspace more", |files| {
        files.write("apps/new/package.json", r#"{"name":"new","dependencies":{"leaf":"*"}}"#);
    });
    all.add("a workspace more without dependencies", |files| {
        files.write("apps/new/package.json", r#"{"name":"new"}"#);
    });
    all.add("a manifest outside the workspace", |files| {
        files.write("docs/package.json", r#"{"name":"new","dependencies":{"leaf":"*"}}"#);
        files.write(
            "packages/ui/fixture/package.json",
            r#"{"name":"new","dependencies":{"leaf":"*"}}"#,
        );
        files.write("apps/.hidden/package.json", r#"{"name":"new","dependencies":{"leaf":"*"}}"#);
        files.write("apps/web/inner/package.json", r#"{"name":"new","dependencies":{"leaf":"*"}}"#);
    });
    all.add("a manifest deep in it", |files| {
        files.write(
            "packages/ui/inner/package.json",
            r#"{"name":"new","dependencies":{"leaf":"*"}}"#,
        );
    });
    all.add("a workspace less", |files| {
        files.remove(UI);
        files.set(WEB, &["dependencies", "ui"], Value::Null);
        files.set(WEB, &["dependenciesMeta"], Value::Null);
    });
    all.add("other patterns", |files| {
        files.replace(WORKSPACE, "  - apps/*\n", "");
    });
    all.add("other hooks", |files| {
        files.replace(".pnpmfile.cjs", "return lockfile", "return  lockfile");
    });
    all.add("no hooks", |files| {
        files.remove(".pnpmfile.cjs");
    });
    all.add("hooks are switched off", |files| {
        files.write(".npmrc", "ignore-pnpmfile=true\n");
    });
    if major >= 9 {
        all.set(
            "another ignored optional package",
            m,
            &["pnpm", "ignoredOptionalDependencies"],
            json!(["extra"]),
        );
        all.set(
            "an optional package that is ignored",
            WEB,
            &["optionalDependencies"],
            json!({ "extra": "*" }),
        );
        all.set(
            "ignored ones in another order",
            m,
            &["pnpm", "ignoredOptionalDependencies"],
            json!(["extra", "@native/*"]),
        );
        all.add("another range in a catalog", |files| {
            files.replace(WORKSPACE, "^18.2.0", "^18.3.0");
        });
        all.add("another range in a catalog that nothing uses", |files| {
            files.replace(WORKSPACE, "^17.0.0", "^17.0.1");
            files.replace(WORKSPACE, "^4.0.0", "^3.0.0");
        });
        all.set("another catalog", WEB, &["dependencies", "react"], json!("catalog:old"));
        all.set("out of the catalog", WEB, &["dependencies", "react"], json!("^18.2.0"));
        all.add("a longer suffix for peers", |files| {
            files.write(".npmrc", "peers-suffix-max-length=900\n");
        });
    }
    if major >= 10 {
        all.add("a version outside its range in the lockfile", |files| {
            files.replace(
                LOCKFILE,
                "        specifier: 3.25.0\n        version: 3.25.0\n",
                "        specifier: 3.25.0\n        version: 4.0.0\n",
            );
        });
        all.add("injected everywhere", |files| {
            files.replace(WORKSPACE, "packages:", "injectWorkspacePackages: true\npackages:");
        });
        all.add("the overrides in the settings of the workspace", |files| {
            files.set(m, &["pnpm", "overrides"], Value::Null);
            files.replace(WORKSPACE, "packages:", "overrides:\n  zod: $zod\n  leaf: 1.1.0\n  pre@1: 1.0.0\n  ui>extra: 1.0.0\npackages:");
        });
        all.add("other overrides in the settings of the workspace", |files| {
            files.replace(WORKSPACE, "packages:", "overrides:\n  leaf: 1.1.0\npackages:");
        });
        all.add("peers are not installed, by the settings of the workspace", |files| {
            files.replace(WORKSPACE, "packages:", "autoInstallPeers: false\npackages:");
        });
    }
    all.undecided(
        "a lockfile for every project",
        "the settings lead to other lockfiles",
        |files| {
            files.write(".npmrc", "shared-workspace-lockfile=false\n");
            files.set(WEB, &["dependencies", "leaf"], Value::Null);
        },
    );
    all.compare(&world);
}

const WEB: &str = "apps/web/package.json";
const UI: &str = "packages/ui/package.json";

const PATCH: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = \"leaf@1.2.0\";\n+module.exports = \"patched\";\n";

#[test]
fn plain_5() {
    plain("7.33.7");
}

#[test]
#[ignore = "the same as its neighbours, for when the rules change: a minute more"]
fn plain_6() {
    plain("8.15.9");
}

#[test]
#[ignore = "the same as its neighbours, for when the rules change: a minute more"]
fn plain_9() {
    plain("9.15.9");
}

#[test]
fn plain_9_of_10() {
    plain("10.34.9");
}

#[test]
#[ignore = "the same as its neighbours, for when the rules change: a minute more"]
fn workspace_5() {
    workspace("7.33.7");
}

#[test]
fn workspace_6() {
    workspace("8.15.9");
}

#[test]
fn workspace_9() {
    workspace("9.15.9");
}

#[test]
fn workspace_9_of_10() {
    workspace("10.34.9");
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
