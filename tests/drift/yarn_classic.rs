use serde_json::json;

use crate::{
    files::Files,
    harness::{Manager, case, compare, undecided},
    world::{World, archive},
};

fn yarn() -> Manager {
    Manager::new(
        "yarn@1.22.22",
        &[
            "yarn",
            "install",
            "--frozen-lockfile",
            "--ignore-scripts",
            "--non-interactive",
            "--no-progress",
        ],
        |output| output.contains("Your lockfile needs to be updated"),
    )
}

const LOCK: &str = "yarn.lock";
const MANIFEST: &str = "package.json";

#[test]
fn a_plain_project() {
    let world = World::shared();
    let yarn = yarn();
    let manifest = json!({
        "name": "app", "version": "1.0.0", "private": true,
        "dependencies": {
            "top": "^1.0.0", "leaf": "^1.0.0", "@scope/plain": "^1.0.0", "zod": "3.25.0", "react": "latest",
            "leaf-alias": "npm:leaf@^1.0.0", "in-folder": "file:./folder", "linked": "link:./linked",
            "packed": "file:./packed-1.0.0.tgz", "from-git": format!("{}#v1.0.0", world.git_url()),
        },
        "devDependencies": { "extra": "^1.0.0", "pre": "^1.1.0-rc.1" },
        "optionalDependencies": { "native": "^1.0.0" },
        "peerDependencies": { "react-dom": "*" },
    });
    let mut files = Files::new(&[
        (MANIFEST, &manifest.to_string()),
        (
            "folder/package.json",
            r#"{"name":"in-folder","version":"1.0.0","dependencies":{"other-leaf":"^1.0.0"}}"#,
        ),
        ("linked/package.json", r#"{"name":"linked","version":"1.0.0"}"#),
    ]);
    files.write("packed-1.0.0.tgz", archive("packed", "1.0.0"));
    let locked =
        yarn.run(&world, &files, &["yarn", "install", "--ignore-scripts", "--ignore-platform"]);
    let dependency = |name: &'static str, to: serde_json::Value| {
        move |files: &mut Files| {
            files.set(MANIFEST, &["dependencies", name], to);
        }
    };
    let none = serde_json::Value::Null;
    let cases = [
        case("nothing", &locked, |_| {}),
        case("a new dependency", &locked, dependency("other-leaf", json!("1.0.0"))),
        case(
            "a new dependency that a locked package asks for alike",
            &locked,
            dependency("middle", json!("^1.0.0")),
        ),
        case("a removed dependency", &locked, dependency("zod", none.clone())),
        case("a removed tree", &locked, dependency("top", none)),
        case("a range that the locked version meets", &locked, dependency("zod", json!("^3.25.0"))),
        case("a range that it does not meet", &locked, dependency("zod", json!("^4.0.0"))),
        case("a range with a blank", &locked, dependency("leaf", json!("^1.0.0 "))),
        case("the same range otherwise written", &locked, dependency("leaf", json!("^1"))),
        case("an empty range", &locked, dependency("leaf", json!(""))),
        case("a tag for a range", &locked, dependency("leaf", json!("latest"))),
        case("a range for a tag", &locked, dependency("react", json!("^18.0.0"))),
        case("a scoped range", &locked, dependency("@scope/plain", json!("^1.1.0"))),
        case("another alias", &locked, dependency("leaf-alias", json!("npm:leaf@^1.1.0"))),
        case(
            "an alias of another package",
            &locked,
            dependency("leaf-alias", json!("npm:other-leaf@^1.0.0")),
        ),
        case(
            "another tag of git",
            &locked,
            dependency("from-git", json!(format!("{}#v1.1.0", world.git_url()))),
        ),
        case("git without a tag", &locked, dependency("from-git", json!(world.git_url()))),
        case("a folder by another path", &locked, dependency("in-folder", json!("file:folder"))),
        case("a folder without its protocol", &locked, dependency("in-folder", json!("./folder"))),
        case("a link for a folder", &locked, dependency("in-folder", json!("link:./folder"))),
        case("another manifest in the folder", &locked, |files| {
            files.set("folder/package.json", &["dependencies", "zod"], json!("^4.0.0"));
        }),
        case("another version in the folder", &locked, |files| {
            files.set("folder/package.json", &["version"], json!("2.0.0"));
        }),
        case("another manifest behind the link", &locked, |files| {
            files.set("linked/package.json", &["dependencies"], json!({ "zod": "^4.0.0" }));
        }),
        case("a development dependency becomes one", &locked, |files| {
            files.set(MANIFEST, &["devDependencies", "extra"], json!(null));
            files.set(MANIFEST, &["dependencies", "extra"], json!("^1.0.0"));
        }),
        case("a dependency becomes optional", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "zod"], json!(null));
            files.set(MANIFEST, &["optionalDependencies", "zod"], json!("3.25.0"));
        }),
        case("another range in development", &locked, |files| {
            files.set(MANIFEST, &["devDependencies", "extra"], json!("^2.0.0"));
        }),
        case("a name twice, development's range hidden", &locked, |files| {
            files.set(MANIFEST, &["devDependencies", "zod"], json!("^4.0.0"));
        }),
        case("a name twice, the star giving way", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "zod"], json!("*"));
            files.set(MANIFEST, &["devDependencies", "zod"], json!("3.25.0"));
        }),
        case("a name twice, the optional one first", &locked, |files| {
            files.set(MANIFEST, &["optionalDependencies", "zod"], json!("^4.0.0"));
        }),
        case("a new optional dependency", &locked, |files| {
            files.set(MANIFEST, &["optionalDependencies", "other-leaf"], json!("1.0.0"));
        }),
        case("another peer", &locked, |files| {
            files.set(MANIFEST, &["peerDependencies"], json!({ "zod": "^4.0.0" }));
        }),
        case("another name and version", &locked, |files| {
            files.set(MANIFEST, &["name"], json!("other"));
            files.set(MANIFEST, &["version"], json!("2.0.0"));
        }),
        case("pre-releases: a range below", &locked, |files| {
            files.set(MANIFEST, &["devDependencies", "pre"], json!("^1.0.0"));
        }),
        case("a resolution that nothing in the tree shares with the manifest", &locked, |files| {
            files.set(MANIFEST, &["resolutions"], json!({ "middle": "1.0.0" }));
        }),
        case("a resolution of a package that manifest and tree share", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "middle"], json!("^1.0.0"));
            files.set(MANIFEST, &["resolutions"], json!({ "middle": "1.0.0" }));
        }),
        case("a resolution to the locked version", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "middle"], json!("^1.0.0"));
            files.set(MANIFEST, &["resolutions"], json!({ "**/middle": "1.1.0" }));
        }),
        case("a resolution for one parent", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "middle"], json!("^1.0.0"));
            files.set(MANIFEST, &["resolutions"], json!({ "**/top/middle": "1.0.0" }));
        }),
        case("a resolution for another parent", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "middle"], json!("^1.0.0"));
            files.set(MANIFEST, &["resolutions"], json!({ "**/zod/middle": "1.0.0" }));
        }),
        undecided(
            "a resolution by the whole way",
            "which ways lead to a package is not followed",
            &locked,
            |files| {
                files.set(MANIFEST, &["dependencies", "middle"], json!("^1.0.0"));
                files.set(MANIFEST, &["resolutions"], json!({ "top/**/middle": "1.0.0" }));
            },
        ),
        case("an entry taken out of the lockfile", &locked, |files| {
            files.replace(LOCK, "zod@3.25.0:", "zod@3.24.0:");
        }),
        case("a transitive entry taken out", &locked, |files| {
            files.replace(LOCK, "middle@^1.0.0:", "middle@^9.0.0:");
        }),
        case("an entry that nobody asks for", &locked, |files| {
            let text = files.text(LOCK);
            files.write(LOCK, format!("{text}\nstray@^1.0.0:\n  version \"1.0.0\"\n"));
        }),
        case("a locked version outside its range", &locked, |files| {
            let text = files.text(LOCK);
            let at = text.find("zod@3.25.0:").unwrap();
            let changed = text[at..].replacen("version \"3.25.0\"", "version \"3.24.0\"", 1);
            files.write(LOCK, format!("{}{changed}", &text[..at]));
        }),
        case("no checksum", &locked, |files| {
            let text = files.text(LOCK);
            let kept: Vec<_> = text.lines().filter(|line| !line.contains("integrity ")).collect();
            files.write(LOCK, kept.join("\n"));
        }),
        case("carriage returns", &locked, |files| {
            let text = files.text(LOCK).replace('\n', "\r\n");
            files.write(LOCK, text);
        }),
        case("a byte order mark", &locked, |files| {
            let text = files.text(LOCK);
            files.write(LOCK, format!("\u{feff}{text}"));
        }),
        case("comments", &locked, |files| {
            files.replace(LOCK, "zod@3.25.0:", "# zod\nzod@3.25.0: # here");
        }),
        case("a pattern by its name alone", &locked, |files| {
            files.replace(LOCK, "zod@3.25.0:", "zod:");
        }),
    ];
    compare(&world, &yarn, &cases);
}

