use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{DIRECTORY, HISTORY, HistoryEntry, REPORT, history};
use crate::report::{Identity, Run, Timestamp};

/// Bytes above which a file is no report of ours.
const MAXIMUM_REPORT_SIZE: u64 = 64 * 1024 * 1024;
/// A later phase does not join a local run that began longer ago, hours.
const LOCAL_RUN_OPEN_HOURS: u64 = 12;

/// What takes secrets out of text; the last step before every writer.
pub trait Redact: Send + Sync {
    /// The text without secrets.
    fn redact(&self, text: &str) -> String;
}

/// Which run an update belongs to.
#[derive(Debug, Clone)]
pub enum Join {
    /// A run of its own, unless one of the same id is recorded.
    Identified(Identity),
    /// A new local run.
    Begin(Identity),
    /// The newest open local run, else a new one.
    Newest(Identity),
}

/// A report could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("no report at `{}`", .0.display())]
    Missing(PathBuf),
    /// The file system refused.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The report.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// It is not what deployfix writes.
    #[error("`{}` is not a deployfix report: {reason}", path.display())]
    Invalid {
        /// The report.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// Line of the fault, from 1; 0 where unknown.
        line: usize,
        /// Column of the fault, from 1; 0 where unknown.
        column: usize,
    },
}

/// The state could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {source}", path.display())]
pub struct StoreError {
    path: PathBuf,
    source: io::Error,
}

/// What an update left behind.
#[derive(Debug)]
pub struct Updated {
    /// The report as written, before masking.
    pub run: Run,
    /// Where an unreadable earlier report was moved to.
    pub set_aside: Option<PathBuf>,
}

/// The report of one app root, safe for several processes at once.
#[derive(Clone)]
pub struct Store {
    directory: PathBuf,
    redact: Arc<dyn Redact>,
}

impl Store {
    /// Opens or creates the folder, ignored by git from within.
    pub fn open(app_root: &Path, redact: Arc<dyn Redact>) -> Result<Self, StoreError> {
        let directory = app_root.join(DIRECTORY);
        let failed = |source| StoreError { path: directory.clone(), source };
        fs::create_dir_all(directory.join("logs")).map_err(failed)?;
        let ignore = directory.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(failed)?;
        }
        Ok(Self { directory, redact })
    }

    /// The folder itself.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Reads the run under the lock, changes it, and replaces the file in one step.
    pub fn update(
        &self,
        join: &Join,
        change: impl FnOnce(&mut Run),
    ) -> Result<Updated, StoreError> {
        let _lock = self.lock()?;
        let path = self.directory.join(REPORT);
        let (recorded, set_aside) = match read_file(&path) {
            Ok(run) => (Some(run), None),
            Err(ReadError::Missing(_)) => (None, None),
            Err(_) => (None, Some(self.set_aside(&path)?)),
        };
        let mut run = join.resolve(recorded);
        change(&mut run);
        self.replace(&path, &run)?;
        Ok(Updated { run, set_aside })
    }

    /// Appends a finished phase to the history.
    pub fn append_history(&self, entry: &HistoryEntry) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        history::append(&self.directory, entry)
            .map_err(|source| StoreError { path: self.directory.join(HISTORY), source })
    }

    fn lock(&self) -> Result<File, StoreError> {
        let path = self.directory.join("lock");
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| StoreError { path, source })
    }

    fn set_aside(&self, path: &Path) -> Result<PathBuf, StoreError> {
        let stamp = Timestamp::now().epoch_seconds();
        let aside = (0..=u16::MAX)
            .map(|number| self.directory.join(format!("report.unreadable-{stamp}-{number}.json")))
            .find(|candidate| !candidate.exists())
            .unwrap_or_else(|| self.directory.join("report.unreadable.json"));
        fs::rename(path, &aside)
            .map_err(|source| StoreError { path: path.to_path_buf(), source })?;
        Ok(aside)
    }

    fn replace(&self, path: &Path, run: &Run) -> Result<(), StoreError> {
        let write = || -> io::Result<()> {
            let mut value = serde_json::to_value(run)?;
            redact_value(&mut value, self.redact.as_ref());
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            serde_json::to_writer_pretty(&mut file, &value)?;
            file.write_all(b"\n")?;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
            file.as_file().sync_data()?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|source| StoreError { path: path.to_path_buf(), source })
    }
}

impl Join {
    fn resolve(&self, recorded: Option<Run>) -> Run {
        match (self, recorded) {
            (Self::Identified(identity), Some(run)) if run.run.id == identity.id => run,
            (Self::Newest(_), Some(run)) if is_open_local(&run) => run,
            (Self::Identified(identity) | Self::Begin(identity) | Self::Newest(identity), _) => {
                Run::begin(identity.clone())
            }
        }
    }
}

fn is_open_local(run: &Run) -> bool {
    run.run.id.starts_with(Identity::LOCAL_PREFIX)
        && run.start_time.elapsed().as_secs() < LOCAL_RUN_OPEN_HOURS * 3600
}

/// Masks every string of the value, keys of objects included.
pub(crate) fn redact_value(value: &mut Value, redact: &dyn Redact) {
    match value {
        Value::String(text) => *text = redact.redact(text),
        Value::Array(items) => items.iter_mut().for_each(|item| redact_value(item, redact)),
        Value::Object(map) => {
            *map = std::mem::take(map)
                .into_iter()
                .map(|(key, mut item)| {
                    redact_value(&mut item, redact);
                    (redact.redact(&key), item)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Reads the report of an app root.
pub fn read(app_root: &Path) -> Result<Run, ReadError> {
    read_file(&app_root.join(DIRECTORY).join(REPORT))
}

fn read_file(path: &Path) -> Result<Run, ReadError> {
    let invalid = |reason: String, line, column| ReadError::Invalid {
        path: path.to_path_buf(),
        reason,
        line,
        column,
    };
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ReadError::Missing(path.to_path_buf()),
        _ => ReadError::Io { path: path.to_path_buf(), source },
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAXIMUM_REPORT_SIZE + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAXIMUM_REPORT_SIZE {
        return Err(invalid(format!("larger than {MAXIMUM_REPORT_SIZE} bytes"), 0, 0));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| invalid(error.to_string(), error.line(), error.column()))
}
