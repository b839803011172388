use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Text of the project, as tolerant as the tools that read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    /// The text without its byte order mark; what is not UTF-8 became U+FFFD, as under Node.
    pub(crate) content: String,
    /// Whether the file begins with a byte order mark.
    pub(crate) byte_order_mark: bool,
    /// Line and column, from 1, of the first byte that is not UTF-8.
    pub(crate) invalid_at: Option<(u64, u64)>,
}

impl Text {
    /// Whether it holds nothing but white space.
    pub(crate) fn is_blank(&self) -> bool {
        self.content.trim().is_empty()
    }
}

/// A file of the project could not be read as text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TextError {
    /// There is none.
    #[error("does not exist")]
    Missing,
    /// A folder, a pipe or a device stands in its place.
    #[error("is not a file")]
    NotAFile,
    /// It is larger than any file of its kind.
    #[error("is larger than {limit} bytes")]
    TooLarge {
        /// The limit, bytes.
        limit: u64,
    },
    /// The file system refused.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
}

/// Reads a text file of at most `limit` bytes; never waits on a pipe.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<Text, TextError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => TextError::Missing,
        _ => TextError::Unreadable(error),
    };
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(TextError::NotAFile);
    }
    read_stream(File::open(path).map_err(failed)?, limit)
}

/// Reads text of at most `limit` bytes from anything, waiting for its end.
pub(crate) fn read_stream(stream: impl Read, limit: u64) -> Result<Text, TextError> {
    let mut bytes = Vec::new();
    stream.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
        match error.kind() {
            io::ErrorKind::IsADirectory => TextError::NotAFile,
            _ => TextError::Unreadable(error),
        }
    })?;
    if bytes.len() as u64 > limit {
        return Err(TextError::TooLarge { limit });
    }
    Ok(decode(bytes))
}

/// Decodes as Node's `utf8` does, but remembers what was odd.
pub(crate) fn decode(mut bytes: Vec<u8>) -> Text {
    let byte_order_mark = bytes.starts_with(b"\xef\xbb\xbf");
    if byte_order_mark {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(content) => Text { content, byte_order_mark, invalid_at: None },
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let content = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let invalid_at = Some(position(&content, valid));
            Text { content, byte_order_mark, invalid_at }
        }
    }
}

/// Line and column in characters, both from 1, of a byte in a text.
pub(crate) fn position(text: &str, byte: usize) -> (u64, u64) {
    let before = &text.as_bytes()[..byte.min(text.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    (line as u64, column as u64)
}

/// Line, from 1, of the first conflict marker that git leaves in a file.
pub(crate) fn conflict_marker(text: &str) -> Option<u64> {
    text.lines()
        .position(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> "))
        .map(|index| index as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oddities_are_remembered_with_their_place() {
        let text = decode(b"\xef\xbb\xbfab\n\xc3\xa9\xff".to_vec());
        assert_eq!(text.content, "ab\n\u{e9}\u{fffd}");
        assert!(text.byte_order_mark);
        assert_eq!(text.invalid_at, Some((2, 2)));
        assert_eq!(conflict_marker("a\n<<<<<<< HEAD\n"), Some(2));
        assert_eq!(conflict_marker("# <<<<<<< no\n<<<<<<<\n"), None);
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(matches!(read_text(folder.path(), 9), Err(TextError::NotAFile)));
        assert!(matches!(read_text(&path("none"), 9), Err(TextError::Missing)));
        std::os::unix::fs::symlink(path("loop"), path("loop")).unwrap();
        assert!(matches!(read_text(&path("loop"), 9), Err(TextError::Unreadable(_))));
        std::fs::write(path("big"), "0123456789").unwrap();
        assert!(matches!(read_text(&path("big"), 9), Err(TextError::TooLarge { limit: 9 })));
        assert_eq!(read_text(&path("big"), 10).unwrap().content, "0123456789");
    }
}
