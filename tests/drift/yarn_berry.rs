mod workspaces;

use serde_json::{Value, json};

use crate::{
    files::Files,
    git_daemon::Daemon,
    harness::{Case, Manager, case, compare, undecided},
    world::{World, archive},
};

const LOCK: &str = "yarn.lock";
const MANIFEST: &str = "package.json";
const RC: &str = ".yarnrc.yml";

/// Versions of the oldest and the newest formats.
const YARN_2: &str = "2.4.2";
const YARN_3: &str = "3.8.7";
const YARN_4: &str = "4.9.4";

fn yarn(version: &str) -> Manager {
    let all = ["yarn", "install", "--immutable", "--mode=skip-build"];
    let words = if version.starts_with('2') { &all[..3] } else { &all[..] };
    Manager::new(&format!("@yarnpkg/cli-dist@{version}"), words, |output| output.contains("YN0028"))
        .variable("YARN_ENABLE_TELEMETRY", "0")
}

/// Sets a key of the manifest.
fn set(keys: &'static [&'static str], to: Value) -> impl FnOnce(&mut Files) {
    move |files| {
        files.set(MANIFEST, keys, to);
    }
}

/// The lockfile of a manifest, made by a version of yarn that the project asks for.
fn locked(world: &World, yarn: &Manager, version: &str, files: &mut Files) -> Files {
    files.set(MANIFEST, &["packageManager"], json!(format!("yarn@{version}")));
    files.write(LOCK, "");
    yarn.clone().variable("YARN_ENABLE_IMMUTABLE_INSTALLS", "0").run(
        world,
        files,
        &["yarn", "install"],
    )
}

