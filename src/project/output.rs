//! What a finished Next build left behind, told by the files it wrote and never by the text of next.config.
//!
//! Seen in builds of Next 14.2, 15.5 and 16.4: every mode writes `BUILD_ID` and `required-server-files.json` into the
//! dist dir, whose `config` is the resolved configuration. With `output: "export"` a custom `distDir` names the folder
//! of the export instead of `out`, the dist dir stays `.next`, and `export-detail.json` names the folder.

mod read;

use std::{
    fs,
    path::{Component, Path},
    time::SystemTime,
};

use serde_json::Value;
use walkdir::WalkDir;

pub(crate) use read::OutputError;
use read::{read_json, read_text};

/// Written when the pages are built, before traces and export; removed when the next build begins.
const BUILD_ID: &str = "BUILD_ID";
/// What the server needs, and the resolved configuration.
const REQUIRED_SERVER_FILES: &str = "required-server-files.json";
/// Written when the export is complete; names its folder.
const EXPORT_DETAIL: &str = "export-detail.json";
/// Next's dist dir unless configured.
const DEFAULT_DIST_DIR: &str = ".next";
/// Folders that hold no dist dir of the app, or only copies of one.
const PASSED_OVER: &[&str] = &["node_modules", ".git", "standalone", "cache", ".deployfix"];
/// How deep below the app root a dist dir is looked for.
const SEARCH_DEPTH: usize = 3;
/// What a build that did not finish (or `next dev`) leaves behind.
const MARKS_OF_A_BUILD: &[&str] =
    &[BUILD_ID, REQUIRED_SERVER_FILES, "build-manifest.json", "server", "trace"];

/// How the output is meant to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputMode {
    /// `next start`, or the host's own server.
    Server,
    /// `output: "standalone"`: a server with its dependencies beside it.
    Standalone,
    /// `output: "export"`, or `next export`: files only.
    Export,
}

impl OutputMode {
    /// The word of the report.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Standalone => "standalone",
            Self::Export => "export",
        }
    }
}

/// A further finished build below the app root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OtherOutput {
    /// Its dist dir, relative to the app root.
    pub(crate) dist_dir: String,
    /// Whether it was built after the chosen one.
    pub(crate) newer: bool,
}

/// What a finished build left behind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BuildOutput {
    /// How it is meant to run.
    pub(crate) mode: OutputMode,
    /// Next's dist dir, relative to the app root.
    pub(crate) dist_dir: String,
    /// What Amplify takes as `baseDirectory`, relative to the app root: the dist dir for a server (Amplify bundles from
    /// traces, never from `standalone`), the exported folder for an export.
    pub(crate) base_directory: String,
    /// Next's `BUILD_ID`.
    pub(crate) build_id: String,
    /// The app root relative to the folder that files were traced from; empty outside of workspaces.
    pub(crate) relative_app_dir: String,
    /// The resolved configuration.
    pub(crate) config: Value,
    /// Further builds that were passed over.
    pub(crate) others: Vec<OtherOutput>,
}

struct Candidate {
    dist_dir: String,
    built: SystemTime,
    build_id: String,
    manifest: Value,
}

