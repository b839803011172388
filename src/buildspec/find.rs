use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{
    model::Spec,
    parse::{SyntaxError, parse},
    positions::Positions,
};
use crate::project::{Text, TextError, decode, read_stream, read_text};

/// The only name that Amplify opens.
pub(crate) const FILE: &str = "amplify.yml";
/// The name that stands for the standard input.
const STANDARD_INPUT: &str = "-";
/// Bytes above which a file is no specification.
const MAXIMUM_SIZE: u64 = 4 * 1024 * 1024;

/// A specification on disk.
#[derive(Debug, Clone)]
pub(crate) struct SpecFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The same as reports show it: relative to the app root.
    pub(crate) relative_path: String,
    /// Its text; places count from its beginning, after a byte order mark.
    pub(crate) text: Text,
    /// Where its lines begin.
    pub(crate) positions: Positions,
    /// Its meaning, or why it has none.
    pub(crate) spec: Result<Spec, SyntaxError>,
}

impl SpecFile {
    /// Reads the meaning of a text.
    pub(crate) fn new(path: PathBuf, relative_path: String, text: Text) -> Self {
        let spec = parse(&text.content).map(Spec::new);
        let positions = Positions::new(&text.content);
        Self { path, relative_path, text, positions, spec }
    }

    /// A text that lies nowhere.
    pub(crate) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self::new(PathBuf::from(FILE), FILE.to_owned(), decode(bytes))
    }

    /// Whether it has no place on disk.
    pub(crate) fn is_standard_input(&self) -> bool {
        self.path == Path::new(STANDARD_INPUT)
    }

    /// Reads the specification that was named, also from a pipe; `-` is the standard input.
    pub(crate) fn named(name: &Path) -> Result<Self, FindError> {
        let (shown, text) = if name == Path::new(STANDARD_INPUT) {
            ("<stdin>".to_owned(), read_stream(io::stdin().lock(), MAXIMUM_SIZE))
        } else {
            let text = File::open(name)
                .map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => TextError::Missing,
                    _ => TextError::Unreadable(error),
                })
                .and_then(|file| read_stream(file, MAXIMUM_SIZE));
            (name.to_string_lossy().into_owned(), text)
        };
        match text {
            Ok(text) => Ok(Self::new(name.to_path_buf(), shown, text)),
            Err(source) => Err(FindError { relative_path: shown, source }),
        }
    }
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
                return Ok(Some(SpecFile::new(path, relative_path, text)));
            }
            Err(TextError::Missing) => {}
            Err(source) => return Err(FindError { relative_path, source }),
        }
    }
    Ok(None)
}
