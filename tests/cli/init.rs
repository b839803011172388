//! `init` over the shapes that projects have: what it writes, and that `validate` finds nothing in it.

mod projects;

use std::{fs, os::unix::fs::symlink};

use serde_json::Value;

use self::projects::{
    NEXT, app, berry_lock, bun_lock, manifest, monorepo, npm_lock, pnpm_lock, with_managers,
    yarn_lock,
};
use crate::support::Project;

/// Runs `init`, then expects `validate` to find nothing, and gives the text of the specification.
#[track_caller]
fn written(project: &Project, arguments: &[&str], app: &str) -> String {
    project.run(&[&["init"], arguments].concat()).exits(0);
    assert_eq!(findings(project, app), Vec::<String>::new(), "{}", project.read("amplify.yml"));
    project.read("amplify.yml")
}

/// The findings of `validate` that are not about the machine that the tests run on.
#[track_caller]
fn findings(project: &Project, app: &str) -> Vec<String> {
    let output =
        project.command(&["validate", "--project", app, "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = crate::support::phase(&report, "validate")["findings"].as_array().unwrap().clone();
    found
        .iter()
        .filter(|finding| {
            !matches!(
                finding["id"].as_str().unwrap(),
                "environment/memory-low" | "environment/disk-space-low"
            )
        })
        .map(|finding| format!("{} {}", finding["id"], finding["message"]))
        .collect()
}

#[test]
fn npm_with_the_app_router_and_variables() {
    let project = app("package-lock.json", npm_lock())
        .file(
            ".env.example",
            "DATABASE_URL=\"postgres://localhost/db\"\nSESSION_SECRET=\nSTATUS=up\nNEXT_PUBLIC_SITE=x\nNODE_ENV=development\n",
        );
    insta::assert_snapshot!(written(&project, &[], "."));
    insta::assert_snapshot!("contract", project.read("deployfix.yml"));
    // What is there already is not asked for again, and nothing is overwritten.
    let again = project.run(&["init"]).exits(0);
    assert!(again.stdout.contains("unchanged `amplify.yml`"), "{}", again.stdout);
}

#[test]
fn a_pnpm_workspace_is_installed_and_built_at_its_root() {
    let project = monorepo();
    insta::assert_snapshot!(written(&project, &[], "apps/web"));
    let ran = project.run(&["init", "--dry-run"]).exits(0);
    for line in ["pnpm 10.4.1", "AMPLIFY_MONOREPO_APP_ROOT=apps/web", "WEB_COMPUTE"] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
}

#[test]
fn yarn_1_with_the_pages_router() {
    let project = with_managers(
        Project::empty()
            .file("package.json", manifest(""))
            .file("pages/index.js", "export default () => null;\n")
            .file("yarn.lock", yarn_lock()),
    );
    insta::assert_snapshot!(written(&project, &[], "."));
}

#[test]
fn a_static_export() {
    let project = app("package-lock.json", npm_lock())
        .file("next.config.mjs", "export default { output: \"export\" };\n")
        .file(".env.example", "NEXT_PUBLIC_SITE=x\nBUILD_TOKEN=\n");
    insta::assert_snapshot!(written(&project, &[], "."));
    assert!(!project.read("deployfix.yml").contains("runtime: true"));
}

#[test]
fn bun() {
    insta::assert_snapshot!(written(&app("bun.lock", bun_lock()), &[], "."));
}

#[test]
fn yarn_4_without_plug_n_play() {
    let project = app("yarn.lock", berry_lock())
        .file("package.json", manifest(r#","packageManager":"yarn@4.9.2""#));
    insta::assert_snapshot!(written(&project, &[], "."));
    let settled = project.file(".yarnrc.yml", "nodeLinker: node-modules\n");
    assert!(!written(&settled, &["--force"], ".").contains("LINKER"));
}

#[test]
fn pnpm_is_asked_for_a_flat_layout_in_workspaces_that_do_not_set_it() {
    let alone = written(&app("pnpm-lock.yaml", pnpm_lock(".")), &[], ".");
    assert!(alone.contains("npm install -g pnpm@9.15.9\n"), "{alone}");
    assert!(!alone.contains("hoisted"), "{alone}");
    let settled = monorepo().file(".npmrc", "node-linker=hoisted\n");
    assert!(!written(&settled, &[], "apps/web").contains("hoisted"));
}

#[test]
fn the_output_of_the_build_decides_where_artifacts_are() {
    for (config, base, cache) in [
        ("{ distDir: 'build' }", "build", "build/cache/**/*"),
        ("{ output: 'standalone' }", ".next", ".next/cache/**/*"),
        ("{ output: 'export', distDir: 'site' }", "site", ".next/cache/**/*"),
    ] {
        let project = app("package-lock.json", npm_lock())
            .file("next.config.js", format!("module.exports = {config};\n"));
        let text = written(&project, &[], ".");
        assert!(text.contains(&format!("baseDirectory: {base}\n")), "{text}");
        assert!(text.contains(&format!("- {cache}\n")), "{text}");
    }
}

#[test]
fn several_apps_of_one_repository() {
    let project = monorepo()
        .file("apps/my docs/package.json", manifest("").replace("\"web\"", "\"docs\""))
        .file("apps/my docs/pages/index.js", "export default () => null;\n")
        .file("examples/demo/package.json", manifest(""))
        .file("examples/demo/pages/index.js", "export default () => null;\n");
    let lock = pnpm_lock("apps/web").replace(
            "  apps/web:\n",
            &format!("  apps/my docs:\n    dependencies:\n      next:\n        specifier: {NEXT}\n        version: {NEXT}\n\n  apps/web:\n")
        );
    let project = project.file("pnpm-lock.yaml", lock);
    let text = written(&project, &[], "apps/web");
    assert_eq!(findings(&project, "apps/my docs"), Vec::<String>::new());
    insta::assert_snapshot!(text);
    let one = project.run(&["init", "--print", "--project", "apps/web"]).exits(0);
    assert_eq!(one.stdout.matches("appRoot:").count(), 1);
}

#[test]
fn packages_of_an_npm_workspace_are_built_before_the_app() {
    let web = manifest("").replace(r#""dependencies":{"#, r#""dependencies":{"@acme/ui":"*","#);
    let package = |name: &str, more: &str| {
        format!(r#"{{"name":"{name}","version":"1.0.0","scripts":{{"build":"tsc"}}{more}}}"#)
    };
    let lock = npm_lock()
        .replacen(r#""dependencies":{"next":"15.5.29"}"#, r#""workspaces":["apps/*","packages/*"]"#, 1)
        .replace(
            r#""node_modules/next""#,
            r#""apps/web":{"name":"web","version":"1.0.0","dependencies":{"@acme/ui":"*","next":"15.5.29"}},"node_modules/@acme/core":{"resolved":"packages/core","link":true},"node_modules/@acme/ui":{"resolved":"packages/ui","link":true},"node_modules/@acme/unused":{"resolved":"packages/unused","link":true},"node_modules/web":{"resolved":"apps/web","link":true},"packages/core":{"name":"@acme/core","version":"1.0.0","devDependencies":{"@acme/ui":"*"}},"packages/ui":{"name":"@acme/ui","version":"1.0.0","dependencies":{"@acme/core":"*"}},"packages/unused":{"name":"@acme/unused","version":"1.0.0"},"node_modules/next""#,
        );
    let project = Project::empty()
        .file(
            "package.json",
            r#"{"name":"root","private":true,"workspaces":["apps/*","packages/*"]}"#,
        )
        .file("package-lock.json", lock)
        .file("apps/web/package.json", web)
        .file("apps/web/app/page.js", "export default () => null;\n")
        .file(
            "packages/ui/package.json",
            package("@acme/ui", r#","dependencies":{"@acme/core":"*"}"#),
        )
        .file(
            "packages/core/package.json",
            package("@acme/core", r#","devDependencies":{"@acme/ui":"*"}"#),
        )
        .file("packages/unused/package.json", package("@acme/unused", ""));
    let text = written(&project, &[], "apps/web");
    let builds: Vec<_> =
        text.lines().filter_map(|line| line.trim().strip_prefix("- npm run build ")).collect();
    assert_eq!(
        builds,
        ["--workspace packages/core", "--workspace packages/ui", "--workspace apps/web"]
    );
    fs::remove_dir(project.root().join(".git")).unwrap();
    let ran = project.run(&["init", "--force"]).exits(0);
    assert!(ran.stdout.contains("is in no git repository"), "{}", ran.stdout);
    assert!(ran.stdout.contains("unchanged `amplify.yml`"), "{}", ran.stdout);
}

#[test]
fn an_app_in_a_folder_of_its_own() {
    let project = with_managers(
        Project::empty()
            .file("frontend/package.json", manifest(r#","engines":{"node":"20.x"}"#))
            .file("frontend/app/page.js", "export default () => null;\n")
            .file("frontend/package-lock.json", npm_lock())
            .file("frontend/amplify.yml", "version: 1\n"),
    );
    let ran = project.run(&["init"]).exits(0);
    assert!(ran.stdout.contains("`frontend/amplify.yml` is not read by Amplify"), "{}", ran.stdout);
    insta::assert_snapshot!(project.read("amplify.yml"));
    // The user's file is left alone, and named.
    let found = findings(&project, "frontend");
    assert!(
        found.len() == 1 && found[0].contains("`frontend/amplify.yml` is never read"),
        "{found:?}"
    );
    fs::remove_file(project.root().join("frontend/amplify.yml")).unwrap();
    assert_eq!(findings(&project, "frontend"), Vec::<String>::new());
}

#[test]
fn the_phases_of_deployfix() {
    let project = app("package-lock.json", npm_lock());
    insta::assert_snapshot!(written(&project, &["--with-deployfix"], "."));
    let text = written(&monorepo(), &["--with-deployfix"], "apps/web");
    assert!(text.contains("deployfix build --project apps/web\n"), "{text}");
}

#[test]
fn a_backend_is_deployed_first() {
    let project = app("package-lock.json", npm_lock()).file("amplify/backend.ts", "export {};\n");
    insta::assert_snapshot!(written(&project, &[], "."));
}

#[test]
fn without_a_lockfile_the_install_is_not_frozen() {
    let project = app("package-lock.json", npm_lock());
    fs::remove_file(project.root().join("package-lock.json")).unwrap();
    let ran = project.run(&["init"]).exits(0);
    assert!(ran.stdout.contains("there is no `package-lock.json`"), "{}", ran.stdout);
    assert!(project.read("amplify.yml").contains("npm install --cache"));
}

#[test]
fn nothing_is_overwritten_unasked() {
    let project =
        app("package-lock.json", npm_lock()).file("amplify.yml", "version: 1\nmine: yes\n");
    let ran = project.run(&["init"]).exits(2);
    assert!(ran.stdout.contains("`amplify.yml` exists already"), "{}", ran.stdout);
    assert_eq!(project.read("amplify.yml"), "version: 1\nmine: yes\n");

    let ran = project.run(&["init", "--print"]).exits(0);
    assert!(ran.stdout.starts_with("# How AWS Amplify") && !ran.stdout.contains("detected"));
    assert!(ran.stderr.contains("package-lock.json"), "{}", ran.stderr);
    let ran = project.run(&["init", "--force", "--dry-run"]).exits(0);
    assert!(ran.stdout.contains("would replace `amplify.yml`"), "{}", ran.stdout);
    assert_eq!(project.read("amplify.yml"), "version: 1\nmine: yes\n");

    let ran = project.run(&["init", "--force"]).exits(0);
    assert!(ran.stdout.contains("-mine: yes"), "{}", ran.stdout);
    assert!(project.read("amplify.yml").contains("npm ci"));
    assert!(!project.root().join(".deployfix").exists());

    fs::rename(project.root().join("amplify.yml"), project.root().join("real.yml")).unwrap();
    symlink("real.yml", project.root().join("amplify.yml")).unwrap();
    let ran = project.run(&["init", "--force"]).exits(2);
    assert!(ran.stdout.contains("is a symbolic link"), "{}", ran.stdout);
}

#[test]
fn a_contract_that_is_there_is_read_and_kept() {
    let contract = "environment:\n  TOKEN: { secret: true, runtime: true, required: false }\n";
    let project = app("package-lock.json", npm_lock()).file("deployfix.yml", contract);
    let text = written(&project, &[], ".");
    assert!(text.contains("grep -E '^TOKEN=' >> .env.production"), "{text}");
    assert_eq!(project.read("deployfix.yml"), contract);
    let broken = project.file("deployfix.yml", "environmnt: {}\n");
    broken.run(&["init", "--force"]).exits(2);
}

#[test]
fn what_is_no_next_app_is_refused() {
    let ran = Project::empty().run(&["init"]).exits(2);
    assert!(ran.stdout.contains("no Next.js app in or below"), "{}", ran.stdout);
    let ran = Project::with_build("vite build").run(&["init"]).exits(2);
    assert!(ran.stdout.contains("does not depend on `next`"), "{}", ran.stdout);
    let ran = Project::empty().file("package.json", "{").run(&["init"]).exits(2);
    assert!(ran.stdout.contains("not valid JSON"), "{}", ran.stdout);
    let ran = Project::empty().run(&["init", "--project", "absent"]).exits(2);
    assert!(ran.stdout.contains("is not a folder"), "{}", ran.stdout);
    let ran =
        app("package-lock.json", npm_lock()).file("amplify.yaml", "a: 1\n").run(&["init"]).exits(2);
    assert!(ran.stdout.contains("git mv amplify.yaml amplify.yml"), "{}", ran.stdout);
}

#[test]
fn json_holds_the_files_and_the_reasons() {
    let project = app("package-lock.json", npm_lock());
    let ran = project.run(&["init", "--format", "json"]).exits(0);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["files"][0]["path"], "amplify.yml");
    assert_eq!(document["files"][0]["written"], true);
    assert_eq!(document["apps"][0]["detected"][1]["because"], "package-lock.json");
}

#[test]
fn what_is_written_builds_for_real() {
    let project = Project::built()
        .file(".env.example", "STATION_STATUS=operational\n")
        .variable("STATION_STATUS", "degraded");
    for file in [".nvmrc", "deployfix.yml", ".env.production"] {
        fs::remove_file(project.root().join(file)).unwrap();
    }
    fs::remove_dir_all(project.root().join(".next")).unwrap();
    // The packages are there already.
    let npm = which("npm");
    let project = project.program("npm", &format!("[ \"$1\" = ci ] || exec {npm} \"$@\""));
    project.run(&["init"]).exits(0);
    assert_eq!(findings(&project, "."), Vec::<String>::new());
    project.run(&["run"]).exits(0);
    assert_eq!(project.read(".env.production"), "STATION_STATUS=degraded\n");
    project.run(&["verify-artifacts"]).exits(0);
}

fn which(program: &str) -> String {
    let path = std::env::var_os("PATH").unwrap();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(program));
    found.find(|path| path.is_file()).unwrap().display().to_string()
}

#[test]
fn the_same_finding_of_several_apps_is_said_once() {
    let mut project = Project::empty().file("package.json", r#"{"name":"root","private":true}"#);
    for app in ["one", "two"] {
        project = project
            .file(
                &format!("{app}/package.json"),
                manifest(r#","engines":{"node":">=18"}"#).replace("\"web\"", "\"app\""),
            )
            .file(&format!("{app}/.nvmrc"), "18\n")
            .file(&format!("{app}/app/page.js"), "export default () => null;\n");
    }
    let ran = project.run(&["init"]).exits(0);
    let text = &ran.stdout;
    assert_eq!(text.matches("warning[dependency/lockfile-missing]").count(), 1, "{text}");
    assert!(text.contains("--> one/package.json\n"), "{text}");
    assert!(text.contains("hint: the same holds for `two/package.json`\n"), "{text}");
    // The range takes the image's Node too, so it is not to blame.
    assert!(text.contains(": .nvmrc asks for `18`, which Amplify"), "{text}");
    assert!(text.contains("--> one/.nvmrc\n"), "{text}");
}

#[test]
fn from_a_folder_of_the_app_the_app_is_named() {
    let project = app("package-lock.json", npm_lock());
    let ran = project.run(&["init", "--project", "src/app"]).exits(2);
    assert!(ran.stdout.trim_end().ends_with("hint: deployfix init"), "{}", ran.stdout);
}