/// Finds the build of an app. The folder that `hint` names (`baseDirectory` of amplify.yml) is preferred when it holds a
/// finished build, since that is what gets deployed; else the newest build whose own record of its place agrees.
pub(crate) fn detect(app_root: &Path, hint: Option<&str>) -> Result<BuildOutput, OutputError> {
    let hint = hint.map(|directory| normalise(app_root, directory));
    let folders = folders(app_root, hint.as_deref());
    let finished = folders.iter().filter(|folder| is_finished(&app_root.join(folder)));
    let mut candidates = Vec::new();
    let mut refused = None;
    for folder in finished {
        match read_candidate(app_root, folder) {
            Ok(candidate) => candidates.push(candidate),
            Err(error) if hint.as_ref() == Some(folder) => return Err(error),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    candidates.sort_by_key(|candidate| {
        let hinted = hint.as_deref() == Some(candidate.dist_dir.as_str());
        std::cmp::Reverse((hinted, candidate.names_its_own_place(), candidate.built))
    });
    let mut candidates = candidates.into_iter();
    let Some(chosen) = candidates.next() else {
        return Err(refused.unwrap_or_else(|| no_output(app_root, &folders)));
    };
    let others = candidates
        .filter(Candidate::names_its_own_place)
        .map(|other| OtherOutput { newer: other.built > chosen.built, dist_dir: other.dist_dir })
        .collect();
    chosen.into_output(app_root, others)
}

/// A folder as amplify.yml writes it (`./.next/`, `/.next`), relative to the app root; `.` for the root itself.
pub(crate) fn normalise(app_root: &Path, directory: &str) -> String {
    let path = Path::new(directory.trim());
    let path = path.strip_prefix(app_root).unwrap_or(path);
    let mut parts: Vec<&str> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.extend(part.to_str()),
            Component::ParentDir if parts.last().is_some_and(|part| *part != "..") => {
                parts.pop();
            }
            Component::ParentDir => parts.push(".."),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

fn folders(app_root: &Path, hint: Option<&str>) -> Vec<String> {
    let mut folders = vec![DEFAULT_DIST_DIR.to_owned()];
    folders.extend(hint.map(str::to_owned));
    let walk =
        WalkDir::new(app_root).min_depth(1).max_depth(SEARCH_DEPTH).into_iter().filter_entry(
            |entry| {
                entry.file_type().is_dir()
                    && !entry.file_name().to_str().is_some_and(|name| PASSED_OVER.contains(&name))
            },
        );
    // A folder that cannot be listed holds no build that could be deployed.
    folders.extend(
        walk.filter_map(Result::ok).filter_map(|entry| {
            Some(entry.path().strip_prefix(app_root).ok()?.to_str()?.to_owned())
        }),
    );
    folders.sort();
    folders.dedup();
    folders
}

fn is_finished(folder: &Path) -> bool {
    [BUILD_ID, REQUIRED_SERVER_FILES].iter().all(|name| folder.join(name).is_file())
}

fn no_output(app_root: &Path, folders: &[String]) -> OutputError {
    let begun = folders.iter().find(|folder| {
        let marks =
            MARKS_OF_A_BUILD.iter().filter(|name| app_root.join(folder).join(name).exists());
        marks.count() >= 2
    });
    match begun {
        Some(dist_dir) => {
            let absent = [BUILD_ID, REQUIRED_SERVER_FILES]
                .into_iter()
                .find(|name| !app_root.join(dist_dir).join(name).is_file())
                .unwrap_or(BUILD_ID);
            OutputError::Incomplete { dist_dir: dist_dir.clone(), absent }
        }
        None => OutputError::Missing,
    }
}

fn read_candidate(app_root: &Path, dist_dir: &str) -> Result<Candidate, OutputError> {
    let path = format!("{dist_dir}/{BUILD_ID}");
    let build_id = read_text(app_root, &path)?.trim().to_owned();
    if build_id.is_empty() {
        return Err(OutputError::Incomplete { dist_dir: dist_dir.to_owned(), absent: BUILD_ID });
    }
    let built = fs::metadata(app_root.join(&path))
        .and_then(|metadata| metadata.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let manifest = read_json(app_root, &format!("{dist_dir}/{REQUIRED_SERVER_FILES}"))?;
    Ok(Candidate { dist_dir: dist_dir.to_owned(), built, build_id, manifest })
}

impl Candidate {
    /// A build of another app further down, or a copy, records a dist dir that is not where it lies.
    fn names_its_own_place(&self) -> bool {
        let recorded = self.manifest.pointer("/config/distDir").and_then(Value::as_str);
        recorded.is_none_or(|recorded| normalise(Path::new(""), recorded) == self.dist_dir)
    }

    fn into_output(
        self,
        app_root: &Path,
        others: Vec<OtherOutput>,
    ) -> Result<BuildOutput, OutputError> {
        let config = self.manifest.get("config").cloned().unwrap_or_default();
        if !config.is_object() {
            return Err(OutputError::Invalid {
                path: format!("{}/{REQUIRED_SERVER_FILES}", self.dist_dir),
                reason: "it has no `config` object".to_owned(),
                line: 0,
                column: 0,
            });
        }
        let detail = self.export_detail(app_root)?;
        let mode = match config.get("output").and_then(Value::as_str) {
            Some("standalone") => OutputMode::Standalone,
            Some("export") => OutputMode::Export,
            // `next export` of Next 13 and older leaves no mark in the configuration.
            _ if detail.is_some() => OutputMode::Export,
            _ => OutputMode::Server,
        };
        let base_directory = match (mode, &detail) {
            (OutputMode::Export, Some(detail)) => self.exported_folder(app_root, detail),
            // `BUILD_ID` is written before the export begins.
            (OutputMode::Export, None) => {
                return Err(OutputError::Incomplete {
                    dist_dir: self.dist_dir,
                    absent: EXPORT_DETAIL,
                });
            }
            _ => self.dist_dir.clone(),
        };
        let relative_app_dir = self
            .manifest
            .get("relativeAppDir")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        Ok(BuildOutput {
            mode,
            dist_dir: self.dist_dir,
            base_directory,
            build_id: self.build_id,
            relative_app_dir,
            config,
            others,
        })
    }

    fn export_detail(&self, app_root: &Path) -> Result<Option<Value>, OutputError> {
        let path = format!("{}/{EXPORT_DETAIL}", self.dist_dir);
        if !app_root.join(&path).exists() {
            return Ok(None);
        }
        let detail = read_json(app_root, &path)?;
        let succeeded = detail.get("success").and_then(Value::as_bool) != Some(false);
        Ok(succeeded.then_some(detail))
    }

    /// `outDirectory` is absolute as of the build; the folder may have been moved since.
    fn exported_folder(&self, app_root: &Path, detail: &Value) -> String {
        let written =
            Path::new(detail.get("outDirectory").and_then(Value::as_str).unwrap_or("out"));
        let built_in = self.manifest.get("appDir").and_then(Value::as_str).unwrap_or_default();
        let relative = written
            .strip_prefix(built_in)
            .or_else(|_| written.strip_prefix(app_root))
            .ok()
            .or_else(|| written.file_name().map(Path::new))
            .and_then(Path::to_str)
            .unwrap_or("out");
        normalise(Path::new(""), relative)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn build(app_root: &Path, folder: &str, dist_dir: &str, seconds: u64) {
        let path = app_root.join(folder);
        fs::create_dir_all(&path).unwrap();
        let manifest = json!({ "config": { "distDir": dist_dir } });
        fs::write(path.join(REQUIRED_SERVER_FILES), manifest.to_string()).unwrap();
        let id = fs::File::create(path.join(BUILD_ID)).unwrap();
        fs::write(path.join(BUILD_ID), folder).unwrap();
        id.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn the_build_that_gets_deployed_is_found_among_others() {
        let app = tempfile::tempdir().unwrap();
        build(app.path(), ".next", "./.next", 10);
        build(app.path(), "build/site", "build/site", 20);
        build(app.path(), "apps/other/.next", ".next", 30);
        build(app.path(), ".next/standalone/.next", ".next", 40);
        let newest = detect(app.path(), None).unwrap();
        assert_eq!(newest.build_id, "build/site");
        assert_eq!(newest.others, [OtherOutput { dist_dir: ".next".to_owned(), newer: false }]);
        let hinted = detect(app.path(), Some(" ./.next/ ")).unwrap();
        assert_eq!(hinted.build_id, ".next");
        assert!(hinted.others[0].newer);
    }

    #[test]
    fn folders_are_read_as_amplify_writes_them() {
        for (given, folder) in [
            ("./.next/", ".next"),
            ("/out", "out"),
            ("", "."),
            ("a/../b", "b"),
            ("../x", "../x"),
            ("/app/.next", ".next"),
        ] {
            assert_eq!(normalise(Path::new("/app"), given), folder);
        }
    }
}
