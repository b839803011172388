use std::path::{Path, PathBuf};

use super::{
    model::Spec,
    parse::{SyntaxError, parse},
};
use crate::project::{Text, TextError, read_text};

/// The only name that Amplify opens.
pub(crate) const FILE: &str = "amplify.yml";
/// Bytes above which a file is no specification.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;

/// A specification on disk.
#[derive(Debug)]
pub(crate) struct SpecFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The same as reports show it: relative to the app root.
    pub(crate) relative_path: String,
    /// Its text; places count from its beginning, after a byte order mark.
    pub(crate) text: Text,
    /// Its meaning, or why it has none.
    pub(crate) spec: Result<Spec, SyntaxError>,
}

/// A specification is there but cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{relative_path}` {source}")]
pub(crate) struct FindError {
    /// The file as reports show it: relative to the app root.
    pub(crate) relative_path: String,
    /// Why it cannot be read.
    pub(crate) source: TextError,
}

/// Reads `amplify.yml` at the repository's root, where Amplify looks, else in the app root.
pub(crate) fn find(
    app_root: &Path,
    repository_root: Option<&Path>,
) -> Result<Option<SpecFile>, FindError> {
    for folder in repository_root.into_iter().chain([app_root]) {
        let path = folder.join(FILE);
        let relative_path = crate::project::relative(app_root, &path);
        match read_text(&path, MAXIMUM_SIZE) {
            Ok(text) => {
                let spec = parse(&text.content).map(Spec::new);
                return Ok(Some(SpecFile { path, relative_path, text, spec }));
            }
            Err(TextError::Missing) => {}
            Err(source) => return Err(FindError { relative_path, source }),
        }
    }
    Ok(None)
}
