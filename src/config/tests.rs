use std::{fmt::Write as _, fs, time::Duration};

use super::{kind::*, load::parse, model::*, *};
use crate::report::{Finding, FindingId};

const FULL: &str = r#"
version: 1
environment:
  DATABASE_URL: { type: url, secret: true, runtime: true }
  NEXT_PUBLIC_SITE: { type: url, default: "https://staging.example.com" }
  PORT: { type: integer, default: 3000, required: false }
  LOG_LEVEL:
    type: enum
    values: [debug, info]
    description: how much is logged
  NAME: { pattern: "^[a-z]+$", minLength: 2, maxLength: 8 }
  PLAIN:
branches:
  "*": { recovery: { attempts: 1 }, environment: { PORT: { default: 1 } } }
  main: { recovery: { mode: strict } }
  "feature/**":
    build: { timeout: 10m }
  "feature/a*": { build: { timeout: 20m }, notify: [] }
recovery: { mode: lenient, attempts: 5 }
install:
  verify: stat
  fallbackRegistry: https://npm.example.com/
  allowedHosts: [Packages.example.com]
  scripts: { allow: [sharp], others: skip }
build: { command: "next build", memory: 4GiB, timeout: 25m, stall: 10m }
artifacts: { budget: 200MB, deny: ["**/*.map"] }
health: { routes: ["/", "/api/health"], timeout: 10s }
notify: [ { webhook: "${SLACK_WEBHOOK}", on: [failed, recovered, rolled-back] } ]
ignore: [ { id: dependency/unreviewed-install-script, package: sharp, reason: "reviewed 2026-11" } ]
"#;

fn finding(text: &str) -> Finding {
    parse(text, None).map(|config| format!("{config:?}")).unwrap_err().into_finding("deployfix.yml")
}

fn render(finding: &Finding) -> String {
    assert_eq!(finding.id, FindingId::DeployfixInvalid);
    let place = finding.location.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut text = format!("{place}: {}\n  {}\n", finding.message, finding.resolution);
    for hint in &finding.hints {
        writeln!(text, "  hint: {hint}").unwrap();
    }
    text
}

#[test]
fn every_key_is_read() {
    let config = parse(FULL, None).unwrap();
    let port = &config.environment["PORT"];
    assert_eq!((port.default.as_deref(), port.required, port.line), (Some("3000"), false, 6));
    let database = &config.environment["DATABASE_URL"];
    assert!(database.secret && database.runtime && database.required);
    assert_eq!(database.kind, VariableType::Url);
    assert_eq!(
        config.environment["LOG_LEVEL"].kind,
        VariableType::Enum(vec!["debug".into(), "info".into()])
    );
    assert_eq!(config.environment["PLAIN"].kind, VariableType::String);
    assert_eq!(config.recovery, Recovery { mode: RecoveryMode::Lenient, attempts: 5 });
    assert_eq!(config.install.verify, Verify::Stat);
    assert_eq!(config.install.fallback_registry.unwrap().as_str(), "https://npm.example.com/");
    assert_eq!(config.install.allowed_hosts, ["packages.example.com"]);
    let scripts = InstallScripts { allow: vec!["sharp".into()], others: OtherScripts::Skip };
    assert_eq!(config.install.scripts, scripts);
    assert_eq!(config.build.memory, Memory::Limit(4 << 30));
    assert_eq!(config.build.timeout, Some(Duration::from_mins(25)));
    assert_eq!(config.artifacts.budget, Some(200_000_000));
    assert_eq!(config.health.routes, ["/", "/api/health"]);
    assert_eq!(config.notify[0].webhook, "${SLACK_WEBHOOK}");
    assert_eq!(config.notify[0].on.len(), 3);
    assert_eq!(config.ignore[0].package.as_deref(), Some("sharp"));
}

