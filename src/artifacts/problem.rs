use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use serde_json::Value;

use crate::{
    project::output::OutputError,
    report::{Finding, FindingId, Location},
};

/// Bytes above which a manifest is none of Next's.
const MAXIMUM_SIZE: u64 = 256 * 1024 * 1024;
const BUILD_AGAIN: &str = "remove the build output and build again";

/// A JSON file of the output cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum JsonError {
    /// It is not there.
    #[error("`{path}` does not exist")]
    Missing {
        /// The file, relative to the app root.
        path: String,
    },
    /// The file system refused.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file, relative to the app root.
        path: String,
        /// The refusal.
        source: io::Error,
    },
    /// It is not JSON, or not of the form expected.
    #[error("`{path}` is not valid: {reason}")]
    Invalid {
        /// The file, relative to the app root.
        path: String,
        /// What is wrong.
        reason: String,
        /// Line and column of the fault, from 1.
        position: Option<(u64, u64)>,
    },
}

impl JsonError {
    /// The place of the fault.
    pub(super) fn location(&self) -> Location {
        match self {
            Self::Missing { path } | Self::Io { path, .. } => Location::file(path),
            Self::Invalid { path, position, .. } => position.map_or_else(
                || Location::file(path),
                |(line, column)| Location::at(path, line, column),
            ),
        }
    }
}

impl From<JsonError> for Finding {
    fn from(error: JsonError) -> Self {
        let resolution = format!(
            "Next wrote this file while building and reads it while serving; {BUILD_AGAIN}"
        );
        Self::new(FindingId::ArtifactIncomplete, error.to_string(), resolution)
            .location(error.location())
    }
}

impl From<OutputError> for Finding {
    fn from(error: OutputError) -> Self {
        let message = error.to_string();
        match error {
            OutputError::Missing => Self::new(
                FindingId::ArtifactMissing,
                message,
                "a finished Next build leaves a folder with `BUILD_ID` and `required-server-files.json`; build before verifying, \
                 and from the app root",
            )
            .hint("deployfix build"),
            OutputError::Incomplete { dist_dir, absent } => Self::new(
                FindingId::ArtifactIncomplete,
                message,
                format!(
                    "Next writes `{absent}` when its work is done: the build ended early, or only `next dev` ran; build again \
                     and read its last lines"
                ),
            )
            .location(Location::file(dist_dir))
            .hint("deployfix build"),
            OutputError::Invalid { path, line, column, .. } => {
                let location = match (line as u64, column as u64) {
                    (0, _) => Location::file(path),
                    (line, column) => Location::at(path, line, column.max(1)),
                };
                Self::new(FindingId::ArtifactIncomplete, message, BUILD_AGAIN).location(location)
            }
            OutputError::Io { path, .. } => Self::new(
                FindingId::ArtifactIncomplete,
                message,
                "the build output must be readable for the user that deploys it",
            )
            .location(Location::file(path)),
        }
    }
}

/// Reads a JSON file below the app root.
pub(super) fn read_json(app_root: &Path, path: &str) -> Result<Value, JsonError> {
    let text = read_bytes(app_root, path)?;
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    serde_json::from_slice(text).map_err(|error| invalid(path, &error))
}

/// Bytes of a file below the app root.
pub(super) fn read_bytes(app_root: &Path, path: &str) -> Result<Vec<u8>, JsonError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(app_root.join(path))
        .and_then(|file| file.take(MAXIMUM_SIZE + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) if bytes.len() as u64 > MAXIMUM_SIZE => Err(JsonError::Invalid {
            path: path.to_owned(),
            reason: "it is larger than 256 MiB".to_owned(),
            position: None,
        }),
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(JsonError::Missing { path: path.to_owned() })
        }
        Err(source) => Err(JsonError::Io { path: path.to_owned(), source }),
    }
}

/// What the parser said, with its place.
pub(super) fn invalid(path: &str, error: &serde_json::Error) -> JsonError {
    let position = (error.line() > 0).then(|| (error.line() as u64, error.column().max(1) as u64));
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    JsonError::Invalid { path: path.to_owned(), reason: reason.to_owned(), position }
}
