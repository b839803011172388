//! A log that lies beside its app: what the log cannot decide, the files do.

use std::path::Path;

use serde_json::Value;

use super::diagnose_in;

struct App(tempfile::TempDir);

impl App {
    fn new(files: &[(&str, &str)]) -> Self {
        let app = Self(tempfile::tempdir().unwrap());
        app.write(
            "tsconfig.json",
            "{ // paths\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"] } } }",
        );
        app.write(
            "package.json",
            r#"{"name":"app","version":"1.0.0","dependencies":{"next":"15.5.9"},"devDependencies":{"cross-env":"7.0.3","sass":"1.80.0"}}"#,
        );
        for (path, text) in files {
            app.write(path, text);
        }
        app
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn primary(&self, log: &str) -> Value {
        let ran = diagnose_in(self.root(), &["-", "--format", "json"], log.as_bytes());
        ran.json()["diagnoses"][0]["primary"].clone()
    }
}

fn unresolved(module: &str) -> String {
    format!(
        "> next build\n\nFailed to compile.\n\n./src/app/page.tsx\nModule not found: Can't resolve '{module}'\n\nhttps://nextjs.org/docs/messages/module-not-found\n\n> Build failed because of webpack errors\n"
    )
}

const PAGE: (&str, &str) = ("src/app/page.tsx", "export default function Page() { return null }\n");

#[test]
fn an_import_in_another_case_is_named_with_the_file() {
    let app = App::new(&[PAGE, ("src/components/button.tsx", "")]);
    for module in ["@/components/Button", "../components/Button", "@/Components/button"] {
        let primary = app.primary(&unresolved(module));
        assert_eq!(primary["id"], "build/module-case-mismatch", "{primary}");
        let message = primary["message"].as_str().unwrap();
        assert!(message.contains("src/components/button.tsx"), "{message}");
    }
    // What is there, and what is nowhere, stays as the log says it.
    for module in ["@/components/button", "@/components/input"] {
        assert_eq!(app.primary(&unresolved(module))["id"], "build/module-not-found");
    }
}

#[test]
fn a_package_is_looked_up_in_the_manifest() {
    let app = App::new(&[PAGE]);
    for (module, expected) in [
        ("date-fns/format", "`date-fns` is imported, but package.json does not list it"),
        ("@scope/kit", "`@scope/kit` is imported, but package.json does not list it"),
        ("sass", "`sass` is a devDependency, and those are not installed"),
        ("fs", "`fs` is a module of Node.js, imported in code for the browser"),
        ("node:crypto", "`node:crypto` is a module of Node.js, imported in code for the browser"),
    ] {
        let primary = app.primary(&unresolved(module));
        assert_eq!(primary["id"], "build/module-not-found");
        assert_eq!(primary["message"], expected);
    }
}

#[test]
fn a_file_that_git_ignores_is_said_to_be_generated() {
    let app = App::new(&[PAGE, (".gitignore", "/src/schema/\n__generated__/\n")]);
    let git =
        std::process::Command::new("git").args(["init", "-q"]).current_dir(app.root()).status();
    assert!(git.unwrap().success());
    let primary = app.primary(&unresolved("@/schema/types"));
    assert_eq!(
        primary["message"],
        "the import `@/schema/types` is of a file that git ignores (`src/schema/types`)"
    );
    assert_eq!(primary["id"], "build/module-not-found");
    // Such a folder holds nothing else, so that the project's generator may be run.
    let primary = app.primary(&unresolved("@/__generated__/routes"));
    assert_eq!(primary["id"], "build/client-not-generated");
}

#[test]
fn a_log_of_another_project_stays_as_it_is() {
    let app = App::new(&[("src/components/button.tsx", "")]);
    let primary = app.primary(&unresolved("@/components/Button"));
    assert_eq!(primary["id"], "build/module-not-found", "{primary}");
}

#[test]
fn a_program_is_looked_up_in_the_manifest() {
    let app = App::new(&[]);
    let log = "> app@1.0.0 build\n> cross-env A=1 next build\n\nsh: 1: cross-env: not found\nnpm error Lifecycle script `build` failed with error:\n";
    let primary = app.primary(log);
    assert_eq!(primary["id"], "build/command-not-found");
    assert_eq!(
        primary["message"],
        "`cross-env` comes with the devDependency `cross-env`, which is not installed"
    );
}

#[test]
fn variables_that_a_route_reads_are_named() {
    let app = App::new(&[
        (
            "src/app/api/(shop)/pay/route.ts",
            "import { stripe } from '@/lib/stripe';\nexport const GET = () => stripe;\n",
        ),
        (
            "src/lib/stripe.ts",
            "const region = process.env.REGION;\nexport const stripe = make(process.env.PAYMENT_KEY!, process.env.NODE_ENV);\n",
        ),
        (".env.production", "REGION=eu\n"),
    ]);
    let log = "> next build\n\n   Collecting page data ...\nTypeError: Cannot read properties of undefined (reading 'length')\n    at make (.next/server/app/api/pay/route.js:1:1)\n\n> Build error occurred\n[Error: Failed to collect page data for /api/pay] { type: 'Error' }\n";
    let primary = app.primary(log);
    assert_eq!(primary["id"], "build/page-data-failed");
    let evidence = primary["evidence"].as_array().unwrap();
    let of_the_app: Vec<_> =
        evidence.iter().filter(|one| one["source"] == "src/lib/stripe.ts").collect();
    assert_eq!(of_the_app.len(), 1, "{evidence:?}");
    assert_eq!(of_the_app[0]["line"], 2);
    let hint = primary["hints"][0].as_str().unwrap();
    assert!(
        hint.contains("`PAYMENT_KEY`") && !hint.contains("REGION") && !hint.contains("NODE_ENV"),
        "{hint}"
    );
}