/// What every version understands.
fn plain() -> Files {
    let manifest = json!({
        "name": "app", "version": "1.0.0", "private": true,
        "dependencies": {
            "top": "^1.0.0", "leaf": "^1.0.0", "@scope/plain": "^1.0.0", "zod": "3.25.0", "react": "latest",
            "react-dom": "^18.2.0", "leaf-alias": "npm:leaf@^1.0.0", "linked": "link:./linked",
            "portal": "portal:./portal", "packed": "file:./packed-1.0.0.tgz", "by-alias": "1.0.0",
        },
        "devDependencies": { "extra": "^1.0.0", "pre": "^1.1.0-rc.1", "needs-tag": "*" },
        "optionalDependencies": { "native": "^1.0.0" },
        "peerDependencies": { "wishes-peer": "*" },
        "bin": "./bin.js",
    });
    let mut files = Files::new(&[
        (MANIFEST, &manifest.to_string()),
        ("bin.js", ""),
        ("linked/package.json", r#"{"name":"linked","version":"1.0.0"}"#),
        (
            "portal/package.json",
            r#"{"name":"portal","version":"1.0.0","dependencies":{"other-leaf":"^1.0.0"},"devDependencies":{"zod":"*"}}"#,
        ),
    ]);
    files.write("packed-1.0.0.tgz", archive("packed", "1.0.0"));
    files
}

/// Mutations that every version judges alike.
fn common(locked: &Files) -> Vec<Case> {
    vec![
        case("nothing", locked, |_| {}),
        case("a new dependency", locked, set(&["dependencies", "other-leaf"], json!("1.0.0"))),
        case(
            "a new dependency that a locked package asks for alike",
            locked,
            set(&["dependencies", "middle"], json!("^1.0.0")),
        ),
        case("a removed dependency", locked, set(&["dependencies", "zod"], json!(null))),
        case(
            "a range that the locked version meets",
            locked,
            set(&["dependencies", "zod"], json!("^3.25.0")),
        ),
        case("another version of the project", locked, set(&["version"], json!("2.0.0"))),
        case("another name of the project", locked, set(&["name"], json!("other"))),
        case("another program", locked, set(&["bin"], json!({ "app": "./other.js" }))),
        case("another manifest behind the portal", locked, |files| {
            files.set("portal/package.json", &["dependencies", "other-leaf"], json!("^1.1.0"));
        }),
        case("development behind the portal", locked, |files| {
            files.set("portal/package.json", &["devDependencies", "zod"], json!("^4.0.0"));
        }),
        case("another archive", locked, |files| {
            files.write("packed-1.0.0.tgz", archive("packed", "1.0.1"));
        }),
        case("a dependency becomes optional", locked, |files| {
            files.set(MANIFEST, &["dependencies", "zod"], json!(null));
            files.set(MANIFEST, &["optionalDependencies", "zod"], json!("3.25.0"));
        }),
        case("a resolution", locked, set(&["resolutions"], json!({ "leaf": "1.0.0" }))),
        case("a comment in the lockfile", locked, |files| {
            files.replace(LOCK, "\n__metadata:", "\n# here\n__metadata:");
        }),
        case("carriage returns", locked, |files| {
            let text = files.text(LOCK).replace('\n', "\r\n");
            files.write(LOCK, text);
        }),
        case("an entry of the lockfile taken out", locked, |files| {
            let text = files.text(LOCK);
            let at = text.find("\"other-leaf@npm").unwrap();
            let end = at + text[at..].find("\n\n").unwrap() + 2;
            files.write(LOCK, format!("{}{}", &text[..at], &text[end..]));
        }),
    ]
}

#[test]
fn yarn_2() {
    let world = World::shared();
    let yarn = yarn(YARN_2);
    let locked = locked(&world, &yarn, YARN_2, &mut plain());
    compare(&world, &yarn, &common(&locked));
}

#[test]
fn yarn_3() {
    let world = World::shared();
    let yarn = yarn(YARN_3);
    let locked = locked(&world, &yarn, YARN_3, &mut plain());
    compare(&world, &yarn, &common(&locked));
}

#[test]
fn yarn_4() {
    let world = World::shared();
    let yarn = yarn(YARN_4);
    let locked = locked(&world, &yarn, YARN_4, &mut plain());
    let mut cases = common(&locked);
    cases.extend([
        case("a removed tree", &locked, set(&["dependencies", "top"], json!(null))),
        case("a range that the locked version does not meet", &locked, set(&["dependencies", "zod"], json!("^4.0.0"))),
        case("a range with its protocol", &locked, set(&["dependencies", "leaf"], json!("npm:^1.0.0"))),
        case("a range with a blank", &locked, set(&["dependencies", "leaf"], json!("^1.0.0 "))),
        case("the same range otherwise written", &locked, set(&["dependencies", "leaf"], json!("^1"))),
        case("a tag for a range", &locked, set(&["dependencies", "leaf"], json!("latest"))),
        case("another alias", &locked, set(&["dependencies", "leaf-alias"], json!("npm:leaf@^1.1.0"))),
        case("an alias of another package", &locked, set(&["dependencies", "leaf-alias"], json!("npm:other-leaf@^1.0.0"))),
        case("another peer", &locked, set(&["peerDependencies"], json!({ "wishes-peer": "^1.0.0" }))),
        case("a peer of nonsense", &locked, set(&["peerDependencies"], json!({ "wishes-peer": "nonsense" }))),
        case("a peer that is optional", &locked, set(&["peerDependenciesMeta"], json!({ "wishes-peer": { "optional": true } }))),
        case("a package that is not built", &locked, set(&["dependenciesMeta"], json!({ "zod": { "built": false } }))),
        case("a package that is unplugged", &locked, set(&["dependenciesMeta"], json!({ "zod": { "unplugged": true } }))),
        case("meta of nonsense", &locked, set(&["dependenciesMeta"], json!({ "zod": { "built": "no" } }))),
        case("scripts and the like", &locked, |files| {
            files.set(MANIFEST, &["scripts"], json!({ "build": "true" }));
            files.set(MANIFEST, &["description"], json!("here"));
            files.set(MANIFEST, &["engines"], json!({ "node": ">=18" }));
        }),
        case("no program", &locked, set(&["bin"], json!(null))),
        case("the same program by name", &locked, set(&["bin"], json!({ "app": "./bin.js" }))),
        case("a development dependency becomes one", &locked, |files| {
            files.set(MANIFEST, &["devDependencies", "extra"], json!(null));
            files.set(MANIFEST, &["dependencies", "extra"], json!("^1.0.0"));
        }),
        case("a name twice, development's range taken", &locked, set(&["devDependencies", "zod"], json!("^4.0.0"))),
        case("a name twice, of optional and plain", &locked, set(&["dependencies", "native"], json!("^2.0.0"))),
        case("an optional dependency becomes one", &locked, |files| {
            files.set(MANIFEST, &["optionalDependencies", "native"], json!(null));
            files.set(MANIFEST, &["dependencies", "native"], json!("^1.0.0"));
        }),
        case("another folder behind the link", &locked, |files| {
            files.set("linked/package.json", &["dependencies"], json!({ "zod": "^4.0.0" }));
        }),
        case("the link by another path", &locked, set(&["dependencies", "linked"], json!("link:linked"))),
        case("a portal for the link", &locked, set(&["dependencies", "linked"], json!("portal:./linked"))),
        case("a resolution to what is locked", &locked, set(&["resolutions"], json!({ "zod": "3.25.0" }))),
        case("a resolution to the range that is asked for", &locked, set(&["resolutions"], json!({ "leaf@^1.0.0": "^1.0.0" }))),
        case("a resolution that meets nothing", &locked, set(&["resolutions"], json!({ "zod@^4.0.0": "4.0.0" }))),
        case("a resolution for one parent", &locked, set(&["resolutions"], json!({ "top/other-leaf": "1.0.0" }))),
        case("a resolution for another parent", &locked, set(&["resolutions"], json!({ "zod/other-leaf": "1.0.0" }))),
        case("a resolution for a parent of one version", &locked, set(&["resolutions"], json!({ "top@npm:1.0.0/other-leaf": "1.0.0" }))),
        case("a resolution as yarn 1 writes it", &locked, set(&["resolutions"], json!({ "**/leaf": "1.0.0" }))),
        case("an extension", &locked, |files| {
            files.write(RC, "packageExtensions:\n  \"zod@*\":\n    dependencies:\n      extra: \"^2.0.0\"\n");
        }),
        case("an extension by what is locked", &locked, |files| {
            files.write(RC, "packageExtensions:\n  \"zod@*\":\n    dependencies:\n      extra: \"^1.0.0\"\n");
        }),
        case("an extension of another version", &locked, |files| {
            files.write(RC, "packageExtensions:\n  \"zod@^4.0.0\":\n    dependencies:\n      extra: \"^2.0.0\"\n");
        }),
        case("an extension of peers", &locked, |files| {
            files.write(RC, "packageExtensions:\n  \"zod@*\":\n    peerDependencies:\n      react: \"*\"\n");
        }),
        case("another compression", &locked, |files| {
            files.write(RC, "compressionLevel: mixed\n");
        }),
        case("another linker", &locked, |files| {
            files.write(RC, "nodeLinker: node-modules\n");
        }),
        case("a stray entry", &locked, |files| {
            let text = files.text(LOCK);
            files.write(LOCK, format!("{text}\n\"zzz@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"zzz@npm:1.0.0\"\n  checksum: 10c0/aa\n  languageName: node\n  linkType: hard\n"));
        }),
        case("a stray descriptor", &locked, |files| {
            files.replace(LOCK, "\"zod@npm:3.25.0\":", "\"zod@npm:3.25.0, zod@npm:^3.0.0\":");
        }),
        case("another order", &locked, |files| {
            files.replace(LOCK, "  languageName: node\n  linkType: hard", "  linkType: hard\n  languageName: node");
        }),
        case("a checksum without the cache's key", &locked, |files| {
            files.replace(LOCK, "checksum: 10c0/", "checksum: ");
        }),
        case("the lockfile of yarn 3", &locked, |files| {
            files.replace(LOCK, "__metadata:\n  version: 8", "__metadata:\n  version: 6");
        }),
        case("a lockfile of the future", &locked, |files| {
            files.replace(LOCK, "__metadata:\n  version: 8", "__metadata:\n  version: 10");
        }),
        case("a byte order mark", &locked, |files| {
            let text = files.text(LOCK);
            files.write(LOCK, format!("\u{feff}{text}"));
        }),
        case("a package that a locked one asks for by another range", &locked, |files| {
            files.replace(LOCK, "middle: \"npm:^1.0.0\"", "middle: \"npm:^1.1.0\"");
        }),
    ]);
    compare(&world, &yarn, &cases);
}

/// What is looked at in the project itself, and catalogs.
#[test]
fn yarn_4_local() {
    let world = World::shared();
    let version = "4.18.1";
    let yarn = yarn(version);
    let catalog = "catalog:\n  leaf: ^1.0.0\n  zod: npm:^3.0.0\n  resolve: ^0.1.0\ncatalogs:\n  old:\n    react: ^17.0.0\n";
    let manifest = json!({ "name": "app", "dependencies": {
        "leaf": "catalog:", "zod": "catalog:", "react": "catalog:old", "resolve": "catalog:",
    } });
    let mut files = Files::new(&[(MANIFEST, &manifest.to_string()), (RC, catalog)]);
    let catalogs = locked(&world, &yarn, version, &mut files);
    let patch = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1,1 +1,2 @@\n module.exports = \"leaf@1.2.0\";\n+// patched\n";
    let manifest = json!({ "name": "app", "dependencies": {
        "leaf": "patch:leaf@npm%3A1.2.0#~/patches/leaf.patch", "in-folder": "file:./folder", "extra": "^1.0.0",
    }, "resolutions": { "other-leaf": "patch:other-leaf@npm%3A1.1.0#./patches/other.patch" } });
    let mut files = Files::new(&[
        (MANIFEST, &manifest.to_string()),
        ("patches/leaf.patch", patch),
        ("patches/other.patch", &patch.replace("leaf@1.2.0", "other-leaf@1.1.0")),
        (
            "folder/package.json",
            r#"{"name":"in-folder","version":"1.0.0","dependencies":{"other-leaf":"^1.0.0"}}"#,
        ),
    ]);
    let local = locked(&world, &yarn, version, &mut files);
    let (sum, patches) = (
        "the sum of a folder is one that only yarn can make",
        "the sum of a patch is one that only yarn can make",
    );
    let cases = [
        case("catalogs: nothing", &catalogs, |_| {}),
        case("catalogs: a range", &catalogs, |files| {
            files.replace(RC, "leaf: ^1.0.0", "leaf: ^1.1.0");
        }),
        case("catalogs: the protocol", &catalogs, |files| {
            files.replace(RC, "zod: npm:^3.0.0", "zod: ^3.0.0");
        }),
        case("catalogs: a named one", &catalogs, |files| {
            files.replace(RC, "react: ^17.0.0", "react: ^18.0.0");
        }),
        case("catalogs: what yarn patches", &catalogs, |files| {
            files.replace(RC, "resolve: ^0.1.0", "resolve: ^0.2.0");
        }),
        case("catalogs: an unused entry", &catalogs, |files| {
            files.replace(RC, "catalogs:", "  extra: ^1.0.0\ncatalogs:");
        }),
        undecided(
            "catalogs: a missing entry",
            "yarn fails over the catalog, not the lockfile",
            &catalogs,
            |files| {
                files.replace(RC, "  leaf: ^1.0.0\n", "");
            },
        ),
        undecided("local: nothing", sum, &local, |_| {}),
        undecided("local: another file in the folder", sum, &local, |files| {
            files.write("folder/index.js", "1");
        }),
        undecided("local: another patch", patches, &local, |files| {
            files.replace("patches/leaf.patch", "+// patched", "+// patched twice");
        }),
        case("local: another manifest in the folder", &local, |files| {
            files.set("folder/package.json", &["dependencies", "extra"], json!("^1.0.0"));
        }),
        case("local: another source of the patch", &local, |files| {
            files.replace(MANIFEST, "leaf@npm%3A1.2.0#", "leaf@npm%3A^1.2.0#");
        }),
        case("local: another file of the patch", &local, |files| {
            files.rename("patches/leaf.patch", "patches/renamed.patch");
            files.replace(MANIFEST, "~/patches/leaf.patch", "~/patches/renamed.patch");
        }),
        case("local: no patch any more", &local, set(&["dependencies", "leaf"], json!("1.2.0"))),
        case("local: a dependency less", &local, set(&["dependencies", "extra"], json!(null))),
    ];
    compare(&world, &yarn, &cases);
}

#[test]
fn git() {
    let world = World::shared();
    let yarn = yarn(YARN_4);
    let path = world.git_url();
    let path = std::path::Path::new(path.strip_prefix("git+file://").unwrap());
    let daemon = Daemon::start(path.parent().unwrap());
    let url = format!("git://127.0.0.1:{}/from-git.git", daemon.port);
    let manifest =
        json!({ "name": "app", "dependencies": { "from-git": format!("{url}#v1.0.0") } });
    let mut files = Files::new(&[(MANIFEST, &manifest.to_string())]);
    let from_git = locked(&world, &yarn, YARN_4, &mut files);
    let reference = |to: &str| {
        let to = json!(format!("{url}{to}"));
        move |files: &mut Files| {
            files.set(MANIFEST, &["dependencies", "from-git"], to);
        }
    };
    let cases = [
        case("git: nothing", &from_git, |_| {}),
        case("git: another tag", &from_git, reference("#v1.1.0")),
        case("git: the tag with its protocol", &from_git, reference("#tag=v1.0.0")),
        case("git: no tag", &from_git, reference("")),
        case("git: removed", &from_git, set(&["dependencies"], json!(null))),
    ];
    compare(&world, &yarn, &cases);
}
