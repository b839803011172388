//! Real package managers of exact versions, installed once from the configured registry.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder of a package's programs, to be put in front of `PATH`: `node@22.21.1`, `pnpm@9.15.9`, `@yarnpkg/cli-dist@4.6.0`.
///
/// It is kept below the target folder, so that one installation serves every run of the tests.
pub fn package(specification: &str) -> PathBuf {
    let folder = kept().join(specification.replace(['/', '@'], "_"));
    let programs = folder.join("node_modules/.bin");
    exclusively(&folder.with_extension("lock"), || {
        if folder.join("complete").is_file() {
            return;
        }
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("package.json"), r#"{"private":true}"#).unwrap();
        npm_install(&folder, &[specification]);
        fs::write(folder.join("complete"), "").unwrap();
    });
    programs
}

/// The archive of a package as the machine's registry sends it, fetched once.
pub fn archive(specification: &str) -> PathBuf {
    let folder = kept().join(format!("archive_{}", specification.replace(['/', '@'], "_")));
    exclusively(&folder.with_extension("lock"), || {
        if folder.join("complete").is_file() {
            return;
        }
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let output = Command::new("npm")
            .args(["pack", specification])
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(folder.join("complete"), "").unwrap();
    });
    let mut files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|kind| kind == "tgz")).unwrap()
}

/// Installs into a folder with the npm of the machine.
pub fn npm_install(folder: &Path, packages: &[&str]) {
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
        .args(packages)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm install {packages:?} in {}: {error}", folder.display());
}

/// Where programs that the tests fetch are kept between runs.
pub fn kept() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("programs");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs something while no other process or thread of the tests runs it.
pub fn exclusively<T>(lock: &Path, run: impl FnOnce() -> T) -> T {
    let file = File::create(lock).unwrap();
    file.lock().unwrap();
    run()
}
