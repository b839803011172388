use std::{path::Path, sync::OnceLock};

use serde_json::Value;

use crate::support::{Project, Ran};

/// Amplify cannot read it: `: ` in an unquoted command.
const BROKEN: &str = "version: 1
frontend:
  phases:
    build:
      commands:
        - echo \u{65e5}\u{672c}\u{8a9e}: x: \u{1f680}
";
/// No artifacts, and commands that are no strings.
const MANY: &str = "version: 1
frontend:
  phases:
    preBuild:
      commands: npm ci
    build:
      commands:
        - echo: hello
        - [npm, run, build]
";
/// One warning without a place, and nothing else.
const NEXT_AND_TYPESCRIPT: &str = r#"{"name":"app","version":"1.0.0","scripts":{"build":"true"},"dependencies":{"next":"15.5.29"},"devDependencies":{"typescript":"5.6.3"}}"#;

fn warned() -> Project {
    Project::with_build("true")
        .file("package.json", NEXT_AND_TYPESCRIPT)
        .locked()
        .variable("NODE_ENV", "production")
}

fn monorepo() -> Project {
    let lock = r#"{"name":"root","lockfileVersion":3,"packages":{"":{"name":"root","workspaces":["apps/*"]},"apps/my web":{"name":"web","version":"1.0.0"},"node_modules/web":{"resolved":"apps/my web","link":true}}}"#;
    Project::empty()
        .file("package.json", r#"{"name":"root","private":true,"workspaces":["apps/*"]}"#)
        .file("package-lock.json", lock)
        .file("apps/my web/package.json", "{\"name\":\"web\",\n \"version\":\"1.0.0\",}")
        .file("amplify.yml", BROKEN)
}

/// The one log on stdout, which fits the standard's schema.
#[track_caller]
fn sarif(ran: &Ran) -> Value {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/schemas/sarif-schema-2.1.0.json");
        let schema = std::fs::read_to_string(path).unwrap();
        let mut schema: Value = serde_json::from_str(&schema).unwrap();
        // As published it is no regular expression (a lone `]`), and deployfix states no language.
        for owner in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][owner]["properties"]["language"];
            language.as_object_mut().unwrap().remove("pattern");
        }
        jsonschema::validator_for(&schema).unwrap()
    });
    let log: Value = serde_json::from_str(&ran.stdout)
        .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", ran.stdout, ran.stderr));
    let errors: Vec<_> = validator
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{log:#}");
    let run = &log["runs"][0];
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    log
}

fn places(log: &Value) -> Vec<(String, Value)> {
    let results = log["runs"][0]["results"].as_array().unwrap();
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap().to_owned();
        (uri, place["region"].clone())
    };
    results.iter().map(place).collect()
}

#[test]
fn a_source_line_stands_below_its_place() {
    let ran = Project::with_build("true").file("amplify.yml", MANY).run(&["validate"]).exits(1);
    let expected = " --> amplify.yml:8:11
  |
8 |         - echo: hello
  |           ^";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    let coloured = Project::with_build("true")
        .file("amplify.yml", MANY)
        .run(&["validate", "--color", "always"])
        .exits(1);
    let findings = |text: &str| text[..text.find("failed").unwrap()].to_owned();
    let stripped = anstream::adapter::strip_str(&coloured.stdout).to_string();
    assert_eq!(findings(&stripped), findings(&ran.stdout));
}

#[test]
fn sarif_fits_the_schema() {
    let log = sarif(&Project::with_build("true").run(&["validate", "--format", "sarif"]).exits(0));
    assert_eq!(
        log["runs"][0]["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|r| r["level"] == "error")
            .count(),
        0
    );
    assert_eq!(log["runs"][0]["invocations"][0]["exitCode"], 0);

    let project = Project::with_build("true").file("amplify.yml", MANY);
    let ran = project.run(&["validate", "--format", "sarif"]).exits(1);
    let log = sarif(&ran);
    assert!(log["runs"][0]["results"].as_array().unwrap().len() >= 4);
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], true);
    assert!(ran.stderr.contains("error[configuration/buildspec-missing-artifacts]"));
    let again = sarif(&project.run(&["report", "--format", "sarif"]).exits(0));
    assert_eq!(again["runs"][0]["results"], log["runs"][0]["results"]);

    let unicode = Project::with_build("true").file("amplify.yml", BROKEN);
    let places_found = places(&sarif(&unicode.run(&["validate", "--format", "sarif"]).exits(1)));
    assert!(
        places_found.iter().any(|(uri, region)| uri == "amplify.yml"
            && region["startLine"] == 6
            && region["startColumn"] == 22),
        "{places_found:#?}"
    );

    let log = sarif(&warned().run(&["validate", "--format", "sarif"]).exits(0));
    let places_found = places(&log);
    assert!(places_found.contains(&("package.json".to_owned(), Value::Null)), "{log:#}");
}

