use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    files::Files,
    harness::{Case, Manager, case, compare},
    world::World,
};

const LOCKFILE: &str = "bun.lock";
const ROOT: &str = "package.json";
const UI: &str = "packages/ui/package.json";

fn bun(version: &str) -> Manager {
    Manager::new(
        &format!("bun@{version}"),
        &["bun", "install", "--frozen-lockfile", "--dry-run"],
        |output| output.contains("lockfile had changes, but lockfile is frozen"),
    )
}

fn mutations(version: &str) {
    let world: Arc<World> = World::shared();
    let manager = bun(version);
    let is_old = version < "1.4";
    let manifest = json!({
        "name": "app", "version": "1.0.0", "workspaces": ["packages/*"],
        "dependencies": { "leaf": "1.1.0", "top": "^1.0.0", "ui": "workspace:*", "aliased": "npm:zod@3.25.0" },
        "devDependencies": { "needs-leaf-2": "1.0.0", "extra": "1.0.0" },
        "optionalDependencies": { "native": "^1.0.0" },
        "peerDependencies": { "react": "^18.2.0" },
        "overrides": { "other-leaf": "1.0.0" },
    });
    let ui = json!({ "name": "ui", "version": "1.0.0", "dependencies": { "react": "^18.2.0", "pre": "^1.0.0", "middle": "^1.0.0" } });
    let files = Files::new(&[(ROOT, &manifest.to_string()), (UI, &ui.to_string())]);
    let base =
        manager.run(&world, &files, &["bun", "install", "--lockfile-only", "--save-text-lockfile"]);
    let mut cases = Vec::new();
    let mut add = |name: &str, undecided: Option<&'static str>, edit: &dyn Fn(&mut Files)| {
        cases.push(Case { undecided, ..case(name, &base, edit) });
    };
    let set = |file: &'static str, keys: &'static [&'static str], to: Value| {
        move |files: &mut Files| {
            files.set(file, keys, to.clone());
        }
    };
    let leaf = &["dependencies", "leaf"];
    add("nothing", None, &|_| {});
    add("a range around the locked version", None, &set(ROOT, leaf, json!("^1.0.0")));
    let any = is_old.then_some("1.2 takes the newest version for it, which the registry knows");
    add("any version", any, &set(ROOT, leaf, json!("*")));
    add("a range without it", None, &set(ROOT, leaf, json!("^2.0.0")));
    add("another exact version", None, &set(ROOT, leaf, json!("1.2.0")));
    add(
        "a tag",
        Some("the registry decides which version a tag means"),
        &set(ROOT, leaf, json!("latest")),
    );
    add(
        "a package less that others need",
        None,
        &set(ROOT, &["dependencies", "other-leaf"], json!("1.0.0")),
    );
    add(
        "a package less that nothing needs",
        None,
        &set(ROOT, &["devDependencies", "extra"], Value::Null),
    );
    add(
        "a package less that is nested elsewhere",
        Some("which of two versions moves to the top is not computed"),
        &set(ROOT, leaf, Value::Null),
    );
    add(
        "a package less with its own",
        None,
        &set(ROOT, &["devDependencies", "needs-leaf-2"], Value::Null),
    );
    add("a package more", None, &set(ROOT, &["dependencies", "@scope/plain"], json!("^1.0.0")));
    add(
        "a package more that is locked",
        None,
        &set(ROOT, &["dependencies", "middle"], json!("^1.0.0")),
    );
    add(
        "a package more, of a workspace",
        None,
        &set(UI, &["dependencies", "extra"], json!("^1.0.0")),
    );
    add(
        "the same, in another version",
        None,
        &set(UI, &["dependencies", "extra"], json!("^2.0.0")),
    );
    add(
        "an optional package more",
        Some("one that the registry lacks is left out"),
        &set(ROOT, &["optionalDependencies", "zod"], json!("^4.0.0")),
    );
    add(
        "an optional package more that nobody has",
        Some("one that the registry lacks is left out"),
        &set(ROOT, &["optionalDependencies", "never-there"], json!("^4.0.0")),
    );
    add("an optional package less", None, &set(ROOT, &["optionalDependencies"], Value::Null));
    add(
        "another alias of the same",
        None,
        &set(ROOT, &["dependencies", "aliased"], json!("npm:zod@^3.0.0")),
    );
    add(
        "an alias of another",
        None,
        &set(ROOT, &["dependencies", "aliased"], json!("npm:extra@1.0.0")),
    );
    add("moved to development", None, &|files| {
        files.set(ROOT, leaf, Value::Null);
        files.set(ROOT, &["devDependencies", "leaf"], json!("1.1.0"));
    });
    add("moved to optional", None, &|files| {
        files.set(ROOT, leaf, Value::Null);
        files.set(ROOT, &["optionalDependencies", "leaf"], json!("1.1.0"));
    });
    add("a workspace more", None, &|files| {
        files.write("packages/new/package.json", r#"{"name":"new","version":"1.0.0"}"#);
    });
    let gone = (!is_old).then_some("1.4 passes over workspaces that are not in the checkout");
    add("a workspace less", gone, &|files| {
        files.remove(UI);
        files.set(ROOT, &["dependencies", "ui"], Value::Null);
    });
    add(
        "a workspace that is no longer depended on",
        None,
        &set(ROOT, &["dependencies", "ui"], Value::Null),
    );
    add("another version of the app and the workspace", None, &|files| {
        files.set(ROOT, &["version"], json!("2.0.0"));
        files.set(UI, &["version"], json!("2.0.0"));
    });
    add("another range of a workspace", None, &set(UI, &["dependencies", "middle"], json!("1.x")));
    add("a peer less that a workspace needs", None, &set(ROOT, &["peerDependencies"], Value::Null));
    add("a peer more", None, &set(ROOT, &["peerDependencies", "zod"], json!("^4.0.0")));
    add("an optional peer more", None, &|files| {
        files.set(ROOT, &["peerDependencies", "zod"], json!("^4.0.0"));
        files.set(ROOT, &["peerDependenciesMeta"], json!({ "zod": { "optional": true } }));
    });
    add(
        "no overrides",
        is_old.then_some("what the ranges would choose without it is not computed"),
        &set(ROOT, &["overrides"], Value::Null),
    );
    add(
        "an override of what is not there",
        None,
        &set(ROOT, &["overrides", "never-there"], json!("1.0.0")),
    );
    add("an override that fits", None, &set(ROOT, &["overrides", "middle"], json!("^1.0.0")));
    add(
        "an override that does not fit",
        None,
        &set(ROOT, &["overrides", "middle"], json!("1.0.0")),
    );
    add("the overrides as resolutions", None, &|files| {
        files.set(ROOT, &["overrides"], Value::Null);
        files.set(ROOT, &["resolutions"], json!({ "other-leaf": "1.0.0" }));
    });
    add("trusted ones", None, &set(ROOT, &["trustedDependencies"], json!(["leaf"])));
    add("a catalog that nothing uses", None, &set(ROOT, &["catalog"], json!({ "zod": "^4.0.0" })));
    add("windows line ends", None, &|files| {
        let text = files.text(LOCKFILE).replace('\n', "\r\n");
        files.write(LOCKFILE, text);
    });
    compare(&world, &manager, &cases);
}

