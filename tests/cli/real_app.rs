//! Real builds of the fixture app. They share one installed and built copy.

use std::fs;

use crate::support::Project;

#[test]
fn the_built_app_is_proved_and_answers() {
    let project = Project::built();
    let verified = project.run(&["verify-artifacts"]).exits(0);
    let artifact = &verified.report()["artifact"];
    assert_eq!(artifact["mode"], "server");
    assert_eq!(artifact["baseDirectory"], ".next");
    assert!(artifact["computeSize"].as_u64().unwrap() > 1_000_000);
    assert_eq!(artifact["offenders"].as_array().unwrap().len(), 10);
    project.run(&["verify-artifacts", "--check"]).exits(0);

    let checked = project.run(&["health-check", "--serve"]).exits(0);
    let health = &checked.report()["health"];
    let routes = health["routes"].as_array().unwrap();
    assert!(routes.iter().any(|route| route["path"] == "/"));
    assert!(routes.iter().any(|route| route["path"] == "/api/health"));
    assert!(routes.iter().all(|route| route["healthy"] == true), "{routes:#?}");
    assert!(health["assets"].as_u64().unwrap() > 3);
    assert!(health["peakMemory"].as_u64().unwrap() > 10_000_000);
    let left: Vec<_> = fs::read_dir(project.root().join(".deployfix")).unwrap().collect();
    assert!(left.iter().all(|entry| {
        !entry.as_ref().unwrap().file_name().to_string_lossy().contains("standalone")
    }));
}

#[test]
fn a_damaged_output_is_refused() {
    let project = Project::built();
    project.run(&["verify-artifacts"]).exits(0);
    let build_id = project.root().join(".next/BUILD_ID");
    let text = fs::read_to_string(&build_id).unwrap();
    fs::remove_file(&build_id).unwrap();
    fs::write(&build_id, format!("{text}x")).unwrap();
    let ran = project.run(&["verify-artifacts", "--check"]).exits(40);
    assert_eq!(ran.findings("verify-artifacts")[0].1, "deployment/artifact-corrupt");
    fs::remove_file(project.root().join(".next/required-server-files.json")).unwrap();
    let ran = project.run(&["verify-artifacts"]).exits(40);
    assert!(ran.findings("verify-artifacts").iter().any(|(severity, _)| severity == "error"));
}

#[test]
fn a_page_that_breaks_at_request_time_stops_the_deployment() {
    let project = Project::built();
    // The chunk that every page needs is gone: the page answers, its script does not.
    let chunks = project.root().join(".next/static/chunks");
    let main = fs::read_dir(&chunks)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("main-app"))
        .unwrap();
    fs::remove_file(main).unwrap();
    let ran = project.run(&["health-check", "--serve"]).exits(40);
    let finding = ran.finding("health-check", "deployment/health-check-failed");
    assert!(finding.to_string().contains("main-app"), "{finding}");
}

#[test]
fn a_type_error_is_named_with_file_and_line() {
    let project = Project::built()
        .file("src/app/broken/page.tsx", "export default function Broken() {\n  const count: number = \"three\";\n  return <p>{count}</p>;\n}\n");
    let ran = project.run(&["build"]).exits(30);
    let finding = ran.finding("build", "build/type-error");
    assert_eq!(finding["location"]["path"], "src/app/broken/page.tsx");
    assert_eq!(finding["location"]["line"], 2);
    assert!(finding["message"].as_str().unwrap().contains("not assignable"), "{finding}");
}

#[test]
fn a_standalone_output_is_proved_and_answers() {
    proved(
        &Project::built().quick("").variable("NEXT_OUTPUT", "standalone"),
        "standalone",
        ".next",
    );
}

#[test]
fn a_static_export_is_proved_and_answers() {
    // It has no route handlers; the route named in the fixture's own file is one.
    let project = Project::built()
        .quick("outputFileTracingExcludes: { '*': ['**/*'], 'next-server': ['**/*'] },")
        .file("deployfix.yml", "health: { routes: [\"/\"] }\n")
        .variable("NEXT_OUTPUT", "export");
    proved(&project, "export", "out");
}

#[test]
fn an_output_in_another_folder_is_proved_and_answers() {
    proved(&Project::built().quick("").variable("NEXT_DIST_DIR", "build"), "server", "build");
}

/// Builds, and expects of the output what it is and that it answers.
#[track_caller]
fn proved(project: &Project, mode: &str, base: &str) {
    fs::remove_dir_all(project.root().join(".next")).unwrap();
    project.run(&["build"]).exits(0);
    let verified = project.run(&["verify-artifacts"]).exits(0);
    assert_eq!(verified.report()["artifact"]["mode"], mode);
    assert_eq!(verified.report()["artifact"]["baseDirectory"], base);
    let checked = project.run(&["health-check", "--serve"]).exits(0);
    assert!(checked.report()["health"]["routes"].as_array().unwrap().len() >= 3);
}
