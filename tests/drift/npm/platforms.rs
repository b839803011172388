//! Optional packages of platforms that the lockfile lacks.

use serde_json::Value;

use super::{Mutation, Run, run};
use crate::{
    files::{Files, set},
    world::World,
};

fn base(_: &World) -> Files {
    Files::new(&[(
        "package.json",
        r#"{"name":"app","version":"1.0.0","dependencies":{"native":"^1.0.0"}}"#,
    )])
}

/// Its registry lacks one of the platforms.
fn half(_: &World) -> Files {
    Files::new(&[(
        "package.json",
        r#"{"name":"app","version":"1.0.0","dependencies":{"half-native":"^1.0.0"}}"#,
    )])
}

fn without(name: &'static str, packages: &'static [&'static str]) -> Mutation {
    Mutation::new(name, move |files| {
        files.json("package-lock.json", |lock| {
            for package in packages {
                set(lock, &["packages", &format!("node_modules/@native/{package}")], Value::Null);
            }
        });
    })
}

fn mutations(_: &World) -> Vec<Mutation> {
    vec![
        Mutation::new("nothing", |_| {}),
        without("other platforms missing", &["darwin-arm64", "win32-x64"]),
        without("the build's platform missing", &["linux-x64"]),
        without("all missing", &["darwin-arm64", "win32-x64", "linux-x64", "linux-arm64"]),
    ]
}

#[test]
fn platform_packages_from_npm_10_on() {
    run(
        base,
        &mutations,
        &[Run::all("10.9.4", "3"), Run::all("11.6.2", "3"), Run::all("11.12.0", "3")],
    );
}

#[test]
fn platform_packages_that_the_registry_lacks() {
    let nothing = |_: &World| vec![Mutation::new("nothing", |_| {})];
    run(
        half,
        &nothing,
        &[Run::all("10.9.4", "3"), Run::all("11.6.2", "3"), Run::all("11.12.0", "3")],
    );
}
