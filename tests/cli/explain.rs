use std::{fs, path::Path};

use serde_json::Value;

use crate::support::Project;

/// Every id, as the command itself lists them.
fn all() -> Vec<Value> {
    let ran = Project::empty().run(&["explain", "--all", "--format", "json"]).exits(0);
    let pages: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert!(pages.len() > 100);
    pages
}

#[test]
fn an_id_in_any_form_leads_to_its_page() {
    let project = Project::empty();
    let page = project.run(&["explain", "build/out-of-memory-heap"]).exits(0).stdout;
    assert!(page.starts_with("# build/out-of-memory-heap\n"), "{page}");
    assert!(page.contains("\n## How to fix it\n") && page.contains("`raise-heap`"), "{page}");
    for name in
        ["out-of-memory-heap", "BUILD/Out-Of-Memory-Heap", "error[build/out-of-memory-heap]"]
    {
        assert_eq!(project.run(&["explain", name]).exits(0).stdout, page);
    }
    assert!(!project.root().join(".deployfix").exists());
}

#[test]
fn json_holds_what_the_catalogue_knows() {
    let ran =
        Project::empty().run(&["explain", "registry-unreachable", "--format", "json"]).exits(0);
    let page: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(page["id"], "dependency/registry-unreachable");
    assert_eq!(page["area"], "dependency");
    assert_eq!(page["severity"], "error");
    assert_eq!(page["exitCode"], 75);
    assert_eq!(page["recovery"], "retry-with-backoff, fallback-registry");
    assert!(page["summary"].as_str().unwrap().ends_with('.'));
    assert!(page["markdown"].as_str().unwrap().starts_with("# dependency/registry-unreachable\n"));
}

#[test]
fn an_unknown_id_is_a_usage_error_with_what_was_meant() {
    let project = Project::empty();
    let ran = project.run(&["explain", "out-of-memory"]).exits(2);
    assert!(
        ran.stdout.contains("error[internal/usage]: `out-of-memory` is no id of a finding")
            && ran.stdout.contains("hint: deployfix explain build/out-of-memory-heap\n")
            && ran.stdout.contains("hint: `deployfix explain` lists every id"),
        "{}",
        ran.stdout
    );
    for format in ["json", "markdown"] {
        let ran = project.run(&["explain", "nothing", "--format", format]).exits(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("internal/usage"), "{}", ran.stderr);
    }
}

#[test]
fn without_an_id_every_id_is_listed_with_its_sentence() {
    let list = Project::empty().run(&["explain"]).exits(0).stdout;
    for page in all() {
        let (id, summary) = (page["id"].as_str().unwrap(), page["summary"].as_str().unwrap());
        assert!(list.contains(&format!("\n- `{id}`: {summary}\n")), "{id}");
    }
    assert!(list.contains("\n## environment\n") && list.contains("\n## internal\n"));
}

#[test]
fn all_pages_are_one_document_and_other_commands_write_no_markdown() {
    let project = Project::empty();
    let document = project.run(&["explain", "--all", "--format", "markdown"]).exits(0).stdout;
    assert_eq!(document, project.run(&["explain", "--all"]).exits(0).stdout);
    assert!(
        document.contains("- [`build/failed`](#buildfailed): ")
            && document.contains("\n## build/failed\n"),
    );
    let ran = project.run(&["validate", "--format", "markdown"]).exits(2);
    assert!(ran.stderr.contains("only `explain` writes `--format markdown`"), "{}", ran.stderr);
    for format in ["sarif", "github"] {
        let ran = project.run(&["explain", "--format", format]).exits(2);
        assert!(ran.stderr.contains("`explain` writes"), "{}", ran.stderr);
    }
    project.run(&["explain", "build/failed", "--all"]).exits(2);
    project.run(&["explain", "--output", "docs"]).exits(2);
}

#[test]
fn files_are_written_again_but_nothing_foreign_is_touched() {
    let project = Project::empty();
    let write = ["explain", "--all", "--output", "docs"];
    let dry = project.run(&["explain", "--all", "--output", "docs", "--dry-run"]).exits(0);
    assert!(dry.stdout.starts_with("would write "), "{}", dry.stdout);
    assert!(!project.root().join("docs").exists());

    project.run(&write).exits(0);
    for page in all() {
        let path = format!("docs/{}.md", page["id"].as_str().unwrap());
        let text = project.read(&path);
        assert!(text.starts_with(&format!("# {}\n", page["id"].as_str().unwrap())), "{path}");
    }
    let index = project.read("docs/index.md");
    assert!(index.contains("- [`build/failed`](build/failed.md): "), "{index}");
    let page = project.root().join("docs/build/failed.md");
    fs::remove_file(&page).unwrap();
    project.run(&write).exits(0);
    assert!(page.exists() && index == project.read("docs/index.md"));

    fs::write(project.root().join("docs/index.md"), "# ours\n").unwrap();
    fs::remove_file(&page).unwrap();
    let ran = project.run(&write).exits(2);
    assert!(
        ran.stdout.contains("`docs/index.md` was not written by `deployfix explain`"),
        "{}",
        ran.stdout
    );
    assert_eq!(project.read("docs/index.md"), "# ours\n");
    assert!(!page.exists(), "all or nothing");
}

#[test]
fn colour_is_rendered_and_a_pipe_gets_markdown() {
    let project = Project::empty();
    let styled = project.run(&["explain", "build/failed", "--color", "always"]).exits(0).stdout;
    assert!(styled.starts_with("\x1b[1mbuild/failed\x1b[0m\n") && !styled.contains("```"));
    assert!(
        anstream::adapter::strip_str(&styled)
            .to_string()
            .lines()
            .filter(|line| !line.starts_with("    "))
            .all(|line| line.chars().count() <= 100)
    );
}

