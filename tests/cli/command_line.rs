use std::process::Command;

use crate::support::Project;

fn deployfix(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_deployfix")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_subcommand_has_help_with_examples() {
    for command in [
        "validate",
        "install",
        "build",
        "verify-artifacts",
        "health-check",
        "explain",
        "report",
        "diagnose",
        "run",
        "schema",
        "completions",
    ] {
        let (code, stdout, _) = deployfix(&[command, "--help"]);
        assert_eq!(code, Some(0));
        assert!(
            stdout.contains("Examples:") && stdout.contains(&format!("deployfix {command}")),
            "{stdout}"
        );
    }
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_what_fits() {
    for arguments in [
        &["valdate"][..],
        &["health-check"],
        &["health-check", "--url", "ftp://example.com"],
        &["validate", "--format", "xml"],
        &["validate", "-q", "-v"],
        &["run", "--memory", "8"],
        &["run", "--keep"],
        &["run", "--platform", "lambda"],
        &[],
    ] {
        let (code, stdout, stderr) = deployfix(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(stdout.is_empty() && !stderr.is_empty(), "{arguments:?}");
    }
    let (_, _, stderr) = deployfix(&["valdate"]);
    assert!(stderr.contains("validate"), "{stderr}");
}

#[test]
fn schema_and_completions_print_data_alone() {
    let (code, stdout, stderr) = deployfix(&["schema", "report"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let schema: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert!(schema["properties"]["phases"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        let (code, stdout, _) = deployfix(&["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(stdout.contains("verify-artifacts"));
    }
}

#[test]
fn a_project_that_is_no_folder_is_a_usage_error() {
    let project = Project::empty();
    let ran = project.run(&["validate", "--project", "absent"]).exits(2);
    assert!(
        ran.stdout.contains("error[internal/usage]: `absent` is not a folder"),
        "{}",
        ran.stdout
    );
}

#[test]
fn colour_only_when_asked_for_or_on_a_terminal() {
    let project = Project::with_build("true");
    assert!(!project.run(&["validate"]).stdout.contains('\x1b'));
    assert!(project.run(&["validate", "--color", "always"]).stdout.contains('\x1b'));
}
