use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Component, Path},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    layout::volatile,
    listing::{Entry, Kind, ListingError, list},
    problem::{JsonError, invalid, read_bytes},
};
use crate::{
    project::output::BuildOutput,
    report::{Evidence, Finding, FindingId, Location, Timestamp, render::count, store::DIRECTORY},
};

/// Name of the manifest below [`DIRECTORY`].
const FILE_NAME: &str = "manifest.json";
/// Version of its form.
const VERSION: u32 = 1;
/// Files of each difference that are named; the rest is counted.
const NAMED: usize = 10;

/// Every file of a verified output and its fingerprint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    version: u32,
    build_id: String,
    base_directory: String,
    created_at: Timestamp,
    /// Folders and files that are not covered, since serving or the next build may change them.
    passed_over: Vec<String>,
    files: Vec<Fingerprint>,
}

/// One file, or one symbolic link by its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fingerprint {
    path: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    blake3: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    link: Option<String>,
}

/// The manifest could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    /// A file of the output cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file, relative to the app root.
        path: String,
        /// The refusal.
        source: io::Error,
    },
    /// The output cannot be listed.
    #[error(transparent)]
    List(#[from] ListingError),
    /// The manifest cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The manifest, relative to the app root.
        path: String,
        /// The refusal.
        source: io::Error,
    },
}

impl From<ManifestError> for Finding {
    fn from(error: ManifestError) -> Self {
        let (id, resolution) = match error {
            ManifestError::Read { .. } | ManifestError::List(_) => (
                FindingId::ArtifactIncomplete,
                "the build output must be readable for the user that deploys it, and nothing may change it meanwhile",
            ),
            ManifestError::Write { .. } => (
                FindingId::ReportUnreadable,
                "the output is unharmed, but cannot be proved unchanged later; give write access and disk space",
            ),
        };
        Self::new(id, error.to_string(), resolution)
    }
}

/// Path of the manifest, relative to the app root.
pub(super) fn path() -> String {
    format!("{DIRECTORY}/{FILE_NAME}")
}

/// Fingerprints the listed files and replaces the manifest in one step.
pub(super) fn write(
    app_root: &Path,
    output: &BuildOutput,
    entries: &[Entry],
) -> Result<(), ManifestError> {
    let passed_over = volatile(output);
    let covered: Vec<&Entry> = entries
        .iter()
        .filter(|entry| {
            !passed_over.iter().any(|folder| Path::new(&entry.path).starts_with(folder))
        })
        .collect();
    let manifest = Manifest {
        version: VERSION,
        build_id: output.build_id.clone(),
        base_directory: output.base_directory.clone(),
        created_at: Timestamp::now(),
        passed_over,
        files: covered.par_iter().map(|entry| fingerprint(entry)).collect::<Result<_, _>>()?,
    };
    replace(app_root, &manifest).map_err(|source| ManifestError::Write { path: path(), source })
}

fn replace(app_root: &Path, manifest: &Manifest) -> io::Result<()> {
    let folder = app_root.join(DIRECTORY);
    fs::create_dir_all(&folder)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    serde_json::to_writer(io::BufWriter::new(&mut file), manifest)?;
    file.write_all(b"\n")?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_data()?;
    file.persist(folder.join(FILE_NAME))?;
    Ok(())
}

fn fingerprint(entry: &Entry) -> Result<Fingerprint, ManifestError> {
    let (blake3, link) = match &entry.kind {
        Kind::Link(target) => (None, Some(target.clone())),
        Kind::File(_) => {
            let mut hasher = blake3::Hasher::new();
            File::open(&entry.absolute)
                .and_then(|file| hasher.update_reader(file).map(|_| ()))
                .map_err(|source| ManifestError::Read { path: entry.path.clone(), source })?;
            (Some(hasher.finalize().to_hex().to_string()), None)
        }
    };
    Ok(Fingerprint { path: entry.path.clone(), size: entry.size(), blake3, link })
}

