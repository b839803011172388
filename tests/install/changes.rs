//! Every kind of change is found, for every manager, and mended by a real installation.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use crate::installed::{ALL, Fixture, Kind, remove, replace};

/// What was done to a path, the line that must name it, and how it is undone.
struct Change<'a> {
    what: &'a str,
    path: &'a Path,
    make: Box<dyn Fn(&Path) + 'a>,
    /// Whether `--verify stat` cannot see it.
    content_alone: bool,
}

#[test]
fn npm() {
    tells_changes_from_what_is_the_same(Kind::Npm);
}

#[test]
fn pnpm() {
    tells_changes_from_what_is_the_same(Kind::Pnpm);
}

#[test]
fn yarn_classic() {
    tells_changes_from_what_is_the_same(Kind::YarnClassic);
}

#[test]
fn yarn_berry_with_node_modules() {
    tells_changes_from_what_is_the_same(Kind::BerryModules);
}

#[test]
fn yarn_berry_with_plug_and_play() {
    tells_changes_from_what_is_the_same(Kind::BerryPlugAndPlay);
}

#[test]
fn bun() {
    tells_changes_from_what_is_the_same(Kind::Bun);
}

#[test]
fn every_kind_has_its_test() {
    assert_eq!(ALL.len(), 6);
}

#[track_caller]
fn tells_changes_from_what_is_the_same(kind: Kind) {
    let fixture = Fixture::new(kind);
    let project = &fixture.project;
    let first = project.run(&["install"]).exits(0);
    assert!(first.stdout.contains("no earlier installation was recorded\n"), "{}", first.stdout);
    assert_eq!(first.phase("install")["notes"][0], "no earlier installation was recorded");
    let clean = fixture.tree();
    assert!(clean.len() >= 5, "{clean:#?}");

    let second = project.run(&["install"]).exits(0);
    let phase = second.phase("install");
    assert_eq!(phase["status"], "skipped", "{}", second.stdout);
    let files = phase["metrics"]["verifiedFiles"].as_u64().unwrap();
    assert!(files >= 4 && phase["metrics"]["verifiedBytes"].as_u64().unwrap() > 100);
    assert!(second.stdout.starts_with(&format!("skipped: verified {files} files, ")));
    assert_eq!(phase["attempts"].as_array().unwrap().len(), 0);
    let file = fixture.file();
    let shown = |path: &Path| path.strip_prefix(project.root()).unwrap().display().to_string();
    every_change_is_found(&fixture);

    // As Amplify's cache does: through an archive, with other inodes, and times in whole seconds.
    let archive = project.root().parent().unwrap().join("cache.tar");
    let places: Vec<_> = fixture.places().iter().map(|place| shown(place)).collect();
    let tar = |arguments: &[&str]| {
        let mut command = Command::new("tar");
        let status = command.args(arguments).current_dir(project.root()).status().unwrap();
        assert!(status.success());
    };
    let archive = archive.to_str().unwrap();
    let places: Vec<_> = places.iter().map(String::as_str).collect();
    tar(&[&["--format=ustar", "-cf", archive][..], &places].concat());
    fixture.remove_installation();
    assert!(fixture.foretold(&[]).contains("no earlier installation was recorded"));
    tar(&["-xf", archive]);
    for how in ["full", "stat"] {
        let foretold = fixture.foretold(&["--verify", how]);
        assert!(foretold.contains("skip the installation: verified"), "{how}: {foretold}");
    }

    // One byte, with size and time as they were: the manager alone would not look.
    let mut bytes = fs::read(&file).unwrap();
    bytes[3] ^= 1;
    replace(&file, &bytes);
    assert!(fixture.foretold(&["--verify", "stat"]).contains("verified"));
    let mended = project.run(&["install"]).exits(0);
    assert!(mended.stdout.contains(&format!("`{}` differs\n", shown(&file))), "{}", mended.stdout);
    assert_eq!(
        mended.findings("install"),
        [("warning".to_owned(), "dependency/node-modules-corrupt".to_owned())]
    );
    assert_eq!(mended.phase("install")["status"], "recovered");
    assert_eq!(fixture.tree(), clean);
    assert!(fixture.foretold(&[]).contains("skip the installation: verified"));

    let off = project.run(&["install", "--verify", "off"]).exits(0);
    assert_eq!(off.phase("install")["attempts"].as_array().unwrap().len(), 1);
    assert!(fixture.foretold(&[]).contains("no earlier installation was recorded"));
}