#[test]
fn places_are_those_of_the_repository() {
    let arguments = ["validate", "--project", "apps/my web", "--format"];
    let log = sarif(&monorepo().run(&[&arguments[..], &["sarif"]].concat()).exits(1));
    let files: Vec<_> = places(&log).into_iter().map(|(uri, _)| uri).collect();
    assert!(files.contains(&"amplify.yml".to_owned()), "{files:?}");
    assert!(files.contains(&"apps/my%20web/package.json".to_owned()), "{files:?}");
    let id = log["runs"][0]["automationDetails"]["id"].as_str().unwrap();
    assert!(id.starts_with("deployfix/validate/apps/my web/local-"), "{id}");

    let ran = monorepo().run(&[&arguments[..], &["github"]].concat()).exits(1);
    assert!(ran.stdout.contains("::error file=amplify.yml,line=6,col="), "{}", ran.stdout);
    assert!(ran.stdout.contains("::error file=apps/my web/package.json,line=2,"), "{}", ran.stdout);

    let arguments = [&arguments[..], &["sarif", "--buildspec", "amplify.yml"]].concat();
    let log = sarif(&monorepo().run(&arguments).exits(1));
    assert_eq!(places(&log)[0].0, "amplify.yml");
    let log = sarif(&monorepo().run(&["validate", "--format", "sarif", "--buildspec", "-"]));
    assert_eq!(places(&log)[0].0, "%3Cstdin%3E");
}

#[test]
fn annotations_stand_alone_on_stdout_errors_first() {
    let project = Project::with_build("true").file("amplify.yml", MANY);
    let ran = project.run(&["validate", "--format", "github"]).exits(1);
    let rank = |line: &str| {
        let kinds = ["::error ", "::warning ", "::notice "];
        kinds.iter().position(|kind| line.starts_with(kind)).unwrap_or_else(|| panic!("{line}"))
    };
    let ranks: Vec<_> = ran.stdout.lines().map(rank).collect();
    assert!(ranks.len() >= 4 && ranks.is_sorted(), "{}", ran.stdout);
    assert!(ran.stdout.contains("title=configuration/buildspec-missing-artifacts::"));
    assert!(ran.stderr.contains("failed validate"));
    assert_eq!(project.run(&["report", "--format", "github"]).exits(0).stdout, ran.stdout);
}

#[test]
fn every_phase_prints_what_it_found_alone() {
    let project = Project::with_build("echo from the build; exit 1").file("amplify.yml", MANY);
    project.run(&["validate"]).exits(1);
    let log = sarif(&project.run(&["build", "--format", "sarif"]).exits(30));
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1, "{log:#}");
    let ran = project.run(&["build", "--format", "github"]).exits(30);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(ran.stderr.contains("from the build"));
    let log = sarif(&project.run(&["report", "--format", "sarif"]).exits(0));
    assert!(log["runs"][0]["results"].as_array().unwrap().len() > 4);
}

#[test]
fn strict_counts_warnings_as_failures() {
    let lenient = warned().run(&["validate"]).exits(0);
    assert!(lenient.stdout.contains("passed validate with warnings in "), "{}", lenient.stdout);
    assert_eq!(lenient.report()["validation"]["success"], true);

    let project = warned();
    let strict = project.run(&["validate", "--strict"]).exits(1);
    assert!(strict.stdout.contains("failed validate in "), "{}", strict.stdout);
    assert!(strict.stdout.contains("`--strict` counts warnings as failures"), "{}", strict.stdout);
    assert_eq!(strict.phase("validate")["status"], "failed");
    let report = strict.report();
    assert_eq!((&report["result"], &report["exitCode"]), (&"failed".into(), &1.into()));
    assert_eq!(report["validation"]["success"], false);
    assert_eq!(report["deployment"]["errors"][0]["id"], "environment/invalid-variable");
    let told = project.run(&["report"]).exits(0);
    assert!(
        told.stdout.contains("failed") && told.stdout.contains("exit code 1"),
        "{}",
        told.stdout
    );

    let broken = Project::with_build("true").file("amplify.yml", BROKEN);
    let ran = broken.run(&["validate", "--strict"]).exits(1);
    assert!(ran.stdout.contains("error[configuration/buildspec-syntax]"));
}

#[test]
fn a_strict_validation_inside_run_fails_it() {
    let spec = "version: 1
frontend:
  phases:
    build: { commands: ['deployfix validate --strict', 'touch never'] }
  artifacts: { baseDirectory: ., files: ['**/*'] }
";
    let project = warned().file("amplify.yml", spec);
    let ran = project.run(&["run"]);
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(ran.phase("run")["status"], "failed");
    assert!(!project.root().join("never").exists());
}

#[test]
fn no_format_shows_a_secret() {
    let spec = "version: 1
frontend:
  phases:
    build:
      commands:
        - echo fake-token-0123456789: x, fake-token-0123456789: [y]
";
    for format in ["human", "json", "sarif", "github"] {
        let project = Project::with_build("true")
            .file("amplify.yml", spec)
            .variable("API_TOKEN", "fake-token-0123456789");
        for arguments in [["validate", "--format", format], ["report", "--format", format]] {
            let ran = project.run(&[&arguments[..], &["--color", "always"]].concat());
            assert!(ran.stdout.contains("***"), "{format}: {}{}", ran.stdout, ran.stderr);
            for text in [ran.stdout, ran.stderr] {
                assert!(!text.contains("fake-token"), "{format}: {text}");
            }
        }
    }
}

#[test]
fn the_schema_of_the_report_describes_extents_and_fixes() {
    let ran = Project::empty().run(&["schema", "report"]).exits(0);
    let schema: Value = serde_json::from_str(&ran.stdout).unwrap();
    let definitions = &schema["$defs"];
    assert!(definitions["Location"]["properties"]["endColumn"]["description"].is_string());
    assert!(definitions["Fix"]["properties"]["edits"].is_object());
    assert!(definitions["Finding"]["properties"]["fix"].is_object());
}
