//! Sources, checksums, install scripts and known advisories of what is locked.

use crate::support::{Project, Ran};

const UNTRUSTED: &str = "dependency/untrusted-source";
const VULNERABLE: &str = "dependency/vulnerable-framework";
const UNREVIEWED: &str = "dependency/unreviewed-install-script";

/// A checksum of the right form.
fn sha512() -> String {
    format!("sha512-{}==", "A".repeat(86))
}

/// Four healthy packages of one registry, and whatever else stands in `packages` of an npm lockfile.
fn locked(more: &str) -> Project {
    let mut packages = String::new();
    for name in ["one", "two", "three", "four"] {
        packages += &entry(
            &format!("node_modules/{name}"),
            &format!("https://registry.example.com/{name}/-/{name}-1.0.0.tgz"),
            &sha512(),
        );
    }
    Project::with_build("true").file(
        "package-lock.json",
        format!(
            "{{\"name\":\"app\",\"version\":\"1.0.0\",\"lockfileVersion\":3,\"requires\":true,\"packages\":{{\n{packages}{more}\"\": {{\"name\":\"app\",\"version\":\"1.0.0\"}}\n}}}}"
        ),
    )
}

fn entry(key: &str, address: &str, integrity: &str) -> String {
    format!(
        "\"{key}\": {{\"version\":\"1.0.0\",\"resolved\":\"{address}\",\"integrity\":\"{integrity}\",\"extraneous\":true}},\n"
    )
}

/// Severity, message and evidence of every finding of one id.
fn of(ran: &Ran, id: &str) -> Vec<String> {
    let phase = ran.phase("validate");
    let findings = phase["findings"].as_array().unwrap().iter().filter(|it| it["id"] == id);
    findings
        .map(|finding| {
            let line = finding["location"]["line"].as_u64();
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            format!(
                "{}{line} {}",
                finding["severity"].as_str().unwrap(),
                finding["message"].as_str().unwrap()
            )
        })
        .collect()
}

#[track_caller]
fn validated(project: &Project) -> Ran {
    project.run(&["validate"])
}

#[test]
fn each_doubt_about_a_source_has_one_finding_with_its_line() {
    let healthy = sha512();
    let ours = |name: &str| format!("https://registry.example.com/{name}/-/{name}-1.0.0.tgz");
    let cases = [
        (
            entry("node_modules/foo", "https://registry.example.com/bar/-/bar-1.0.0.tgz", &healthy),
            "warning:6 `foo` in `package-lock.json` is fetched from the address of another package",
        ),
        (
            entry("node_modules/foo", "https://files.example.org/foo/-/foo-1.0.0.tgz", &healthy),
            "warning:6 `foo` in `package-lock.json` comes from a host that is no registry of this project",
        ),
        (
            entry("node_modules/foo", "http://registry.example.com/foo/-/foo-1.0.0.tgz", &healthy),
            "warning:6 `foo` in `package-lock.json` is fetched without encryption",
        ),
        (
            entry("node_modules/foo", &ours("foo"), "sha512-short"),
            "warning:6 `foo` in `package-lock.json` has a checksum that is none",
        ),
        (
            entry("node_modules/foo", &ours("foo"), &format!("md5-{}==", "A".repeat(22))),
            "warning:6 `foo` in `package-lock.json` has only an MD5 checksum",
        ),
        (
            entry("node_modules/foo", &ours("foo"), &format!("sha1-{}=", "A".repeat(27))),
            "info:6 `foo` in `package-lock.json` has only a SHA-1 checksum",
        ),
        (
            format!("\"node_modules/foo\": {{\"version\":\"1.0.0\",\"resolved\":\"{}\"}},\n", ours("foo")),
            "warning:6 `foo` in `package-lock.json` has an address, but no checksum",
        ),
        (
            "\"node_modules/foo\": {\"version\":\"1.0.0\",\"resolved\":\"git+ssh://git@git.example.com/o/foo.git#main\"},\n".into(),
            "warning:6 `foo` in `package-lock.json` comes from git without a commit",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(of(&validated(&locked(&more)), UNTRUSTED), [expected], "{more}");
    }
}

#[test]
fn healthy_lockfiles_raise_no_doubt() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let more = entry(
        "node_modules/@s/scoped",
        "https://registry.example.com/@s/scoped/-/scoped-1.0.0.tgz",
        &sha512(),
    ) + &format!(
        "\"node_modules/alias\": {{\"name\":\"one\",\"version\":\"1.0.0\",\"resolved\":\"https://registry.example.com/one/-/one-1.0.0.tgz\",\"integrity\":\"{}\"}},\n",
        sha512()
    ) + "\"node_modules/one/node_modules/inner\": {\"version\":\"1.0.0\",\"inBundle\":true},\n"
        + "\"node_modules/ui\": {\"resolved\":\"packages/ui\",\"link\":true},\n\"packages/ui\": {\"name\":\"ui\",\"version\":\"1.0.0\"},\n"
        + &format!(
            "\"node_modules/git\": {{\"version\":\"1.0.0\",\"resolved\":\"git+ssh://git@git.example.com/o/git.git#{commit}\"}},\n"
        )
        + "\"node_modules/archive\": {\"version\":\"1.0.0\",\"resolved\":\"file:archive.tgz\"},\n"
        + "\"node_modules/omitted\": {\"version\":\"1.0.0\"},\n"
        + &entry("node_modules/local", "http://localhost:4873/local/-/local-1.0.0.tgz", &sha512())
        + &entry("node_modules/asked", "https://files.example.org/asked.tgz", &sha512())
        + "\"node_modules/asking\": {\"version\":\"1.0.0\",\"dependencies\":{\"asked\":\"https://files.example.org/asked.tgz\"}},\n"
        + &entry(
            "node_modules/@p/private",
            "https://private.example.org/@p/private/-/private-1.0.0.tgz",
            &sha512(),
        )
        + &entry(
            "node_modules/allowed",
            "https://allowed.example.org/allowed/-/allowed-1.0.0.tgz",
            &sha512(),
        );
    let project = locked(&more)
        .file(".npmrc", "@p:registry=https://private.example.org/\n")
        .file("deployfix.yml", "install: { allowedHosts: [allowed.example.org, localhost] }\n");
    assert_eq!(of(&validated(&project), UNTRUSTED), Vec::<String>::new());
}