#[test]
fn resolutions() {
    let world = World::shared();
    let yarn = yarn();
    let locked = |resolutions: serde_json::Value, dependencies: serde_json::Value| {
        let manifest = json!({
            "name": "app", "version": "1.0.0", "private": true,
            "dependencies": dependencies, "resolutions": resolutions,
        });
        let files = Files::new(&[(MANIFEST, &manifest.to_string())]);
        yarn.run(&world, &files, &["yarn", "install", "--ignore-scripts"])
    };
    let deep = locked(json!({ "leaf": "1.1.0" }), json!({ "top": "^1.0.0", "zod": "^3.0.0" }));
    let shared = locked(json!({ "leaf": "1.1.0" }), json!({ "top": "^1.0.0", "leaf": "^1.0.0" }));
    let foreign = locked(json!({ "leaf": "2.0.0" }), json!({ "top": "^1.0.0", "leaf": "^1.0.0" }));
    let nested = locked(json!({ "top/**/leaf": "1.0.0" }), json!({ "top": "^1.0.0" }));
    let resolution = |key: &'static str, to: serde_json::Value| {
        move |files: &mut Files| {
            files.set(MANIFEST, &["resolutions"], json!({ key: to }));
        }
    };
    let cases = [
        case("deep: nothing", &deep, |_| {}),
        case("deep: another version", &deep, resolution("leaf", json!("1.2.0"))),
        case("deep: none any more", &deep, |files| {
            files.set(MANIFEST, &["resolutions"], json!(null));
        }),
        case("deep: another pattern", &deep, resolution("**/leaf", json!("1.1.0"))),
        case("deep: no version", &deep, resolution("leaf", json!("nonsense"))),
        case("deep: a dependency more", &deep, |files| {
            files.set(MANIFEST, &["dependencies", "leaf"], json!("^1.1.0"));
        }),
        case("shared: nothing", &shared, |_| {}),
        case("shared: another version", &shared, resolution("leaf", json!("1.2.0"))),
        case("shared: none any more", &shared, |files| {
            files.set(MANIFEST, &["resolutions"], json!(null));
        }),
        case("foreign: nothing", &foreign, |_| {}),
        case("foreign: none any more", &foreign, |files| {
            files.set(MANIFEST, &["resolutions"], json!(null));
        }),
        case("nested: nothing", &nested, |_| {}),
        case("nested: another version", &nested, resolution("top/**/leaf", json!("1.1.0"))),
    ];
    compare(&world, &yarn, &cases);
}