/// Compares the output with the manifest of the last verification; no finding when nothing differs.
pub(crate) fn check(app_root: &Path) -> Vec<Finding> {
    let manifest = match read(app_root) {
        Ok(manifest) => manifest,
        Err(error) => return vec![unusable(&error)],
    };
    match compare(app_root, &manifest) {
        Ok(finding) => finding.into_iter().collect(),
        Err(error) => vec![error.into()],
    }
}

fn read(app_root: &Path) -> Result<Manifest, JsonError> {
    let path = path();
    let manifest: Manifest = serde_json::from_slice(&read_bytes(app_root, &path)?)
        .map_err(|error| invalid(&path, &error))?;
    let wrong = |reason: String| JsonError::Invalid { path: path.clone(), reason, position: None };
    if manifest.version != VERSION {
        return Err(wrong(format!(
            "its version is {}, this deployfix reads {VERSION}",
            manifest.version
        )));
    }
    let is_below = Path::new(&manifest.base_directory)
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::ParentDir));
    if manifest.base_directory.is_empty() || !is_below {
        return Err(wrong(format!(
            "its base directory `{}` is no folder of the app",
            manifest.base_directory
        )));
    }
    Ok(manifest)
}

fn unusable(error: &JsonError) -> Finding {
    let id = match error {
        JsonError::Missing { .. } => FindingId::ArtifactMissing,
        JsonError::Io { .. } | JsonError::Invalid { .. } => FindingId::ArtifactCorrupt,
    };
    Finding::new(
        id,
        format!("the output cannot be compared: {error}"),
        "the manifest is written when an output is verified without errors: verify the output again right after its build",
    )
    .location(error.location())
    .hint("deployfix verify-artifacts")
}

fn compare(app_root: &Path, manifest: &Manifest) -> Result<Option<Finding>, ManifestError> {
    let base_directory = &manifest.base_directory;
    if !app_root.join(base_directory).is_dir() {
        let finding =
            super::export::missing(base_directory, "it was verified, and removed or moved since");
        return Ok(Some(finding));
    }
    let entries = list(app_root, base_directory, &manifest.passed_over)?;
    let recorded: BTreeMap<&str, &Fingerprint> =
        manifest.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let present: BTreeMap<&str, &Entry> =
        entries.iter().map(|entry| (entry.path.as_str(), entry)).collect();

    let both: Vec<(&Fingerprint, &Entry)> =
        recorded.iter().filter_map(|(path, file)| Some((*file, *present.get(path)?))).collect();
    let differs: Vec<bool> = both
        .par_iter()
        .map(|(file, entry)| Ok(file.size != entry.size() || **file != fingerprint(entry)?))
        .collect::<Result<_, ManifestError>>()?;
    let changed: Vec<&str> = both
        .iter()
        .zip(differs)
        .filter(|(_, differs)| *differs)
        .map(|((file, _), _)| file.path.as_str())
        .collect();
    let missing: Vec<&str> =
        recorded.keys().copied().filter(|path| !present.contains_key(path)).collect();
    let added: Vec<&str> =
        present.keys().copied().filter(|path| !recorded.contains_key(path)).collect();
    Ok(difference(base_directory, &[("changed", changed), ("missing", missing), ("added", added)]))
}

fn difference(base_directory: &str, kinds: &[(&str, Vec<&str>)]) -> Option<Finding> {
    let (_, first) = kinds.iter().find_map(|(kind, files)| Some((kind, files.first()?)))?;
    let counts: Vec<String> = kinds
        .iter()
        .filter(|(_, files)| !files.is_empty())
        .map(|(kind, files)| format!("{} {kind}", count(files.len(), "file")))
        .collect();
    let mut finding = Finding::new(
        FindingId::ArtifactCorrupt,
        format!("`{base_directory}` is not what was verified: {}", counts.join(", ")),
        "something wrote to the output after it was verified: let nothing run between verifying and deploying, or build and \
         verify again",
    )
    .location(Location::file(*first));
    for (kind, files) in kinds {
        for file in files.iter().take(NAMED) {
            finding = finding.evidence(Evidence::new(*kind, *file));
        }
    }
    Some(finding)
}