/// amplify.yml around an example: a list is the commands of the build, keys of `frontend` and of an
/// application are added to it, and a file with `version` and more is whole.
fn specification(example: &str) -> String {
    let indented = |text: &str, by: usize| -> String {
        let margin = " ".repeat(by);
        text.lines().flat_map(|line| [margin.as_str(), line, "\n"]).collect()
    };
    let commands = if example.starts_with("- ") || example.starts_with("# ") {
        example
    } else {
        "- npm run build\n"
    };
    let mut frontend = format!(
        "phases:\n  preBuild:\n    commands:\n      - npm ci\n  build:\n    commands:\n{}artifacts:\n  baseDirectory: .next\n  files:\n    - '**/*'\ncache:\n  paths:\n    - .next/cache/**/*\n",
        indented(commands, 6)
    );
    let whole = |frontend: &str| format!("version: 1\nfrontend:\n{}", indented(frontend, 2));
    let Ok(serde_yaml::Value::Mapping(keys)) = serde_yaml::from_str(example) else {
        return whole(&frontend);
    };
    if keys.contains_key("version") && keys.len() > 1 {
        return example.to_owned();
    }
    let text = |value: &serde_yaml::Value| serde_yaml::to_string(value).unwrap();
    let mut root: serde_yaml::Value = serde_yaml::from_str(&whole(&frontend)).unwrap();
    let template: serde_yaml::Value = serde_yaml::from_str(&frontend).unwrap();
    for (key, value) in keys {
        match key.as_str().unwrap() {
            "phases" | "artifacts" | "cache" => root["frontend"][key] = value,
            "frontend" => merge(&mut root["frontend"], value),
            "applications" => {
                root.as_mapping_mut().unwrap().remove("frontend");
                let mut applications = value;
                for application in applications.as_sequence_mut().unwrap() {
                    let given = application["frontend"].clone();
                    application["frontend"] = template.clone();
                    merge(&mut application["frontend"], given);
                }
                root[key] = applications;
            }
            _ => root[key] = value,
        }
    }
    frontend = text(&root);
    frontend
}

fn merge(base: &mut serde_yaml::Value, added: serde_yaml::Value) {
    match added {
        serde_yaml::Value::Mapping(keys) => {
            for (key, value) in keys {
                base[key] = value;
            }
        }
        serde_yaml::Value::Null => {}
        other => *base = other,
    }
}

/// The examples of a page that are amplify.yml, by `before` and `after`.
fn examples(markdown: &str) -> Vec<(&str, String)> {
    let mut examples: Vec<(&str, String)> = Vec::new();
    let mut open = false;
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some("yaml before") => examples.push(("before", String::new())),
            Some("yaml after") => examples.push(("after", String::new())),
            _ if open && line != "```" => {
                let (_, text) = examples.last_mut().unwrap();
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
        open = match line.strip_prefix("```") {
            Some(language) => ["yaml before", "yaml after"].contains(&language),
            None => open,
        };
    }
    examples
}

/// What `validate` says about an example in a project of its package manager.
fn found(example: &str, manager: &str) -> Vec<String> {
    let lockfile = match manager {
        "pnpm" => ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        _ => (
            "package-lock.json",
            r#"{"name":"app","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"app","version":"1.0.0","dependencies":{"next":"15.5.0"}},"node_modules/next":{"version":"15.5.0"}}}"#,
        ),
    };
    let manifest = r#"{"name":"app","version":"1.0.0","private":true,"scripts":{"build":"next build","test":"true"},"dependencies":{"next":"15.5.0"}}"#;
    let project = Project::empty()
        .file("package.json", manifest)
        .file(lockfile.0, lockfile.1)
        .file("apps/web/package.json", manifest)
        .file("amplify.yml", specification(example));
    let app = if example.contains("appRoot: apps/web") { "apps/web" } else { "." };
    let ran = project.run(&["validate", "--project", app, "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = crate::support::phase(&report, "validate")["findings"].as_array().unwrap();
    let of_specification = |id: &String| id.starts_with("configuration/buildspec-");
    let ids = findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned());
    ids.filter(of_specification).collect()
}

/// Pages whose mistake needs more than a file to be seen.
const NEEDS_A_BUILD: &[&str] = &["deployment/artifact-missing"];

/// Whether the rule of an id is there.
fn is_checked(id: &str) -> bool {
    let Some(rule) = id.strip_prefix("configuration/buildspec-") else { return true };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/buildspec");
    let file = match rule {
        "invalid-ignore" => "ignore.rs".to_owned(),
        rule => format!("rules/{}.rs", rule.replace('-', "_")),
    };
    source.join(file).exists()
}

#[test]
fn examples_of_amplify_yml_do_what_their_page_says() {
    let mut number = 0;
    for page in all() {
        let id = page["id"].as_str().unwrap();
        let examples = examples(page["markdown"].as_str().unwrap());
        let manager = match examples.iter().find(|(kind, _)| *kind == "after") {
            Some((_, example)) if example.contains("pnpm") => "pnpm",
            _ => "npm",
        };
        for (kind, example) in examples {
            number += 1;
            let found = found(&example, manager);
            if kind == "after" {
                assert!(
                    found.is_empty() || !is_checked(id),
                    "{id}: {found:?}\n{}",
                    specification(&example)
                );
            } else if !NEEDS_A_BUILD.contains(&id) && is_checked(id) {
                assert!(
                    found.iter().any(|other| other == id),
                    "{id}: {found:?}\n{}",
                    specification(&example)
                );
            }
        }
    }
    assert!(number > 60, "{number} examples");
}
