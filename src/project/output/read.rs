use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use serde_json::Value;

/// Bytes above which a manifest is none of Next's.
const MAXIMUM_SIZE: u64 = 64 * 1024 * 1024;

/// There is no usable build output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// No folder looks like one.
    #[error("the app root holds no finished Next build")]
    Missing,
    /// The build ended before it was complete.
    #[error("the build output `{dist_dir}` is incomplete: it has no `{absent}`")]
    Incomplete {
        /// The folder, relative to the app root.
        dist_dir: String,
        /// The file that a finished build has.
        absent: &'static str,
    },
    /// A file of it is not what Next writes.
    #[error("`{path}` is not what Next writes: {reason}")]
    Invalid {
        /// The file, relative to the app root.
        path: String,
        /// What is wrong.
        reason: String,
        /// Line of the fault, from 1; 0 where unknown.
        line: usize,
        /// Column of the fault, from 1; 0 where unknown.
        column: usize,
    },
    /// The file system refused.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file, relative to the app root.
        path: String,
        /// The refusal.
        source: io::Error,
    },
}

/// Reads a JSON file below the app root.
pub(super) fn read_json(app_root: &Path, path: &str) -> Result<Value, OutputError> {
    let text = read_text(app_root, path)?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        OutputError::Invalid {
            path: path.to_owned(),
            reason: error.to_string(),
            line: error.line(),
            column: error.column(),
        }
    })
}

/// Reads a text file below the app root.
pub(super) fn read_text(app_root: &Path, path: &str) -> Result<String, OutputError> {
    let mut bytes = Vec::new();
    fs::File::open(app_root.join(path))
        .and_then(|file| file.take(MAXIMUM_SIZE + 1).read_to_end(&mut bytes))
        .map_err(|source| OutputError::Io { path: path.to_owned(), source })?;
    let invalid = |reason: &str| OutputError::Invalid {
        path: path.to_owned(),
        reason: reason.to_owned(),
        line: 0,
        column: 0,
    };
    if bytes.len() as u64 > MAXIMUM_SIZE {
        return Err(invalid("it is larger than 64 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8"))
}
