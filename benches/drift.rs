//! What deciding drift costs: reading a lockfile of 1,000 packages, its tree, and every edge.

use std::{fs, hint::black_box, path::Path};

use deployfix::commands::count_drift;
use serde_json::{Map, Value, json};

const PACKAGES: usize = 1_000;

fn main() {
    divan::main();
}

/// An npm project whose packages need four others each, every tenth one a version of its own.
fn project(folder: &Path) {
    let mut packages = Map::new();
    let mut direct = Map::new();
    for index in 0..PACKAGES {
        let name = format!("package-{index}");
        let needs = |step: usize| (index * step + step) % PACKAGES;
        let dependencies: Map<String, Value> = [3, 7, 11, 13]
            .iter()
            .map(|step| (format!("package-{}", needs(*step)), json!("^1.0.0 || ^2.0.0-rc.1")))
            .collect();
        let entry = json!({
            "version": format!("1.{index}.0"),
            "resolved": format!("https://registry.example.com/{name}/-/{name}-1.{index}.0.tgz"),
            "integrity": format!("sha512-{}==", "A".repeat(86)),
            "license": "MIT",
            "dependencies": dependencies,
            "peerDependencies": { "package-0": "*" },
            "engines": { "node": ">=18" },
        });
        if index % 10 == 0 {
            let place = format!("node_modules/{name}/node_modules/package-{}", needs(3));
            packages.insert(
                place,
                json!({ "version": "1.0.5", "resolved": "https://registry.example.com/x.tgz" }),
            );
        }
        packages.insert(format!("node_modules/{name}"), entry);
        if index < 60 {
            direct.insert(name, json!("^1.0.0"));
        }
    }
    packages.insert(String::new(), json!({ "name": "app", "dependencies": direct }));
    let lock =
        json!({ "name": "app", "lockfileVersion": 3, "requires": true, "packages": packages });
    let manifest = json!({ "name": "app", "dependencies": direct });
    fs::write(
        folder.join("package-lock.json"),
        serde_json::to_string_pretty(&lock).unwrap_or_default(),
    )
    .and_then(|()| fs::write(folder.join("package.json"), manifest.to_string()))
    .unwrap_or_else(|error| panic!("{error}"));
}

#[divan::bench]
fn npm_lockfile_of_1000_packages(bencher: divan::Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    project(folder.path());
    assert_eq!(count_drift(folder.path()), 0, "the generated lockfile is in sync");
    bencher.bench_local(|| count_drift(black_box(folder.path())));
}