#[test]
fn many_doubts_of_a_kind_are_one_finding_and_each_package_can_be_reviewed() {
    let foreign = |name: &str| {
        let address = format!("https://user:fake-password@files.example.org/{name}-1.0.0.tgz");
        entry(&format!("node_modules/{name}"), &address, &sha512())
    };
    let more = foreign("foo") + &foreign("bar");
    let ran = validated(&locked(&more));
    let message =
        "packages in `package-lock.json` come from a host that is no registry of this project";
    assert_eq!(of(&ran, UNTRUSTED), [format!("warning:6 2 {message}")]);
    let evidence = &ran.finding("validate", UNTRUSTED)["evidence"];
    assert_eq!(evidence[1]["text"], "bar 1.0.0 from https://files.example.org/bar-1.0.0.tgz");
    assert_eq!(evidence[1]["line"], 7);
    let ignore = |names: &[&str]| {
        let entries: Vec<_> = names
            .iter()
            .map(|name| format!("  - {{ id: {UNTRUSTED}, package: {name}, reason: reviewed }}\n"))
            .collect();
        let entries = entries.concat();
        locked(&more).file("deployfix.yml", format!("ignore:\n{entries}"))
    };
    let one = of(&validated(&ignore(&["foo"])), UNTRUSTED);
    assert_eq!(one.len(), 1);
    assert!(one[0].starts_with("warning:7 `bar` in"), "{one:?}");
    assert_eq!(of(&validated(&ignore(&["foo", "bar"])), UNTRUSTED), Vec::<String>::new());
}

/// An app of a version of Next with some files.
fn app(version: &str, files: &[&str]) -> Project {
    let manifest = serde_json::json!({
        "name": "app", "version": "1.0.0", "scripts": { "build": "true" },
        "dependencies": { "next": version },
    });
    let lockfile = serde_json::json!({
        "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": { "name": "app", "version": "1.0.0", "dependencies": { "next": version } },
            "node_modules/next": { "version": version, "integrity": sha512() },
        },
    });
    let project = Project::empty()
        .file("package.json", manifest.to_string())
        .file("package-lock.json", lockfile.to_string());
    files.iter().fold(project, |project, path| project.file(path, "export default 1\n"))
}

#[test]
fn a_flaw_that_the_app_uses_stops_it_and_others_warn() {
    let ran = validated(&app("15.5.4", &["app/page.tsx"]));
    let found = of(&ran, VULNERABLE);
    assert!(found[0].starts_with("error `next@15.5.4` has CVE-2025-66478: "), "{found:?}");
    assert!(found[1].starts_with("warning `next@15.5.4` has "), "{found:?}");
    assert_eq!(found.len(), 2);
    let finding = ran.finding("validate", VULNERABLE);
    assert_eq!(finding["hints"][0], "npm install next@15.5.17");

    for (version, files, expected) in [
        ("14.2.24", &["src/middleware.ts"][..], "error `next@14.2.24` has CVE-2025-29927"),
        ("14.2.24", &["pages/index.js"], "warning `next@14.2.24` has "),
        ("15.5.4", &["pages/index.js"], "warning `next@15.5.4` has "),
    ] {
        let found = of(&validated(&app(version, files)), VULNERABLE);
        assert!(found[0].starts_with(expected), "{version} {files:?}: {found:?}");
    }
    let export = app("15.5.4", &["app/page.tsx"])
        .file("next.config.js", "module.exports = { output: 'export' }\n");
    let found = of(&validated(&export), VULNERABLE);
    assert!(found.len() == 1 && found[0].starts_with("warning "), "{found:?}");
    for version in ["15.5.29", "16.2.6"] {
        let mended = app(version, &["app/page.tsx", "middleware.ts"]);
        assert_eq!(of(&validated(&mended), VULNERABLE), Vec::<String>::new(), "{version}");
    }
}

#[test]
fn scripts_outside_of_a_list_are_named_only_where_there_is_a_list() {
    let more = "\"node_modules/sharp\": {\"version\":\"1.0.0\",\"hasInstallScript\":true},\n\"node_modules/esbuild\": {\"version\":\"1.0.0\",\"hasInstallScript\":true},\n";
    assert_eq!(of(&validated(&locked(more)), UNREVIEWED), Vec::<String>::new());
    let list = |text: &str| {
        let project =
            locked(more).file("deployfix.yml", format!("install: {{ scripts: {text} }}\n"));
        of(&validated(&project), UNREVIEWED)
    };
    assert_eq!(
        list("{ allow: [sharp] }"),
        ["warning:7 `esbuild` runs an install script that nobody has reviewed"]
    );
    assert_eq!(list("{ allow: [sharp, esbuild] }"), Vec::<String>::new());
    assert_eq!(list("{ allow: [sharp], others: skip }"), Vec::<String>::new());
}
