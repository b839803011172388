//! What an installation was made of decides whether it is taken again, and is named where it changed.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    installed::{Fixture, Kind},
    registry::Package,
};

#[test]
fn every_input_is_named_when_it_changes() {
    let prisma = Package::new("@prisma/client", "6.0.0");
    let fixture = Fixture::with(Kind::Npm, json!({}), json!({}), &[prisma]);
    let url = fixture.registry.url();
    let root = fixture.project.root();
    let write = |path: &str, text: &str| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    };
    write("prisma/schema.prisma", "model A {}\n");
    fixture.project.run(&["install"]).exits(0);
    assert!(fixture.foretold(&[]).contains("verified"));

    let npmrc = format!("registry={url}\n");
    let manifest = fixture.project.read("package.json");
    let lockfile = fixture.project.read("package-lock.json");
    let lib = fixture.project.read("packages/lib/package.json");
    for (path, text, line) in [
        (".npmrc", format!("{npmrc}legacy-peer-deps=true\n"), "`.npmrc` changed"),
        ("../home/.npmrc", "omit=dev\n".into(), "`~/.npmrc` was added"),
        ("prisma/schema.prisma", "model B {}\n".into(), "`prisma/schema.prisma` changed"),
        ("patches/tiny-leaf+1.0.0.patch", "x".into(), "`patches/tiny-leaf+1.0.0.patch` was added"),
        (
            "package.json",
            manifest.replace("\"private\": true", "\"private\": true, \"overrides\": {}"),
            "`package.json` changed: `overrides`",
        ),
        (
            "packages/lib/package.json",
            lib.replace("^1.0.0", "1.0.0"),
            "`packages/lib/package.json` changed: `dependencies`",
        ),
        (
            "package-lock.json",
            lockfile.replacen("\"version\": \"2.0.0\"", "\"version\": \"2.0.1\"", 1),
            "lockfile changed: tiny-root 2.0.0 -> 2.0.1",
        ),
    ] {
        let before = fs::read(root.join(path));
        write(path, &text);
        let foretold = fixture.foretold(&[]);
        assert!(foretold.starts_with(&format!("{line}\n")), "{path}: {foretold}");
        assert!(!foretold.contains("verified"), "{foretold}");
        match before {
            Ok(bytes) => fs::write(root.join(path), bytes).unwrap(),
            Err(_) => fs::remove_file(root.join(path)).unwrap(),
        }
        assert!(fixture.foretold(&[]).contains("verified"), "{path} as before");
    }

    // A token that was changed or added is no reason.
    write("../home/.npmrc", "//registry.example.com/:_authToken=fake-token\n");
    write(".npmrc", &format!("{npmrc}//registry.example.com/:_authToken=fake\n# comment\n"));
    assert!(fixture.foretold(&[]).contains("verified"));
    let record = fs::read(root.join("node_modules/.deployfix-install")).unwrap();
    assert!(!String::from_utf8_lossy(&record).contains("fake-token"));

    let project = fixture.project;
    let ran = |variable: &str, value: &str| {
        let mut command = project.command(&["install", "--dry-run"]);
        let output = command.env(variable, value).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(ran("NODE_ENV", "production").contains("NODE_ENV not set -> production\n"));
    assert!(ran("npm_config_omit", "dev").contains("variable `npm_config_omit` was added\n"));
    assert!(ran("npm_config_cache", "/tmp/x").contains("verified"));
    assert!(ran("DATABASE_URL", "x").contains("verified"));
    // Another Node in front of the one that installed.
    let project = project.program("node", "echo v24.1.0");
    let ran = project.run(&["install", "--dry-run"]).exits(0);
    let line = ran.stdout.lines().next().unwrap();
    assert!(line.starts_with("Node ABI ") && line.ends_with(" -> 137"), "{}", ran.stdout);
}

#[test]
fn what_lies_outside_of_node_modules_must_be_there() {
    let fetches =
        "mkdir -p $HOME/.cache/Cypress/15.0.0 && echo browser > $HOME/.cache/Cypress/15.0.0/binary";
    let cypress =
        Package::new("cypress", "15.0.0").with("scripts", json!({ "postinstall": fetches }));
    let fixture = Fixture::with(Kind::Npm, json!({}), json!({}), &[cypress]);
    fixture.project.run(&["install"]).exits(0);
    assert!(fixture.foretold(&[]).contains("verified"));
    let home = fixture.project.root().parent().unwrap().join("home");
    fs::remove_dir_all(home.join(".cache/Cypress")).unwrap();
    let foretold = fixture.foretold(&[]);
    assert!(foretold.starts_with("what `cypress` put into `"), "{foretold}");
    fixture.project.run(&["install"]).exits(0);
    assert!(home.join(".cache/Cypress/15.0.0/binary").exists());
}

