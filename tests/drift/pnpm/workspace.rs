use serde_json::{Value, json};

use super::{LOCKFILE, Mutations, PATCH, WORKSPACE, major, pnpm};
use crate::{files::Files, world::World};

const WEB: &str = "apps/web/package.json";
const UI: &str = "packages/ui/package.json";

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

#[test]
#[ignore = "a minute more for what its neighbours test as well; when the rules change: cargo test --test drift -- --ignored workspace_5"]
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
