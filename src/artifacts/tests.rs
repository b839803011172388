use std::{fs, path::Path};

use serde_json::json;

use super::{Request, check, verify, verify::Verified};
use crate::report::{FindingId, Location};

struct App(tempfile::TempDir);

type Damage = (&'static str, fn(&App), &'static str);

impl App {
    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    fn grow(&self, path: &str, size: u64) {
        self.write(path, "");
        fs::OpenOptions::new()
            .write(true)
            .open(self.path().join(path))
            .unwrap()
            .set_len(size)
            .unwrap();
    }

    /// The least that a build of Next leaves behind.
    fn built(dist_dir: &str, output: Option<&str>) -> Self {
        let app = Self(tempfile::tempdir().unwrap());
        let up = "../".repeat(2 + dist_dir.split('/').count());
        let required = json!({
            "config": { "output": output, "distDir": dist_dir, "assetPrefix": "" },
            "appDir": "/build/app", "relativeAppDir": "",
        });
        for (file, content) in [
            ("BUILD_ID", "build-1\n".to_owned()),
            ("required-server-files.json", required.to_string()),
            ("routes-manifest.json", "{}".to_owned()),
            ("prerender-manifest.json", "{}".to_owned()),
            (
                "build-manifest.json",
                json!({ "pages": { "/[id]": ["static/%5Bid%5D.js"] } }).to_string(),
            ),
            ("static/[id].js", "chunk".to_owned()),
            ("server/pages-manifest.json", json!({ "/": "pages/index.js" }).to_string()),
            ("server/pages/index.js", "page".to_owned()),
            (
                "server/pages/index.js.nft.json",
                json!({ "files": ["../chunk.js", format!("{up}node_modules/next/package.json")] })
                    .to_string(),
            ),
            ("server/chunk.js", "chunk".to_owned()),
            ("cache/webpack.pack", "cache".to_owned()),
        ] {
            app.write(&format!("{dist_dir}/{file}"), content);
        }
        app.write("node_modules/next/package.json", "{}");
        app
    }

    fn exported(folder: &str) -> Self {
        let app = Self::built(".next", Some("export"));
        let detail = json!({ "outDirectory": format!("/build/app/{folder}"), "success": true });
        app.write(".next/export-detail.json", detail.to_string());
        app.write(&format!("{folder}/index.html"), "<p>");
        app
    }

    fn verify(&self, base_directory: Option<&str>) -> Verified {
        verify(&Request { app_root: self.path(), base_directory, budget: None, deny: &[] })
    }

    fn found(&self, base_directory: Option<&str>) -> Vec<String> {
        let findings = self.verify(base_directory).findings;
        findings
            .iter()
            .map(|finding| format!("{:?} {}: {}", finding.severity, finding.id, finding.message))
            .collect()
    }
}

#[test]
fn a_healthy_output_of_every_mode_has_no_findings() {
    for (app, base_directory) in [
        (App::built(".next", None), "./.next/"),
        (App::built("build/site", None), "build/site"),
        (App::exported("out"), "out"),
        (App::exported("build"), "/build"),
    ] {
        let verified = app.verify(Some(base_directory));
        assert_eq!(verified.findings, [], "{base_directory}");
        let artifact = verified.artifact.unwrap();
        assert_eq!(
            artifact.base_directory,
            base_directory.trim_matches(['.', '/']).replace("next", ".next")
        );
        assert_eq!(artifact.manifest.as_deref(), Some(".deployfix/manifest.json"));
        assert_eq!(check(app.path()), []);
    }
}

