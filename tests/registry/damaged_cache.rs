//! What a manager kept from an earlier installation is damaged.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{
    app::{Manager, app, registry},
    faults::{Ends, ends},
    proxy::Proxy,
};

/// Changes one byte in the middle of every file below a folder that the filter takes; how many there were.
fn damage(folder: &Path, takes: impl Fn(&Path) -> bool) -> usize {
    let mut damaged = 0;
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if takes(&path) {
                let mut bytes = fs::read(&path).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                fs::remove_file(&path).unwrap();
                fs::write(&path, bytes).unwrap();
                // Read in pnpm 9.15: it checks only what was written more than 100 ms after its own check, and a whole
                // installation of tiny packages takes less.
                let later = SystemTime::now() + Duration::from_secs(10);
                File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
                damaged += 1;
            }
        }
    }
    damaged
}

/// Installs, damages what was kept, and installs again.
fn again(manager: Manager, kept: &str, takes: impl Fn(&Path) -> bool) -> serde_json::Value {
    let proxy = Proxy::start(registry().port(), &[]);
    let project = app(manager, &proxy.url());
    project.run(&["install", "--verify", "off"]).exits(0);
    let home = project.root().parent().unwrap().join("home").join(kept);
    assert!(damage(&home, takes) > 0);
    fs::remove_dir_all(project.root().join("node_modules")).unwrap();
    let ran = project.run(&["install", "--verify", "off"]);
    let attempts = ran.phase("install")["attempts"].clone();
    ends(manager, &project, ran, Ends::Well);
    attempts
}

/// npm takes it out itself and asks again.
#[test]
fn content_of_npm_s_cache() {
    again(Manager::Npm, "npm/_cacache/content-v2", |_| true);
}

/// pnpm compares what was written since with its checksum.
#[test]
fn files_of_pnpm_s_store() {
    again(Manager::Pnpm, "store", |path| {
        path.to_string_lossy().contains("/files/") && path.extension().is_none()
    });
}

/// It does not look at what seems older than its own check, and then cannot read it.
#[test]
fn a_manifest_of_pnpm_s_store_that_pnpm_takes_for_whole() {
    let project = app(Manager::Pnpm, &registry().url());
    project.run(&["install", "--verify", "off"]).exits(0);
    let store = project.root().parent().unwrap().join("home/store");
    let earlier = SystemTime::now() - Duration::from_hours(1);
    for entry in walkdir::WalkDir::new(store).into_iter().map(Result::unwrap) {
        let is_index = entry.file_name().to_string_lossy().ends_with("-index.json");
        let bytes =
            if entry.file_type().is_file() { fs::read(entry.path()).unwrap() } else { vec![] };
        if !is_index && bytes.starts_with(b"{") {
            fs::remove_file(entry.path()).unwrap();
            fs::write(entry.path(), [b"#", &bytes[1..]].concat()).unwrap();
            File::options().write(true).open(entry.path()).unwrap().set_modified(earlier).unwrap();
        }
    }
    fs::remove_dir_all(project.root().join("node_modules")).unwrap();
    let ran = project.run(&["install", "--verify", "off"]);
    let finding = ran.finding("install", "dependency/integrity-mismatch").to_string();
    assert!(finding.contains("pnpm store path"), "{finding}");
    assert!(finding.contains("nothing of the store was removed"), "{finding}");
    ends(Manager::Pnpm, &project, ran, Ends::As("dependency/integrity-mismatch", 20, 1));
}

/// Yarn refuses what is in its cache, and never replaces it.
#[test]
fn archives_of_yarn_4() {
    let attempts =
        again(Manager::Berry, "berry/cache", |path| path.to_string_lossy().contains("tiny-leaf"));
    assert_eq!(attempts[0]["finding"]["id"], "dependency/integrity-mismatch", "{attempts:#}");
    let reason = attempts[0]["decision"]["reason"].as_str().unwrap();
    assert!(reason.contains("removes `tiny-leaf-npm-1.0.0-"), "{reason}");
}