fn catalogs(version: &str) {
    let world: Arc<World> = World::shared();
    let manager = bun(version);
    let manifest = json!({
        "name": "app",
        "workspaces": { "packages": ["packages/*"], "catalog": { "leaf": "1.1.0" }, "catalogs": { "old": { "react": "^17.0.0" } } },
        "dependencies": { "leaf": "catalog:", "react": "catalog:old" },
    });
    let ui = json!({ "name": "ui", "version": "1.0.0", "dependencies": { "leaf": "catalog:" } });
    let files = Files::new(&[(ROOT, &manifest.to_string()), (UI, &ui.to_string())]);
    let base =
        manager.run(&world, &files, &["bun", "install", "--lockfile-only", "--save-text-lockfile"]);
    let set = |name: &str, keys: &[&str], to: Value| {
        case(name, &base, |files| {
            files.set(ROOT, keys, to);
        })
    };
    let cases = [
        case("nothing", &base, |_| {}),
        set("another range that fits", &["workspaces", "catalog", "leaf"], json!("^1.0.0")),
        set("another range that does not", &["workspaces", "catalog", "leaf"], json!("^2.0.0")),
        set("of a named catalog", &["workspaces", "catalogs", "old", "react"], json!("^18.0.0")),
        set("out of the catalog", &["dependencies", "react"], json!("^17.0.0")),
        set("into another", &["dependencies", "react"], json!("^18.0.0")),
    ];
    compare(&world, &manager, &cases);
}

#[test]
fn of_1_2() {
    mutations("1.2.23");
}

#[test]
fn of_1_4() {
    mutations("1.4.5");
}

#[test]
fn catalogs_of_1_4() {
    catalogs("1.4.5");
}