#[test]
fn a_workspace() {
    let world = World::shared();
    let yarn = yarn();
    let root = json!({
        "name": "root", "version": "1.0.0", "private": true, "workspaces": ["packages/*"],
        "dependencies": { "zod": "^3.25.0" }, "devDependencies": { "ui": "^1.0.0" },
    });
    let app = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": { "ui": "1.0.0", "leaf": "^1.0.0" }, "devDependencies": { "extra": "^1.0.0" },
    });
    let ui = json!({ "name": "ui", "version": "1.0.0", "dependencies": { "middle": "^1.0.0" } });
    let files = Files::new(&[
        (MANIFEST, &root.to_string()),
        ("packages/app/package.json", &app.to_string()),
        ("packages/ui/package.json", &ui.to_string()),
    ]);
    let locked = yarn.run(&world, &files, &["yarn", "install", "--ignore-scripts"]);
    const APP: &str = "packages/app/package.json";
    const UI: &str = "packages/ui/package.json";
    let cases = [
        case("workspace: nothing", &locked, |_| {}),
        case("workspace: a range of the root", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "zod"], json!("^4.0.0"));
        }),
        case("workspace: a range of a member", &locked, |files| {
            files.set(APP, &["dependencies", "leaf"], json!("^2.0.0"));
        }),
        case("workspace: a new dependency of a member", &locked, |files| {
            files.set(APP, &["dependencies", "other-leaf"], json!("^1.0.0"));
        }),
        case("workspace: the root asks for what a member has", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "leaf"], json!("^1.0.0"));
        }),
        case("workspace: the root asks otherwise for what a member has", &locked, |files| {
            files.set(MANIFEST, &["dependencies", "leaf"], json!("^1.1.0"));
        }),
        case(
            "workspace: another version of a member that the root's range meets",
            &locked,
            |files| {
                files.set(UI, &["version"], json!("1.1.0"));
                files.set(APP, &["dependencies", "ui"], json!("1.1.0"));
            },
        ),
        case("workspace: a new member", &locked, |files| {
            files.write(
                "packages/new/package.json",
                r#"{"name":"new","version":"1.0.0","dependencies":{"other-leaf":"^1.0.0"}}"#,
            );
        }),
        case("workspace: a member less", &locked, |files| {
            files.remove(APP);
        }),
        case("workspace: as an object", &locked, |files| {
            files.set(
                MANIFEST,
                &["workspaces"],
                json!({ "packages": ["packages/*"], "nohoist": [] }),
            );
        }),
        case("workspace: a resolution", &locked, |files| {
            files.set(MANIFEST, &["resolutions"], json!({ "leaf": "1.0.0" }));
        }),
        case("workspace: a resolution of a dependency of the root", &locked, |files| {
            files.set(MANIFEST, &["resolutions"], json!({ "zod": "4.0.0" }));
        }),
    ];
    compare(&world, &yarn, &cases);
}
