use serde_json::json;

use super::{MANIFEST, RC, YARN_3, YARN_4, locked, set, yarn};
use crate::{
    files::Files,
    harness::{case, compare},
    world::World,
};

#[test]
fn yarn_4_workspaces() {
    workspaces(YARN_4);
}

#[test]
fn yarn_3_workspaces() {
    workspaces(YARN_3);
}

fn workspaces(version: &str) {
    const APP: &str = "packages/app/package.json";
    const UI: &str = "packages/ui/package.json";
    let world = World::shared();
    let yarn = yarn(version);
    let root = json!({
        "name": "root", "private": true, "workspaces": ["packages/*"],
        "dependencies": { "resolve": "^0.1.0" }, "resolutions": { "leaf": "1.1.0" },
    });
    let app = json!({
        "name": "@w/app", "version": "1.0.0",
        "dependencies": { "ui": "workspace:*", "zod": "^3.25.0", "leaf": "^1.0.0" },
        "devDependencies": { "extra": "^1.0.0" },
    });
    let ui = json!({
        "name": "ui", "version": "1.0.0", "dependencies": { "middle": "^1.0.0" },
        "peerDependencies": { "react": "^18.0.0" },
    });
    let mut files = Files::new(&[
        (MANIFEST, &root.to_string()),
        (APP, &app.to_string()),
        (UI, &ui.to_string()),
        ("packages/zod/package.json", r#"{"name":"zod","version":"3.25.0"}"#),
        ("packages/nameless/package.json", "{}"),
        ("packages/.hidden/package.json", r#"{"name":"hidden"}"#),
    ]);
    let locked = locked(&world, &yarn, version, &mut files);
    let cases = [
        case("workspaces: nothing", &locked, |_| {}),
        case("workspaces: a range of a member", &locked, |files| {
            files.set(APP, &["dependencies", "leaf"], json!("^1.1.0"));
        }),
        case("workspaces: development of a member", &locked, |files| {
            files.set(APP, &["devDependencies", "extra"], json!("^2.0.0"));
        }),
        case("workspaces: a peer of a member", &locked, |files| {
            files.set(UI, &["peerDependencies", "react"], json!("*"));
        }),
        case("workspaces: a version of a member that is met", &locked, |files| {
            files.set("packages/zod/package.json", &["version"], json!("3.26.0"));
        }),
        case("workspaces: a version of a member that is not met", &locked, |files| {
            files.set("packages/zod/package.json", &["version"], json!("4.0.0"));
        }),
        case("workspaces: a new member", &locked, |files| {
            files.write("packages/new/package.json", r#"{"name":"new"}"#);
        }),
        case("workspaces: a member less", &locked, |files| {
            files.remove(APP);
        }),
        case("workspaces: a member moved", &locked, |files| {
            files.rename("packages/ui", "packages/moved");
        }),
        case("workspaces: another protocol for a member", &locked, |files| {
            files.set(APP, &["dependencies", "ui"], json!("workspace:^"));
        }),
        case("workspaces: a member by its folder", &locked, |files| {
            files.set(APP, &["dependencies", "ui"], json!("workspace:packages/ui"));
        }),
        case(
            "workspaces: another resolution",
            &locked,
            set(&["resolutions", "leaf"], json!("1.2.0")),
        ),
        case("workspaces: no resolution", &locked, set(&["resolutions"], json!(null))),
        case("workspaces: resolutions of a member, which nobody reads", &locked, |files| {
            files.set(UI, &["resolutions"], json!({ "leaf": "1.0.0" }));
        }),
        case(
            "workspaces: a range of what yarn patches",
            &locked,
            set(&["dependencies", "resolve"], json!("^0.2.0")),
        ),
        case("workspaces: a package that yarn patches is new", &locked, |files| {
            files.set(UI, &["dependencies", "resolve"], json!("^0.1.0"));
        }),
        case("workspaces: no transparent ones", &locked, |files| {
            files.write(RC, "enableTransparentWorkspaces: false\n");
        }),
    ];
    compare(&world, &yarn, &cases);
}
