//! What a manager kept from an earlier installation is damaged.

use std::{fs, path::Path};

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
                damaged += 1;
            }
        }
    }
    damaged
}

/// Installs, damages what was kept, and installs again.
fn again(manager: Manager, kept: &str, takes: impl Fn(&Path) -> bool) {
    let proxy = Proxy::start(registry().port(), &[]);
    let project = app(manager, &proxy.url());
    project.run(&["install", "--verify", "off"]).exits(0);
    let home = project.root().parent().unwrap().join("home").join(kept);
    assert!(damage(&home, takes) > 0);
    fs::remove_dir_all(project.root().join("node_modules")).unwrap();
    let ran = project.run(&["install", "--verify", "off"]);
    ends(manager, &project, ran, Ends::Well);
}

#[test]
fn content_of_npm_s_cache() {
    again(Manager::Npm, "npm/_cacache/content-v2", |_| true);
}

#[test]
fn files_of_pnpm_s_store() {
    again(Manager::Pnpm, "store", |path| {
        path.to_string_lossy().contains("/files/") && path.extension().is_none()
    });
}

#[test]
fn archives_of_yarn_4() {
    again(Manager::Berry, "berry/cache", |path| path.to_string_lossy().contains("tiny-leaf"));
}
