//! A disk that is really full.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    app::{Manager, app, registry},
    proxy::Proxy,
    support::Project,
};

/// A small file system of its own over the app, gone with its owner.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Moves the files of the app onto it; nothing where mounting is not allowed.
    fn over(app: &Path, size: &str) -> Option<Self> {
        let aside = app.with_file_name("aside");
        std::fs::rename(app, &aside).unwrap();
        std::fs::create_dir(app).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(app)
            .status()
            .is_ok_and(|status| status.success());
        let copied = Command::new("cp").arg("-a").arg(aside.join(".")).arg(app).status().unwrap();
        assert!(copied.success());
        mounted.then(|| Self(app.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn installs_on(manager: Manager, size: &str) -> Option<(Project, SmallDisk, crate::support::Ran)> {
    let proxy = Proxy::start(registry().port(), &[]);
    let project = app(manager, &proxy.url());
    let Some(disk) = SmallDisk::over(&project.root(), size) else {
        println!("skipped: a file system cannot be mounted here");
        return None;
    };
    let ran = project.run(&["install"]);
    Some((project, disk, ran))
}

/// npm 10 only warns and exits with 0; such an installation is none.
#[test]
fn an_installation_on_a_full_disk_never_passes() {
    for manager in [Manager::Npm10, Manager::Npm, Manager::Pnpm, Manager::Yarn, Manager::Berry] {
        let Some((_project, _disk, ran)) = installs_on(manager, "80k") else { return };
        assert!(ran.stdout.contains("dependency/disk-full"), "{manager:?}\n{}", ran.stdout);
        assert_eq!(ran.code, 20, "{manager:?}\n{}", ran.stdout);
    }
}
