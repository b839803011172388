//! What `cache.paths` keeps from one local build to the next.
//!
//! One uncompressed archive a branch: writing 22,000 files into one file takes about as long as reading them. Hard links
//! would let a tool that writes in place change the cache, and not every file system can copy on write.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::patterns::{Listing, Patterns};
use crate::{
    amplify::ARTIFACT_SIZE,
    process::{Interrupt, free_disk},
    report::render::format_bytes,
};

/// How deep Amplify looks for files to cache: FAQ of Amplify Hosting.
const DEPTH: usize = 20;
/// Below deployfix's state folder, which git ignores from within.
const FOLDER: &str = "cache";
const BUFFER: usize = 1024 * 1024;

/// The cache of one branch of one app.
#[derive(Debug)]
pub(crate) struct CacheStore {
    path: PathBuf,
}

/// What was kept or put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cached {
    /// Files and links.
    pub(crate) files: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// What was left out and why, a line each.
    pub(crate) notes: Vec<String>,
}

/// The cache could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheError {
    /// The file system refused.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// A folder could not be listed.
    #[error(transparent)]
    Listing(#[from] walkdir::Error),
    /// It would fill the disk.
    #[error("{} are to be kept, and the disk has {} left", format_bytes(*needed), format_bytes(*free))]
    Full {
        /// Bytes.
        needed: u64,
        /// Bytes.
        free: u64,
    },
    /// The build was asked to stop.
    #[error("interrupted")]
    Interrupted,
}

impl CacheStore {
    /// The cache of a branch, below the state folder of its app.
    pub(crate) fn new(state_folder: &Path, branch: &str) -> Self {
        let plain = |character: char| {
            if character.is_ascii_alphanumeric() || "-_.".contains(character) {
                character
            } else {
                '-'
            }
        };
        let readable: String = branch.chars().take(60).map(plain).collect();
        // `a/b` and `a-b` are two branches.
        let hash = blake3::hash(branch.as_bytes()).to_hex();
        let name = format!("{readable}-{}.tar", &hash[..8]);
        Self { path: state_folder.join(FOLDER).join(name) }
    }

    /// Keeps the files of `paths`, which are relative to `base`, itself relative to the repository.
    pub(crate) fn save(
        &self,
        repository: &Path,
        base: &Path,
        paths: &[String],
        interrupt: &Interrupt,
    ) -> Result<Cached, CacheError> {
        let patterns = Patterns::new(base, paths.iter().map(String::as_str));
        let listing = patterns.list(repository, DEPTH)?;
        self.write(repository, &listing, interrupt)?;
        let mut notes: Vec<_> = patterns
            .refused
            .iter()
            .map(|(text, reason)| format!("`{text}` is not cached: {reason}"))
            .collect();
        notes.extend(listing.unmatched.iter().map(|text| {
            let folder = repository.join(base).join(text);
            if folder.is_dir() {
                format!(
                    "`{text}` names a folder, no files: nothing of it is cached; write `{}/**/*`",
                    text.trim_end_matches('/')
                )
            } else {
                format!("`{text}` matches no file")
            }
        }));
        if listing.cut > 0 {
            notes.push(format!("what lies more than {DEPTH} folders deep is not cached"));
        }
        if listing.bytes > ARTIFACT_SIZE {
            notes.push(format!(
                "the cache has {} before Amplify compresses it, and it keeps at most 5 GB",
                format_bytes(listing.bytes)
            ));
        }
        Ok(Cached { files: listing.files.len(), bytes: listing.bytes, notes })
    }

    fn write(
        &self,
        repository: &Path,
        listing: &Listing,
        interrupt: &Interrupt,
    ) -> Result<(), CacheError> {
        let failed = |path: &Path, source| CacheError::Io { path: path.to_path_buf(), source };
        let folder = self.path.parent().unwrap_or(repository);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        match free_disk(folder) {
            Some(free) if free < listing.bytes => {
                return Err(CacheError::Full { needed: listing.bytes, free });
            }
            _ => {}
        }
        let file =
            tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(folder, error))?;
        let mut archive = tar::Builder::new(BufWriter::with_capacity(BUFFER, file));
        archive.follow_symlinks(false);
        for path in &listing.files {
            if interrupt.signal().is_some() {
                return Err(CacheError::Interrupted);
            }
            let absolute = repository.join(path);
            archive
                .append_path_with_name(&absolute, path)
                .map_err(|error| failed(&absolute, error))?;
        }
        let written = archive.into_inner().and_then(|mut buffer| {
            buffer.flush()?;
            buffer.into_inner().map_err(io::IntoInnerError::into_error)
        });
        let file = written.map_err(|error| failed(folder, error))?;
        file.persist(&self.path).map_err(|error| failed(&self.path, error.error))?;
        Ok(())
    }

    /// Puts the files back into a fresh clone, over what it holds; nothing where none was kept.
    pub(crate) fn restore(
        &self,
        repository: &Path,
        interrupt: &Interrupt,
    ) -> Result<Option<Cached>, CacheError> {
        let failed = |source| CacheError::Io { path: self.path.clone(), source };
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut archive = tar::Archive::new(BufReader::with_capacity(BUFFER, file));
        let mut restored = Cached::default();
        for entry in archive.entries().map_err(failed)? {
            if interrupt.signal().is_some() {
                return Err(CacheError::Interrupted);
            }
            let mut entry = entry.map_err(failed)?;
            restored.bytes += entry.size();
            // It refuses what would leave the clone.
            restored.files += usize::from(entry.unpack_in(repository).map_err(failed)?);
        }
        Ok(Some(restored))
    }

    /// Where it is kept.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