#[track_caller]
fn every_change_is_found(fixture: &Fixture) {
    let project = &fixture.project;
    let (file, executable, built) = (fixture.file(), fixture.executable(), fixture.built());
    let modules = file.parent().unwrap().to_owned();
    let beside = modules.join("added.js");
    let folder = modules.join("folder");
    let link = fixture.link();
    let mut changes = vec![
        Change {
            what: "differs",
            path: &file,
            make: Box::new(|path| {
                let mut bytes = fs::read(path).unwrap();
                bytes[0] ^= 1;
                replace(path, &bytes);
            }),
            content_alone: true,
        },
        Change {
            what: "differs: ",
            path: &file,
            make: Box::new(|path| {
                let bytes = fs::read(path).unwrap();
                replace(path, &bytes[..bytes.len() / 2]);
            }),
            content_alone: false,
        },
        Change {
            what: "differs: 0 bytes, not ",
            path: &built,
            make: Box::new(|path| replace(path, b"")),
            content_alone: false,
        },
        Change {
            what: "is missing",
            path: &built,
            make: Box::new(|path| fs::remove_file(path).unwrap()),
            content_alone: false,
        },
        Change {
            what: "is missing",
            path: &file,
            make: Box::new(|path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            }),
            content_alone: false,
        },
        Change {
            what: "became a link",
            path: &file,
            make: Box::new(|path| {
                let copy = project.root().parent().unwrap().join("copy");
                fs::copy(path, &copy).unwrap();
                fs::remove_file(path).unwrap();
                symlink(copy, path).unwrap();
            }),
            content_alone: false,
        },
        Change {
            what: "became neither a file nor a link",
            path: &file,
            make: Box::new(|path| {
                fs::remove_file(path).unwrap();
                assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            }),
            content_alone: false,
        },
        Change {
            what: "was added",
            path: &beside,
            make: Box::new(|path| fs::write(path, "module.exports = 1;\n").unwrap()),
            content_alone: false,
        },
        Change {
            what: "was added",
            path: &folder,
            make: Box::new(|path| symlink("..", path).unwrap()),
            content_alone: false,
        },
        Change {
            what: "executable",
            path: &executable,
            make: Box::new(|path| {
                let mode = fs::metadata(path).unwrap().permissions().mode();
                fs::set_permissions(path, fs::Permissions::from_mode(mode ^ 0o111)).unwrap();
            }),
            content_alone: false,
        },
    ];
    if let Some(link) = &link {
        changes.push(Change {
            what: "points to `../packages`, not to `../packages/lib`",
            path: link,
            make: Box::new(|path| {
                fs::remove_file(path).unwrap();
                symlink("../packages", path).unwrap();
            }),
            content_alone: false,
        });
    }
    for change in changes {
        let before = Before::of(change.path);
        (change.make)(change.path);
        let path = change.path.strip_prefix(project.root()).unwrap().display().to_string();
        let foretold = fixture.foretold(&[]);
        let line = format!("`{path}` {}", change.what);
        let named = foretold.lines().any(|told| {
            told.starts_with(&line)
                || (change.what == "executable"
                    && told.starts_with(&format!("`{path}` "))
                    && told.ends_with("executable"))
        });
        assert!(named && !foretold.contains("verified"), "{line}:\n{foretold}");
        let stat = fixture.foretold(&["--verify", "stat"]);
        assert_eq!(stat.contains("verified"), change.content_alone, "{line}:\n{stat}");
        before.restore(change.path);
    }
    let again = fixture.foretold(&[]);
    assert!(again.contains("skip the installation: verified"), "everything undone:\n{again}");
}

/// What stood at a path.
enum Before {
    Nothing,
    File(std::path::PathBuf, fs::Metadata),
    Link(std::path::PathBuf),
}

impl Before {
    fn of(path: &Path) -> Self {
        match path.symlink_metadata() {
            Err(_) => Self::Nothing,
            Ok(metadata) if metadata.is_symlink() => Self::Link(fs::read_link(path).unwrap()),
            Ok(metadata) => {
                let kept = std::env::temp_dir()
                    .join(format!("deployfix-kept-{:?}", std::thread::current().id()));
                fs::copy(path, &kept).unwrap();
                Self::File(kept, metadata)
            }
        }
    }

    fn restore(self, path: &Path) {
        if path.symlink_metadata().is_ok() {
            remove(path);
        }
        match self {
            Self::Nothing => {}
            Self::Link(target) => symlink(target, path).unwrap(),
            Self::File(kept, metadata) => {
                fs::copy(&kept, path).unwrap();
                fs::set_permissions(path, metadata.permissions()).unwrap();
                let file = fs::File::options().write(true).open(path).unwrap();
                file.set_modified(metadata.modified().unwrap()).unwrap();
            }
        }
    }
}
