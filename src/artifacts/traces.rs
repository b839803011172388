use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use rayon::prelude::*;
use serde_json::Value;

use super::{
    layout::{Part, part},
    listing::Entry,
    problem::{JsonError, read_json},
};
use crate::project::output::BuildOutput;

/// Suffix of the files that name what a page needs at run time.
const SUFFIX: &str = ".nft.json";

/// A traced file that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Absent {
    /// Where it should be.
    pub(super) path: PathBuf,
    /// The trace that names it, relative to the app root.
    pub(super) trace: String,
}

/// What the traces of a build name.
#[derive(Debug, Default)]
pub(super) struct Traced {
    /// Traces read.
    pub(super) traces: usize,
    /// Resolved files and their bytes, each once however many links and traces lead to it.
    pub(super) files: BTreeMap<PathBuf, u64>,
    /// Named, but not there.
    pub(super) absent: Vec<Absent>,
    /// Traces that could not be read.
    pub(super) errors: Vec<JsonError>,
}

/// Reads every trace of the dist dir and looks up what it names.
pub(super) fn read(app_root: &Path, output: &BuildOutput, entries: &[Entry]) -> Traced {
    let paths: Vec<&str> = entries
        .iter()
        .map(|entry| entry.path.as_str())
        .filter(|path| path.ends_with(SUFFIX) && part(output, path) == Some(Part::Compute))
        .collect();
    let contents: Vec<_> = paths.par_iter().map(|trace| (*trace, named(app_root, trace))).collect();

    let mut found = Traced { traces: paths.len(), ..Traced::default() };
    let mut first_named: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (trace, named) in contents {
        match named {
            Ok(files) => {
                for path in files {
                    first_named.entry(path).or_insert(trace);
                }
            }
            Err(error) => found.errors.push(error),
        }
    }
    let looked_up: Vec<_> = first_named
        .into_par_iter()
        .map(|(path, trace)| match fs::metadata(&path) {
            Ok(metadata) => Ok((fs::canonicalize(&path).unwrap_or(path), metadata)),
            Err(_) => Err(Absent { path, trace: trace.to_owned() }),
        })
        .collect();
    for result in looked_up {
        match result {
            // A traced folder is a link to a package whose files are traced one by one.
            Ok((path, metadata)) if metadata.is_file() => {
                found.files.insert(path, metadata.len());
            }
            Ok(_) => {}
            Err(absent) => found.absent.push(absent),
        }
    }
    found
}

fn named(app_root: &Path, trace: &str) -> Result<BTreeSet<PathBuf>, JsonError> {
    let value = read_json(app_root, trace)?;
    let wrong = |reason: &str| JsonError::Invalid {
        path: trace.to_owned(),
        reason: reason.to_owned(),
        position: None,
    };
    let files = value
        .get("files")
        .and_then(Value::as_array)
        .ok_or_else(|| wrong("it has no `files` list"))?;
    let folder = app_root.join(trace);
    let folder = folder.parent().unwrap_or(app_root);
    files
        .iter()
        .map(|file| {
            let file =
                file.as_str().ok_or_else(|| wrong("`files` holds something else than paths"))?;
            Ok(resolve(folder, file))
        })
        .collect()
}

/// Traces are written with paths that climb by `..`, without regard to links.
fn resolve(folder: &Path, file: &str) -> PathBuf {
    let mut path = folder.to_path_buf();
    for component in Path::new(file).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            component => path.push(component),
        }
    }
    path
}