#[test]
fn a_branch_gets_its_overrides_most_specific_last() {
    let main = parse(FULL, Some("main")).unwrap();
    assert_eq!(main.recovery, Recovery { mode: RecoveryMode::Strict, attempts: 1 });
    let port = &main.environment["PORT"];
    assert_eq!(port.default.as_deref(), Some("1"));
    assert_eq!(port.kind, VariableType::Integer);
    let feature = parse(FULL, Some("feature/ab")).unwrap();
    assert_eq!(feature.build.timeout, Some(Duration::from_mins(20)));
    assert_eq!(feature.build.command.as_deref(), Some("next build"));
    assert!(feature.notify.is_empty());
    assert_eq!(feature.recovery.attempts, 5);
}

#[test]
fn production_branches_are_strict_unless_the_file_says_otherwise() {
    let mode = |text, branch| parse(text, branch).unwrap().recovery.mode;
    assert_eq!(mode("", Some("main")), RecoveryMode::Strict);
    assert_eq!(mode("recovery: { attempts: 2 }", Some("release")), RecoveryMode::Strict);
    assert_eq!(mode("recovery: { mode: lenient }", Some("main")), RecoveryMode::Lenient);
    assert_eq!(mode("", Some("dev")), RecoveryMode::Lenient);
    assert_eq!(mode("", None), RecoveryMode::Lenient);
}

#[test]
fn nothing_to_read_means_defaults() {
    for text in [
        "",
        "\n\n",
        "# only a comment\n",
        "---\n",
        "\u{feff}",
        "\u{feff}version: 1\r\n",
        "recovery:\n",
    ] {
        let config = parse(text, None).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assert_eq!(config.build, Build::default());
        assert_eq!(config.health.timeout, Duration::from_secs(10));
    }
    let folder = tempfile::tempdir().unwrap();
    let config = load(folder.path(), None, Some("main")).unwrap();
    assert_eq!((config.path, config.recovery.mode), (None, RecoveryMode::Strict));
}

#[test]
fn yaml_that_is_legal_is_not_refused() {
    for text in [
        "build:\n  command: >\n    one\n    \ttwo\n",
        "recovery: &shared { attempts: 2 }\nbranches: { dev: { recovery: *shared } }",
        "\"recovery\": { 'attempts': 2 }",
        "environment: { A: { default: !!str 1 } }",
        "build: { memory: auto, timeout: 1h30m }",
    ] {
        parse(text, None).unwrap_or_else(|error| panic!("{text}: {}", error.kind));
    }
}

