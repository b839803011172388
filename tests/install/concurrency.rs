//! Two installations in one checkout exclude each other.

use std::{
    fs,
    path::Path,
    process::{Child, Command},
};

use crate::{
    installed::{Fixture, Kind},
    support::{until, wait},
};

fn started(fixture: &Fixture, arguments: &[&str], log: &Path) -> Child {
    let output = fs::File::create(log).unwrap();
    let mut command = fixture.project.command(arguments);
    command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap()
}

#[test]
fn the_second_waits_and_then_takes_what_the_first_installed() {
    let fixture = Fixture::new(Kind::Npm);
    let folder = fixture.project.root().parent().unwrap().to_owned();
    let logs = [folder.join("one.log"), folder.join("two.log")];
    // Two apps of one workspace, so two reports, but one lock.
    let mut children = [
        started(&fixture, &["install"], &logs[0]),
        started(&fixture, &["install", "--project", "packages/lib"], &logs[1]),
    ];
    let codes = children.each_mut().map(wait);
    let texts = logs.map(|log| fs::read_to_string(log).unwrap());
    assert_eq!(codes, [0, 0], "{texts:#?}");
    let both = texts.concat();
    assert_eq!(both.matches("another installation is at work here: waiting").count(), 1, "{both}");
    assert_eq!(both.matches("$ npm ci").count(), 1, "{both}");
    assert_eq!(both.matches("skipped: verified").count(), 1, "{both}");
}

#[test]
fn a_package_manager_that_outlives_deployfix_is_waited_for() {
    let fixture = Fixture::new(Kind::Npm);
    let root = fixture.project.root();
    let folder = root.parent().unwrap().to_owned();
    let real = which::which("npm").unwrap();
    // Slow enough to be caught at work.
    let program = format!(
        "case \"$1\" in ci) touch \"{0}/began\"; sleep 2;; esac\n\"{1}\" \"$@\"; code=$?\ncase \"$1\" in ci) touch \"{0}/ended\";; esac\nexit $code",
        folder.display(),
        real.display()
    );
    let fixture = Fixture { project: fixture.project.program("npm", &program), ..fixture };
    let mut first = started(&fixture, &["install"], &folder.join("one.log"));
    until("npm began", || folder.join("began").exists());
    let killed = Command::new("kill").args(["-9", &first.id().to_string()]).status().unwrap();
    assert!(killed.success());
    wait(&mut first);
    let second = fixture.project.run(&["install"]).exits(0);
    assert!(folder.join("ended").exists());
    assert!(second.stdout.contains("another installation is at work here"), "{}", second.stdout);
    assert!(second.stdout.contains("no earlier installation was recorded"), "{}", second.stdout);
    assert!(fixture.foretold(&[]).contains("verified"));
}
