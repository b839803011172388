//! Files that Next's own manifests name: chunks that browsers ask for, and modules that the server loads.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;
use url::Url;

use super::problem::{JsonError, read_json};
use crate::{
    project::output::BuildOutput,
    report::{Evidence, Finding, FindingId, Location, Severity},
};

/// Files named in a message or as evidence; the rest is counted.
const NAMED: usize = 10;

/// A manifest whose strings are paths.
struct Manifest {
    /// Relative to the dist dir.
    path: &'static str,
    /// The folder its paths are relative to, below the dist dir.
    relative_to: &'static str,
    /// Which of its strings are paths.
    prefix: &'static str,
    /// Who misses an absent file.
    reader: Reader,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Browser,
    Server,
}

/// The app router's manifests are absent in an app without one, and `app-build-manifest.json` from Next 16 on.
const MANIFESTS: &[Manifest] = &[
    Manifest {
        path: "build-manifest.json",
        relative_to: "",
        prefix: "static/",
        reader: Reader::Browser,
    },
    Manifest {
        path: "app-build-manifest.json",
        relative_to: "",
        prefix: "static/",
        reader: Reader::Browser,
    },
    Manifest {
        path: "server/pages-manifest.json",
        relative_to: "server",
        prefix: "pages/",
        reader: Reader::Server,
    },
    Manifest {
        path: "server/app-paths-manifest.json",
        relative_to: "server",
        prefix: "app/",
        reader: Reader::Server,
    },
    Manifest {
        path: "server/middleware-manifest.json",
        relative_to: "",
        prefix: "server/",
        reader: Reader::Server,
    },
];

/// Files that a manifest names and that are not there.
pub(super) fn check(app_root: &Path, output: &BuildOutput) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    MANIFESTS
        .iter()
        .filter_map(|manifest| {
            let path = format!("{}/{}", output.dist_dir, manifest.path);
            match read_json(app_root, &path) {
                Ok(value) => {
                    let absent = absent(app_root, output, manifest, &value, &mut seen);
                    report(output, manifest, &path, &absent)
                }
                // Whether it must be there is decided by the requirements.
                Err(JsonError::Missing { .. }) => None,
                Err(error) => Some(error.into()),
            }
        })
        .collect()
}

/// What this manifest names and no earlier one did.
fn absent(
    app_root: &Path,
    output: &BuildOutput,
    manifest: &Manifest,
    value: &Value,
    seen: &mut BTreeSet<PathBuf>,
) -> Vec<String> {
    let mut named = BTreeSet::new();
    collect(value, manifest.prefix, &mut named);
    let folder = app_root.join(&output.dist_dir).join(manifest.relative_to);
    named
        .into_iter()
        .filter(|file| !exists(&folder, file) && seen.insert(folder.join(file)))
        .map(str::to_owned)
        .collect()
}

fn report(
    output: &BuildOutput,
    manifest: &Manifest,
    path: &str,
    absent: &[String],
) -> Option<Finding> {
    let first = absent.first()?;
    let (consequence, severity) = match manifest.reader {
        // With a prefix, the files are often moved to a CDN of the project's own.
        Reader::Browser if has_asset_prefix(output) => (
            "with `assetPrefix` they may lie elsewhere; without them pages stay dead in the browser",
            Severity::Warning,
        ),
        Reader::Browser => {
            ("browsers ask for these files and get 404, so pages stay dead", Severity::Error)
        }
        Reader::Server => (
            "the server loads these files when their routes are asked for, and fails",
            Severity::Error,
        ),
    };
    let folder = [output.dist_dir.as_str(), manifest.relative_to].join("/");
    let folder = folder.trim_end_matches('/');
    let message = match absent.len() {
        1 => format!("`{path}` names `{folder}/{first}`, which does not exist"),
        count => format!("`{path}` names {count} files that do not exist, as `{folder}/{first}`"),
    };
    let finding = Finding::new(
        FindingId::ArtifactIncomplete,
        message,
        format!("{consequence}; something removed them after the build, or two builds were mixed: build again into an empty folder"),
    )
    .severity(severity)
    .location(Location::file(path));
    Some(absent.iter().take(NAMED).fold(finding, |finding, file| {
        finding.evidence(Evidence::new(path, format!("{folder}/{file}")))
    }))
}

fn collect<'a>(value: &'a Value, prefix: &str, named: &mut BTreeSet<&'a str>) {
    match value {
        Value::String(text) if text.starts_with(prefix) => {
            named.insert(text);
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, prefix, named)),
        Value::Object(map) => map.values().for_each(|item| collect(item, prefix, named)),
        _ => {}
    }
}

fn exists(folder: &Path, file: &str) -> bool {
    folder.join(file).is_file() || decoded(file).is_some_and(|file| folder.join(file).is_file())
}

/// Chunks of dynamic routes are written as the browser asks for them: `%5Bslug%5D`; a deployment id may follow as a query.
fn decoded(file: &str) -> Option<PathBuf> {
    if !file.contains(['%', '?']) {
        return None;
    }
    let path = Url::parse(&format!("file:///{file}")).ok()?.to_file_path().ok()?;
    path.strip_prefix("/").map(Path::to_path_buf).ok()
}

fn has_asset_prefix(output: &BuildOutput) -> bool {
    output
        .config
        .get("assetPrefix")
        .and_then(Value::as_str)
        .is_some_and(|prefix| !prefix.is_empty())
}
