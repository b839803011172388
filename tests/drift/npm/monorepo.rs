//! Workspaces.

use serde_json::{Value, json};

use super::{Mutation, Run, run};
use crate::{
    files::{Files, set},
    world::World,
};

fn base(_: &World) -> Files {
    Files::new(&[
        (
            "package.json",
            r#"{"name":"root","version":"1.0.0","private":true,"workspaces":["apps/*","packages/*"],"dependencies":{"react":"^18.2.0"},"overrides":{"other-leaf":"1.0.0"}}"#,
        ),
        (
            "apps/web/package.json",
            r#"{"name":"web","version":"1.0.0","dependencies":{"ui":"*","leaf":"^2.0.0","top":"^1.0.0"},"devDependencies":{"extra":"^1.0.0"}}"#,
        ),
        (
            "packages/ui/package.json",
            r#"{"name":"ui","version":"1.0.0","dependencies":{"middle":"^1.0.0"},"peerDependencies":{"react":"^18.0.0"}}"#,
        ),
        ("packages/util/package.json", r#"{"name":"@repo/util","version":"1.0.0"}"#),
    ])
}

fn member(
    name: &'static str,
    file: &'static str,
    keys: &'static [&'static str],
    to: Value,
) -> Mutation {
    Mutation::new(name, move |files| {
        files.set(file, keys, to.clone());
    })
}

const WEB: &str = "apps/web/package.json";
const UI: &str = "packages/ui/package.json";

fn mutations(_: &World) -> Vec<Mutation> {
    vec![
        Mutation::new("nothing", |_| {}),
        member("range within", WEB, &["dependencies", "top"], json!("1.0.0")),
        member("range outside", WEB, &["dependencies", "leaf"], json!("^1.0.0")),
        member("dependency added", WEB, &["dependencies", "zod"], json!("^3.0.0")),
        member(
            "dependency added that is at the root",
            WEB,
            &["dependencies", "react"],
            json!("^18.0.0"),
        ),
        member(
            "dependency added for development",
            WEB,
            &["devDependencies", "zod"],
            json!("^3.0.0"),
        ),
        member("optional dependency added", WEB, &["optionalDependencies", "zod"], json!("^3.0.0"))
            .undecided("npm@8 npm@10 npm@11.0", "an optional package that cannot be loaded is left out, and the registry is not asked"),
        member("dependency removed", WEB, &["dependencies", "top"], Value::Null),
        member(
            "dependency of development outside",
            WEB,
            &["devDependencies", "extra"],
            json!("^2.0.0"),
        ),
        member("another workspace by range within", WEB, &["dependencies", "ui"], json!("^1.0.0")),
        member("another workspace by range outside", WEB, &["dependencies", "ui"], json!("^2.0.0")),
        member(
            "another workspace by path",
            WEB,
            &["dependencies", "ui"],
            json!("file:../../packages/ui"),
        ),
        member("another workspace added", WEB, &["dependencies", "@repo/util"], json!("*")),
        member("workspace protocol", WEB, &["dependencies", "ui"], json!("workspace:*")).undecided("v", "npm stops at what is asked for, whatever is locked"),
        member("peer outside", UI, &["peerDependencies", "react"], json!("^17.0.0")).undecided("v", "npm may settle a conflict of peers, or stop at it"),
        member("peer added", UI, &["peerDependencies", "zod"], json!("^3.0.0")),
        member("version of a workspace", UI, &["version"], json!("1.2.0")),
        member(
            "version of a workspace outside what another asks",
            UI,
            &["version"],
            json!("2.0.0"),
        ),
        Mutation::new("workspace added", |files| {
            files.write("packages/new/package.json", r#"{"name":"new","version":"1.0.0"}"#);
        }),
        Mutation::new("workspace removed", |files| {
            files.remove("packages/util/package.json");
        }),
        Mutation::new("workspace removed that another needs", |files| {
            files.remove(UI);
        }),
        Mutation::new("workspace renamed", |files| {
            files.set("packages/util/package.json", &["name"], json!("@repo/tools"));
        }),
        Mutation::new("workspace moved", |files| {
            files.rename("packages/util", "packages/moved");
        }),
        Mutation::new("workspace without a name", |files| {
            files.set("packages/util/package.json", &["name"], Value::Null);
        }),
        Mutation::new("pattern removed", |files| {
            files.set("package.json", &["workspaces"], json!(["apps/*", "packages/ui"]));
        }),
        Mutation::new("workspaces as an object", |files| {
            files.set(
                "package.json",
                &["workspaces"],
                json!({ "packages": ["apps/*", "packages/*"] }),
            );
        }),
        Mutation::new("no workspaces any more", |files| {
            files.set("package.json", &["workspaces"], Value::Null);
        }),
        Mutation::new("override added for a workspace's", |files| {
            files.set("package.json", &["overrides", "middle"], json!("1.0.0"));
        }),
        Mutation::new("override changed", |files| {
            files.set("package.json", &["overrides", "other-leaf"], json!("1.1.0"));
        }),
        Mutation::new("override removed", |files| {
            files.set("package.json", &["overrides"], Value::Null);
        }),
        Mutation::new("entry of a workspace's dependency removed", |files| {
            files.json("package-lock.json", |lock| {
                set(lock, &["packages", "node_modules/top"], Value::Null)
            });
        }),
        Mutation::new("entry of a dependency's dependency removed", |files| {
            files.json("package-lock.json", |lock| {
                set(lock, &["packages", "node_modules/middle"], Value::Null)
            });
        }),
        Mutation::new(
            "entry of a dependency's dependency removed that only workspaces reach",
            |files| {
                files.json("package-lock.json", |lock| {
                    set(lock, &["packages", "node_modules/other-leaf"], Value::Null)
                });
            },
        ),
        Mutation::new("link removed", |files| {
            files.json("package-lock.json", |lock| {
                set(lock, &["packages", "node_modules/ui"], Value::Null)
            });
        }),
        Mutation::new("folder of a link removed", |files| {
            files.json("package-lock.json", |lock| {
                set(lock, &["packages", "packages/ui"], Value::Null)
            });
        }),
        Mutation::new("workspace's entry edited", |files| {
            files.json("package-lock.json", |lock| {
                lock["packages"]["packages/ui"]["dependencies"] = json!({ "zod": "^9.0.0" })
            });
        }),
    ]
}

#[test]
fn workspaces() {
    run(
        base,
        &mutations,
        &[Run::all("11.17.0", "3"), Run::some("10.9.4", "2", 0, 2), Run::some("8.19.4", "3", 1, 2)],
    );
}