#[test]
fn a_client_generated_into_the_sources_must_be_there() {
    // As the real one does when it is installed.
    let generates =
        "mkdir -p $INIT_CWD/src/generated && echo client > $INIT_CWD/src/generated/index.js";
    let prisma = Package::new("@prisma/client", "6.0.0")
        .with("scripts", json!({ "postinstall": generates }));
    let fixture = Fixture::with(Kind::Npm, json!({}), json!({}), &[prisma]);
    let schema = "generator client {\n  provider = \"prisma-client\"\n  output   = \"../src/generated\"\n}\n";
    let fixture =
        Fixture { project: fixture.project.file("prisma/schema.prisma", schema), ..fixture };
    let root = fixture.project.root();
    fixture.project.run(&["install"]).exits(0);
    assert!(fixture.foretold(&[]).contains("verified"));
    fs::remove_dir_all(root.join("src/generated")).unwrap();
    let foretold = fixture.foretold(&[]);
    assert!(foretold.starts_with("what `@prisma/client` put into `"), "{foretold}");
    fixture.project.run(&["install"]).exits(0);
    assert!(root.join("src/generated/index.js").exists());
}

#[test]
fn what_is_edited_meanwhile_is_not_taken_for_installed() {
    let edits = "sed -i s/private/publishConfig/ package.json";
    let fixture = Fixture::with(Kind::Npm, json!({ "postinstall": edits }), json!({}), &[]);
    fixture.project.run(&["install"]).exits(0);
    let foretold = fixture.foretold(&[]);
    assert!(
        foretold.starts_with("`package.json` changed: `private`, `publishConfig`"),
        "{foretold}"
    );
}

#[test]
fn caches_of_tools_are_no_packages() {
    let fixture = Fixture::new(Kind::Npm);
    let project = &fixture.project;
    project.run(&["install"]).exits(0);
    for path in ["node_modules/.cache/babel-loader/x.json", "node_modules/.vite/deps/react.js"] {
        let path = project.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }
    assert!(fixture.foretold(&[]).contains("verified"));
    // Elsewhere such a name is a folder as any other.
    let inside = project.root().join("node_modules/tiny-leaf/.cache");
    fs::create_dir_all(&inside).unwrap();
    fs::write(inside.join("x.js"), "1").unwrap();
    assert!(fixture.foretold(&[]).contains("`node_modules/tiny-leaf/.cache/x.js` was added"));
}

#[test]
fn a_record_that_is_not_as_it_was_written_is_no_record() {
    let fixture = Fixture::new(Kind::Npm);
    let project = &fixture.project;
    project.run(&["install"]).exits(0);
    let path = project.root().join("node_modules/.deployfix-install");
    let whole = fs::read(&path).unwrap();
    let says = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let foretold = fixture.foretold(&[]);
        assert!(!foretold.contains("verified"), "{foretold}");
        foretold
    };
    let mut one_byte = whole.clone();
    one_byte[whole.len() / 2] ^= 1;
    for bytes in [&whole[..whole.len() - 1], &whole[..40], b"", b"\xff\xfe", &one_byte] {
        let said = says(bytes);
        assert!(said.contains("the record of the earlier installation cannot be read"), "{said}");
    }
    fs::write(&path, &whole).unwrap();
    assert!(fixture.foretold(&[]).contains("verified"));
    links_and_folders_in_its_place_are_not_read(&fixture, &path);
    let ran = project.run(&["install", "--format", "json"]).exits(0);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["phases"][0]["status"], "passed");
}

fn links_and_folders_in_its_place_are_not_read(fixture: &Fixture, path: &Path) {
    let elsewhere = path.with_file_name("elsewhere");
    fs::rename(path, &elsewhere).unwrap();
    std::os::unix::fs::symlink("elsewhere", path).unwrap();
    assert!(!fixture.foretold(&[]).contains("verified"));
    fs::remove_file(path).unwrap();
    fs::remove_file(elsewhere).unwrap();
}