#[test]
fn messages() {
    let cases = [
        // The file as YAML.
        "version: 1\n\trecovery: {}",
        "<<<<<<< HEAD\nversion: 1\n=======\nversion: 2\n>>>>>>> other\n",
        "recovery: { mode: strict",
        "branches:\n  *: { build: { timeout: 5m } }",
        "recovery: *unknown",
        "build: {}\nhealth: {}\nbuild: {}",
        "version: 1\n---\nversion: 1",
        "- a",
        "just text",
        "? [a]\n: 1",
        "recovery: { <<: { mode: strict } }",
        "recovery: !custom { mode: strict }",
        // Unknown keys.
        "recovry: {}",
        "frobnicate: 1",
        "build:\n  comand: next build",
        "environment: { A: { min_length: 3 } }",
        "branches: { dev: { build: { tiemout: 5m } } }",
        // Wrong values, one for every key.
        "version: 2",
        "version: [1]",
        "environment: [A]",
        "environment: { 1A: {} }",
        "environment: { A: url }",
        "environment: { A: { type: uri } }",
        "environment: { A: { type: [url] } }",
        "environment: { A: { type: enum } }",
        "environment: { A: { type: enum, values: [] } }",
        "environment: { A: { type: enum, values: a } }",
        "environment: { A: { type: enum, values: [[a]] } }",
        "environment: { A: { type: url, values: [a] } }",
        "environment: { A: { secret: yes } }",
        "environment: { A: { runtime: \"true\" } }",
        "environment: { A: { required: 1 } }",
        "environment: { A: { default: [a] } }",
        "environment: { A: { type: integer, default: many } }",
        "environment: { A: { maxLength: 2, default: many } }",
        "environment: { A: { pattern: \"(\" } }",
        "environment: { A: { pattern: \"^(?=.*x)\" } }",
        "environment: { A: { pattern: \"^[0-9]+$\", default: many } }",
        "environment: { A: { minLength: -1 } }",
        "environment: { A: { minLength: 3, maxLength: 2 } }",
        "environment: { A: { description: { a: b } } }",
        "branches: [main]",
        "branches: { main: 1 }",
        "branches: { \"{main,dev}\": {} }",
        "branches: { main: { version: 1 } }",
        "branches: { dev: { recovery: { attempts: 0 } } }",
        "environment: { A: { type: integer } }\nbranches: { dev: { environment: { A: { default: x } } } }",
        "recovery: strict",
        "recovery: { mode: strikt }",
        "recovery: { attempts: 11 }",
        "recovery: { attempts: \"3\" }",
        "build: { command: \"\" }",
        "build: { command: [next, build] }",
        "build: { memory: 4096 }",
        "build: { memory: lots }",
        "build: { timeout: 25 }",
        "build: { stall: 0s }",
        "install: { verify: fast }",
        "install: { fallbackRegistry: npm.example.com }",
        "install: { fallbackRegistry: \"https://user:fake-password@npm.example.com\" }",
        "install: { allowedHosts: [\"https://npm.example.com\"] }",
        "install: { scripts: { allow: [\"\"] } }",
        "install: { scripts: { others: deny } }",
        "artifacts: { budget: 200 }",
        "artifacts: { deny: \"**/*.map\" }",
        "artifacts: { deny: [\"\"] }",
        "health: { routes: [api] }",
        "health: { routes: / }",
        "health: { timeout: soon }",
        "notify: { webhook: x }",
        "notify: [ { on: [failed] } ]",
        "notify: [ { webhook: hooks.example.com/not-shown } ]",
        "notify: [ { webhook: \"${HOOK}\", on: [rolledback] } ]",
        "notify: [ { webhook: \"${HOOK}\", on: [] } ]",
        "ignore: [ sharp ]",
        "ignore: [ { reason: because } ]",
        "ignore: [ { id: dependency/unreviewed-instal-script, reason: r } ]",
        "ignore: [ { id: undeclared, reason: r } ]",
        "ignore: [ { id: nothing/like-it, reason: r } ]",
        "ignore: [ { id: dependency/undeclared } ]",
        "ignore: [ { id: dependency/undeclared, reason: \" \" } ]",
        "ignore: [ { id: dependency/undeclared, reason: r, package: [a] } ]",
        "ignore: [ { id: dependency/undeclared, reason: r, path: {} } ]",
    ];
    let mut report = String::new();
    for text in cases {
        for line in text.lines() {
            writeln!(report, "| {line}").unwrap();
        }
        writeln!(report, "{}", render(&finding(text))).unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut report = String::new();
    let mut case = |name: &str| {
        let finding = load(root, Some(&root.join(name)), None).unwrap_err();
        report.push_str(&render(&finding));
    };
    case("absent.yml");
    fs::create_dir(root.join("folder.yml")).unwrap();
    case("folder.yml");
    fs::write(root.join("latin1.yml"), b"version: 1\n# caf\xe9").unwrap();
    case("latin1.yml");
    fs::write(root.join("utf16.yml"), b"\xff\xfev\0").unwrap();
    case("utf16.yml");
    fs::write(root.join("huge.yml"), vec![b'#'; 1_000_001]).unwrap();
    case("huge.yml");
    std::os::unix::fs::symlink("loop.yml", root.join("loop.yml")).unwrap();
    case("loop.yml");
    fs::write(root.join("deployfix.yml"), "").unwrap();
    fs::write(root.join("deployfix.yaml"), "").unwrap();
    report.push_str(&render(&load(root, None, None).unwrap_err()));
    insta::assert_snapshot!(report);
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..8 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{items}]").unwrap();
    }
    assert!(finding(&text).message.contains("aliases"));
    let deep = format!("a: {}{}", "[".repeat(200), "]".repeat(200));
    assert!(finding(&deep).message.contains("deeply"));
}

proptest::proptest! {
    #[test]
    fn never_panics(text in "[ \t\n:{}\\[\\]*&!|>'\"#a-c<\\-,?%@`\u{e9}]{0,80}") {
        drop(parse(&text, Some("main")));
    }
}