#[test]
fn an_output_that_is_not_whole_is_told_apart() {
    let empty = App(tempfile::tempdir().unwrap());
    assert_eq!(
        empty.found(None),
        ["Error deployment/artifact-missing: the app root holds no finished Next build"]
    );
    let cases: &[Damage] = &[
        (
            "BUILD_ID",
            |app| app.remove(".next/BUILD_ID"),
            "the build output `.next` is incomplete: it has no `BUILD_ID`",
        ),
        (
            "manifest",
            |app| app.write(".next/routes-manifest.json", "{\n  \"a\":"),
            "`.next/routes-manifest.json` is not valid: EOF while parsing a value",
        ),
        (
            "chunk",
            |app| app.remove(".next/static/[id].js"),
            "`.next/build-manifest.json` names `.next/static/%5Bid%5D.js`, which does not exist",
        ),
        (
            "traced",
            |app| app.remove(".next/server/chunk.js"),
            "the traces name 1 file of the build that does not exist",
        ),
        (
            "traces",
            |app| app.remove(".next/server/pages/index.js.nft.json"),
            "`.next` holds no trace (`*.nft.json`) of what the server needs",
        ),
        (
            "text",
            |app| app.write(".next/BUILD_ID", [0xff, 0xfe]),
            "`.next/BUILD_ID` is not what Next writes: it is not UTF-8",
        ),
    ];
    for (name, damage, message) in cases {
        let app = App::built(".next", None);
        damage(&app);
        let expected = format!("Error deployment/artifact-incomplete: {message}");
        assert_eq!(app.found(None), [expected], "{name}");
    }
}

#[test]
fn the_base_directory_must_be_what_the_build_wrote() {
    let app = App::built(".next", Some("standalone"));
    app.write(".next/standalone/server.js", "");
    app.write("public/index.html", "");
    for wrong in ["out", ".next/standalone", "public", "."] {
        let findings = app.verify(Some(wrong)).findings;
        assert_eq!(findings.len(), 1, "{wrong}");
        assert_eq!(findings[0].id, FindingId::ArtifactMissing);
        assert!(findings[0].is_error());
        assert_eq!(
            findings[0].hints,
            ["in amplify.yml, below `frontend.artifacts`: `baseDirectory: .next`"]
        );
    }
    let moved = App::exported("out");
    fs::create_dir_all(moved.path().join("out/_next")).unwrap();
    fs::rename(moved.path().join("out"), moved.path().join("dist")).unwrap();
    assert_eq!(moved.found(Some("dist")), [] as [String; 0]);
}

#[test]
fn only_what_is_served_counts_against_the_limit() {
    let app = App::built(".next", None);
    app.grow(".next/cache/big", 400_000_000);
    app.grow(".next/static/big", 400_000_000);
    app.grow(".next/trace", 200_000_000);
    assert_eq!(app.verify(None).findings, []);
    app.grow("public/big", 400_000_000);
    let verified = app.verify(None);
    assert_eq!(verified.findings[0].id, FindingId::ArtifactTooLarge);
    assert!(verified.findings[0].is_error());
    assert_eq!(verified.artifact.unwrap().offenders[0].path, "public/big");
}

#[test]
fn denied_files_are_those_that_would_be_deployed() {
    let app = App::built(".next", None);
    app.write(".next/cache/a.map", "");
    app.write(".next/static/a.js.map", "");
    let deny = ["**/*.map".to_owned(), "[".to_owned()];
    let request =
        Request { app_root: app.path(), base_directory: None, budget: Some(1), deny: &deny };
    let findings = verify(&request).findings;
    let ids: Vec<_> = findings.iter().map(|finding| finding.id).collect();
    assert_eq!(
        ids,
        [FindingId::ArtifactTooLarge, FindingId::ArtifactDenied, FindingId::DeployfixInvalid]
    );
    assert_eq!(findings[1].evidence.len(), 1);
}

#[test]
fn the_manifest_tells_every_difference() {
    let app = App::built(".next", None);
    assert_eq!(check(app.path())[0].id, FindingId::ArtifactMissing);
    std::os::unix::fs::symlink("..", app.path().join(".next/server/up")).unwrap();
    app.verify(None);
    app.write(".next/cache/more", "not covered");
    assert_eq!(check(app.path()), []);
    app.write(".next/server/chunk.js", "kunch");
    app.write(".next/server/new.js", "");
    app.remove(".next/static/[id].js");
    app.remove(".next/server/up");
    let findings = check(app.path());
    assert_eq!(findings[0].id, FindingId::ArtifactCorrupt);
    assert_eq!(
        findings[0].message,
        "`.next` is not what was verified: 1 file changed, 2 files missing, 1 file added"
    );
    app.write(".deployfix/manifest.json", "{\n<<<<<<< HEAD");
    assert_eq!(check(app.path())[0].location, Some(Location::at(".deployfix/manifest.json", 2, 1)));
}
