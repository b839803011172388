//! A small app of Next.js, installed once for all tests; each builds a copy.

use std::{fs, path::Path, process::Command, sync::OnceLock};

use serde_json::{Value, json};

use crate::support::{Project, Ran, wait};

pub const LAYOUT: &str = "export default function Layout({ children }) {
  return <html lang=\"en\"><body>{children}</body></html>;
}
";
pub const PAGE: &str = "export default function Page() { return <p>well</p>; }\n";

/// Logs of builds that deployfix has begun, so that a fault can end after a number of attempts.
pub const ATTEMPT: &str = "require('fs').readdirSync(process.cwd() + '/.deployfix/logs').filter(name => name.startsWith('build.')).length";

/// Leaves out what takes half of a build and no test looks at: smaller output, a cache that is never read (each copy has
/// another path), and the lists of files that the server needs.
const QUICK: &str = "const quick = {
  webpack: configuration => {
    configuration.optimization.minimize = false;
    configuration.cache = false;
    return configuration;
  },
  // As without a `webpack` of the project's own.
  experimental: { webpackBuildWorker: true },
  outputFileTracingExcludes: { '*': ['**/*'], 'next-server': ['**/*'] },
};
";

/// next.config.js with what a test needs in it beside.
pub fn configuration(more: &str) -> String {
    format!("{QUICK}module.exports = {{ ...quick, {more} }};\n")
}

/// An app on the version of Next that the other tests use.
pub fn app() -> Project {
    static FOLDER: OnceLock<std::path::PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| installed("15.5.29", "19.3.1"));
    with_pages(folder).file("next.config.js", configuration(""))
}

/// An app on another version.
pub fn app_on(next: &str, react: &str) -> Project {
    with_pages(&installed(next, react))
}

fn with_pages(folder: &Path) -> Project {
    Project::copy_of(folder).file("app/layout.jsx", LAYOUT).file("app/page.jsx", PAGE)
}

fn installed(next: &str, react: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("builds-{next}"));
    let marker = folder.with_extension("installed");
    if marker.is_file() {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let manifest = json!({ "name": "app", "version": "1.0.0", "private": true,
        "scripts": { "build": "next build" },
        "dependencies": { "next": next, "react": react, "react-dom": react } });
    fs::write(folder.join("package.json"), manifest.to_string()).unwrap();
    let mut install = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .spawn()
        .unwrap();
    assert_eq!(wait(&mut install), 0);
    fs::write(marker, "").unwrap();
    folder
}

/// What the attempts of the build came to: `id recovery` of each that failed.
#[track_caller]
pub fn story(ran: &Ran) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    attempts(ran)
        .iter()
        .filter(|attempt| !attempt["finding"].is_null())
        .map(|attempt| {
            format!(
                "{} {}",
                text(&attempt["finding"]["id"]),
                text(&attempt["decision"]["recovery"])
            )
        })
        .collect()
}

#[track_caller]
pub fn attempts(ran: &Ran) -> &[Value] {
    ran.phase("build")["attempts"].as_array().unwrap()
}

/// A build that was recovered, with these failures on the way, and one recommendation that holds each text.
#[track_caller]
pub fn recovered(ran: &Ran, failures: &[&str], advice: &[&str]) {
    assert_eq!(story(ran), failures, "{}", ran.stdout);
    assert_eq!(ran.phase("build")["status"], "recovered");
    let recommendations = ran.report()["recommendations"].as_array().unwrap();
    let has =
        |text: &&str| recommendations.iter().any(|line| line.as_str().unwrap().contains(*text));
    assert!(advice.iter().all(has), "{recommendations:#?}");
}
