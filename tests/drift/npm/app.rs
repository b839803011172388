//! One app with every kind of dependency.

use serde_json::{Value, json};

use super::{Mutation, Run, run};
use crate::{
    files::{Files, set},
    world::{World, archive},
};

const BELOW_THE_ROOT: &str =
    "version 1 does not say what a package asks for, so only the root's own manifest is compared";
const LEFT_OUT: &str =
    "an optional package that cannot be loaded is left out, and the registry is not asked";
const ARCHIVE: &str = "the archive may hold the locked version";
const REPOSITORY: &str = "the repository may hold the locked version there";
const CLONED: &str =
    "version 1 does not tell the version of what is from git; npm clones to see it";
const UNSUPPORTED: &str = "npm stops at what is asked for, whatever is locked";
const FORGED: &str = "the entry contradicts itself, and npm goes by the integrity";

fn base(world: &World) -> Files {
    let manifest = json!({
        "name": "app", "version": "1.0.0", "private": true,
        "dependencies": {
            "@scope/plain": "^1.0.0",
            "by-alias": "^1.0.0",
            "bundler": "1.0.0",
            "carries-peer": "^1.0.0",
            "folder": "file:./libs/folder",
            "from-git": format!("{}#v1.0.0", world.git_url()),
            "native": "^1.0.0",
            "plain-alias": "npm:leaf@^1.0.0",
            "react": "^18.2.0",
            "react-dom": "^18.2.0",
            "tagged": "npm:leaf@latest",
            "tarball": "file:vendored/tarball-1.0.0.tgz",
            "top": "^1.0.0",
            "wishes-peer": "^1.0.0"
        },
        "devDependencies": { "other-leaf": "^1.0.0", "pre": "1.0.0-beta.2" },
        "optionalDependencies": { "extra": "^1.0.0" },
        "overrides": { "middle": { "leaf": "1.1.0" } }
    });
    let mut files = Files::new(&[
        ("package.json", &serde_json::to_string_pretty(&manifest).unwrap()),
        (
            "libs/folder/package.json",
            r#"{"name":"folder","version":"1.0.0","dependencies":{"leaf":"^1.0.0"}}"#,
        ),
        ("libs/second/package.json", r#"{"name":"folder","version":"1.0.0"}"#),
    ]);
    files.write("vendored/tarball-1.0.0.tgz", archive("tarball", "1.0.0"));
    files.write("vendored/tarball-2.0.0.tgz", archive("tarball", "2.0.0"));
    files
}

/// Sets a key of the manifest.
fn manifest(name: &'static str, keys: &'static [&'static str], to: Value) -> Mutation {
    Mutation::new(name, move |files| {
        files.set("package.json", keys, to.clone());
    })
}

/// Edits the lockfile's entry of a package at the top, in whichever form; in version 2 in both.
fn locked(
    name: &'static str,
    package: &'static str,
    edit: impl Fn(&mut Value) + Send + Sync + 'static,
) -> Mutation {
    Mutation::new(name, move |files| {
        files.json("package-lock.json", |lock| {
            let place = format!("node_modules/{package}");
            for (table, key) in [("packages", place.as_str()), ("dependencies", package)] {
                if lock[table][key].is_object() {
                    edit(&mut lock[table][key]);
                    if lock[table][key].is_null() {
                        set(&mut lock[table], &[key], Value::Null);
                    }
                }
            }
        });
    })
}

fn moved(
    name: &'static str,
    package: &'static str,
    from: &'static str,
    to: &'static str,
) -> Mutation {
    Mutation::new(name, move |files| {
        files.json("package.json", |manifest| {
            let range = manifest[from][package].clone();
            set(manifest, &[from, package], Value::Null);
            set(manifest, &[to, package], range);
        });
    })
}

fn mutations(world: &World) -> Vec<Mutation> {
    let url = world.git_url();
    let commit = world.git_commit("v1.0.0");
    let other_commit = world.git_commit("v2.0.0");
    let git = |name, reference: String| {
        let url = format!("{url}{reference}");
        Mutation::new(name, move |files| {
            files.set("package.json", &["dependencies", "from-git"], json!(url));
        })
    };
    vec![
        Mutation::new("nothing", |_| {}),
        // Ranges.
        manifest("added", &["dependencies", "zod"], json!("^3.0.0")),
        manifest("added that another needs already", &["dependencies", "leaf"], json!("^1.0.0")),
        manifest(
            "added that another needs in another version",
            &["dependencies", "leaf"],
            json!("^2.0.0"),
        ),
        manifest("added as optional", &["optionalDependencies", "zod"], json!("^3.0.0"))
            .undecided("npm@8 npm@10 npm@11.0", LEFT_OUT),
        manifest(
            "added as optional that does not exist",
            &["optionalDependencies", "no-such-package"],
            json!("^1.0.0"),
        )
        .undecided("npm@8 npm@10 npm@11.0", LEFT_OUT),
        manifest("added for development", &["devDependencies", "zod"], json!("^3.0.0")),
        manifest("added as peer", &["peerDependencies", "zod"], json!("^3.0.0")),
        manifest("removed", &["dependencies", "@scope/plain"], Value::Null),
        manifest("removed that another needs", &["devDependencies", "other-leaf"], Value::Null),
        manifest("range within", &["dependencies", "top"], json!("1.x")),
        manifest("exact within", &["dependencies", "top"], json!("1.0.0")),
        manifest("wider range", &["dependencies", "@scope/plain"], json!(">=1.0.0")),
        manifest("range outside", &["dependencies", "@scope/plain"], json!("^2.0.0")),
        manifest("exact outside", &["dependencies", "@scope/plain"], json!("1.0.0")),
        manifest("range of a peer outside", &["dependencies", "react"], json!("^17.0.0")),
        manifest(
            "range of development outside",
            &["devDependencies", "other-leaf"],
            json!("1.0.0"),
        ),
        manifest("optional range outside", &["optionalDependencies", "extra"], json!("^2.0.0"))
            .undecided("npm@8 npm@10 npm@11.0", LEFT_OUT),
        manifest("star", &["dependencies", "top"], json!("*")),
        manifest("empty", &["dependencies", "top"], json!("")),
        manifest("x", &["dependencies", "top"], json!("x")),
        manifest("latest", &["dependencies", "top"], json!("latest")),
        manifest(
            "latest where another version is locked",
            &["dependencies", "@scope/plain"],
            json!("latest"),
        ),
        manifest("hyphen range", &["dependencies", "top"], json!("1.0 - 2")),
        manifest("loose version", &["dependencies", "top"], json!("v1.0.0")),
        manifest("blanks in the range", &["dependencies", "top"], json!(" >= 1.0.0   < 2 ")),
        manifest("alternatives", &["dependencies", "top"], json!("^7.0.0 || ^1.0.0")),
        manifest("garbage beside a range", &["dependencies", "top"], json!("^1.0.0 foo")),
        manifest("build metadata", &["dependencies", "top"], json!("1.0.0+build.5")),
        // Pre-releases.
        manifest("pre-release range", &["devDependencies", "pre"], json!("^1.0.0-beta.1")),
        manifest("release range over a pre-release", &["devDependencies", "pre"], json!("^1.0.0")),
        manifest("star over a pre-release", &["devDependencies", "pre"], json!("*")),
        manifest("x over a pre-release", &["devDependencies", "pre"], json!("x")),
        manifest("later pre-release", &["devDependencies", "pre"], json!(">=1.1.0-rc.1")),
        // Kinds.
        moved("moved to development", "top", "dependencies", "devDependencies"),
        moved("moved to dependencies", "other-leaf", "devDependencies", "dependencies"),
        moved("moved to optional", "top", "dependencies", "optionalDependencies"),
        moved("moved from optional", "extra", "optionalDependencies", "dependencies"),
        moved("moved to peers", "react", "dependencies", "peerDependencies"),
        Mutation::new("twice with different ranges", |files| {
            files.set("package.json", &["devDependencies", "@scope/plain"], json!("^2.0.0"));
        }),
        Mutation::new("twice, optional wins", |files| {
            files.set("package.json", &["optionalDependencies", "@scope/plain"], json!("^1.1.0"));
        }),
        // Peers.
        manifest("optional peer", &["peerDependencies", "zod"], json!("^3.0.0")),
        Mutation::new("optional peer by meta", |files| {
            files.set("package.json", &["peerDependencies", "zod"], json!("^3.0.0"));
            files.set(
                "package.json",
                &["peerDependenciesMeta", "zod"],
                json!({ "optional": true }),
            );
        }),
        manifest("added with a peer that fits", &["dependencies", "needs-peer"], json!("^1.0.0")),
        manifest(
            "added with a peer that does not fit",
            &["dependencies", "needs-old-peer"],
            json!("^1.0.0"),
        ),
        Mutation::new("peers ignored by .npmrc", |files| {
            files.write(".npmrc", "legacy-peer-deps=true\n");
            files.set("package.json", &["peerDependencies", "zod"], json!("^3.0.0"));
        }),
        // Aliases.
        manifest("alias renamed", &["dependencies", "plain-alias"], Value::Null),
        Mutation::new("alias under another name", |files| {
            files.set("package.json", &["dependencies", "plain-alias"], Value::Null);
            files.set("package.json", &["dependencies", "new-alias"], json!("npm:leaf@^1.0.0"));
        }),
        manifest("alias range outside", &["dependencies", "plain-alias"], json!("npm:leaf@^2.0.0")),
        manifest(
            "alias of another package",
            &["dependencies", "plain-alias"],
            json!("npm:other-leaf@^1.0.0"),
        ),
        manifest("alias no more", &["dependencies", "plain-alias"], json!("^1.0.0")),
        manifest("alias made", &["dependencies", "top"], json!("npm:leaf@^1.0.0")),
        manifest("alias of an alias", &["dependencies", "plain-alias"], json!("npm:x@npm:leaf@1"))
            .undecided("v", UNSUPPORTED),
        // Other sources.
        git("git tag of the same version", "#v1.0.0".into()),
        git("git commit of the same version", format!("#{commit}")),
        git("git branch of the same version", "#old".into()),
        git("git tag of another version", "#v2.0.0".into()).undecided("npm@11.17", REPOSITORY),
        git("git commit of another version", format!("#{other_commit}")),
        git("git without a reference", String::new()).undecided("npm@11.17", REPOSITORY),
        git("git range within", "#semver:^1.0.0".into()),
        git("git range outside", "#semver:^2.0.0".into()).undecided("v1", CLONED),
        manifest("git to the registry", &["dependencies", "from-git"], json!("^1.0.0")),
        manifest(
            "git to another repository",
            &["dependencies", "from-git"],
            json!("git+file:///no/such/repository.git"),
        )
        .undecided("v", REPOSITORY),
        manifest(
            "registry to an archive",
            &["dependencies", "top"],
            json!("file:vendored/tarball-1.0.0.tgz"),
        ),
        manifest(
            "archive of another version",
            &["dependencies", "tarball"],
            json!("file:vendored/tarball-2.0.0.tgz"),
        )
        .undecided("v", ARCHIVE),
        manifest(
            "archive by another path to it",
            &["dependencies", "tarball"],
            json!("./vendored/../vendored/tarball-1.0.0.tgz"),
        ),
        manifest(
            "archive added",
            &["dependencies", "second"],
            json!("file:vendored/tarball-2.0.0.tgz"),
        ),
        manifest("folder changed", &["dependencies", "folder"], json!("file:libs/second")),
        manifest(
            "folder by another path to it",
            &["dependencies", "folder"],
            json!("./libs/folder/"),
        ),
        manifest("folder added", &["dependencies", "second"], json!("file:libs/second")),
        manifest("folder to the registry", &["dependencies", "folder"], json!("^1.0.0")),
        Mutation::new("folder's version", |files| {
            files.set("libs/folder/package.json", &["version"], json!("9.0.0"));
        }),
        Mutation::new("folder's range outside", |files| {
            files.set("libs/folder/package.json", &["dependencies", "leaf"], json!("^2.0.0"));
        })
        .undecided("v1", BELOW_THE_ROOT),
        Mutation::new("folder's new dependency", |files| {
            files.set("libs/folder/package.json", &["dependencies", "zod"], json!("^3.0.0"));
        })
        .undecided("v1", BELOW_THE_ROOT),
        manifest("workspace protocol", &["dependencies", "top"], json!("workspace:*"))
            .undecided("v", UNSUPPORTED),
        manifest("link protocol", &["dependencies", "folder"], json!("link:./libs/folder"))
            .undecided("v", UNSUPPORTED),
        // Overrides.
        manifest("override added of a deeper one", &["overrides", "middle"], json!("1.0.0"))
            .undecided("v1", BELOW_THE_ROOT),
        manifest(
            "override added that changes nothing",
            &["overrides", "needs-peer"],
            json!("1.0.0"),
        ),
        manifest("override changed", &["overrides", "middle", "leaf"], json!("1.2.0")),
        manifest("override removed", &["overrides"], Value::Null),
        manifest("override by version that fits", &["overrides", "middle@^1.0.0"], json!("1.0.0")),
        manifest(
            "override by version that does not fit",
            &["overrides", "middle@^9.0.0"],
            json!("1.0.0"),
        ),
        manifest("override by reference", &["overrides", "other-leaf"], json!("$other-leaf")),
        manifest("override against a direct dependency", &["overrides", "top"], json!("2.0.0")),
        manifest("resolutions", &["resolutions"], json!({ "leaf": "2.0.0" })),
        // Fields without a say.
        manifest("version field", &["version"], json!("3.0.0")),
        manifest("name field", &["name"], json!("renamed")),
        manifest("engines", &["engines"], json!({ "node": ">=99" })),
        manifest("scripts", &["scripts"], json!({ "build": "true" })),
        manifest("bundled", &["bundleDependencies"], json!(["top"])),
        manifest("no dependencies any more", &["dependencies"], Value::Null),
        // The lockfile.
        locked("entry removed", "top", |entry| *entry = Value::Null),
        locked("entry of another's dependency removed", "middle", |entry| *entry = Value::Null)
            .undecided("v1", BELOW_THE_ROOT),
        locked("entry of development removed", "other-leaf", |entry| *entry = Value::Null),
        locked("entry of an optional one removed", "extra", |entry| *entry = Value::Null)
            .undecided("npm@8 npm@10 npm@11.0", LEFT_OUT),
        locked("entry of a peer removed", "react", |entry| *entry = Value::Null),
        locked("version changed to what another takes", "leaf", |entry| {
            entry["version"] = json!("1.1.0");
        }),
        locked("version changed to what one does not take", "leaf", |entry| {
            entry["version"] = json!("1.0.0");
        })
        .undecided("v", FORGED),
        locked("version changed outside", "leaf", |entry| entry["version"] = json!("2.0.0"))
            .undecided("v", FORGED),
        locked("version of the root's changed outside", "top", |entry| {
            entry["version"] = json!("2.0.0")
        }),
        locked("version removed", "top", |entry| set(entry, &["version"], Value::Null)),
        locked("integrity removed", "top", |entry| set(entry, &["integrity"], Value::Null)),
        locked("address removed", "top", |entry| set(entry, &["resolved"], Value::Null)),
        locked("address of a tagged one removed", "tagged", |entry| {
            set(entry, &["resolved"], Value::Null)
        }),
        locked("requirement added", "middle", |entry| {
            let key = if entry["requires"].is_object() { "requires" } else { "dependencies" };
            set(entry, &[key, "zod"], json!("^3.0.0"));
        }),
        locked("requirement changed outside", "middle", |entry| {
            let key = if entry["requires"].is_object() { "requires" } else { "dependencies" };
            set(entry, &[key, "leaf"], json!("^2.0.0"));
        }),
        locked("requirement removed", "middle", |entry| {
            let key = if entry["requires"].is_object() { "requires" } else { "dependencies" };
            set(entry, &[key], Value::Null);
        }),
        Mutation::new("root entry removed", |files| {
            files.json("package-lock.json", |lock| {
                if lock["packages"].is_object() {
                    set(lock, &["packages", ""], Value::Null);
                }
            });
        }),
        Mutation::new("root entry of another project", |files| {
            files.json("package-lock.json", |lock| {
                if lock["packages"].is_object() {
                    lock["packages"][""]["dependencies"] = json!({ "leaf": "^7.0.0" });
                }
            });
        }),
        Mutation::new("requires removed", |files| {
            files.json("package-lock.json", |lock| set(lock, &["requires"], Value::Null));
        }),
        Mutation::new("as npm-shrinkwrap.json", |files| {
            files.rename("package-lock.json", "npm-shrinkwrap.json");
        }),
        Mutation::new("an old npm-shrinkwrap.json beside", |files| {
            files.write("npm-shrinkwrap.json", r#"{"lockfileVersion":3,"packages":{"":{}}}"#);
        }),
        Mutation::new("carriage returns and a byte order mark", |files| {
            let text = files.text("package-lock.json").replace('\n', "\r\n");
            files.write("package-lock.json", format!("\u{feff}{text}"));
        }),
        Mutation::new("no packages at all", |files| {
            files.write(
                "package-lock.json",
                r#"{"name":"app","lockfileVersion":3,"requires":true,"packages":{}}"#,
            );
        }),
    ]
}

#[test]
fn an_app_under_npm_11() {
    run(base, &mutations, &[Run::all("11.17.0", "3")]);
}

#[test]
fn an_app_under_older_npm() {
    run(
        base,
        &mutations,
        &[
            Run::some("10.9.4", "2", 0, 3),
            Run::some("8.19.4", "1", 1, 3),
            Run::some("10.9.4", "3", 2, 3),
        ],
    );
}
