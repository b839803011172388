//! The cache of amplify.yml around the commands, in Amplify's words.

use std::path::PathBuf;

use super::workplace::Workplace;
use crate::{
    buildspec::Specification,
    cli::RunOptions,
    commands::session::Session,
    emulator::{CacheError, CacheStore},
    report::{
        PhaseReport,
        render::{count, format_bytes},
        store::DIRECTORY,
    },
};

/// What to keep and where; without `cache.paths`, or where it is not wanted, nothing.
pub(super) struct Caching {
    store: CacheStore,
    paths: Vec<String>,
    repository: PathBuf,
    /// Where the paths begin, relative to the repository.
    base: PathBuf,
    branch: String,
    /// The working tree's own files are never replaced, so only a clone is filled.
    restores: bool,
}

impl Caching {
    pub(super) fn new(
        session: &Session,
        workplace: &Workplace,
        specification: &Specification,
        options: &RunOptions,
    ) -> Self {
        let branch = session.identity.branch.clone().unwrap_or_else(|| "main".into());
        let directory = specification.directory();
        let base = directory.strip_prefix(&workplace.repository).map(PathBuf::from);
        Self {
            store: CacheStore::new(&session.app_root.join(DIRECTORY), &branch),
            paths: if options.no_cache { Vec::new() } else { specification.cache_paths() },
            repository: workplace.repository.clone(),
            base: base.unwrap_or_default(),
            branch,
            restores: workplace.is_clone() || (session.dry_run && options.clean),
        }
    }

    /// Fills a clone as Amplify does.
    pub(super) fn restore(&self, session: &Session) {
        if self.paths.is_empty() {
            return;
        }
        let printer = &session.printer;
        printer.line("# Retrieving cache...");
        if !self.restores {
            printer.line("not extracted: the working tree has its own files, and none is replaced");
            return;
        }
        match self.store.restore(&self.repository, &session.interrupt) {
            Ok(None) => printer.line(&format!("no cache of the branch `{}` yet", self.branch)),
            Ok(Some(restored)) => {
                printer.line("# Extracting cache...");
                printer.line("# Retrieved cache");
                printer.line(&format!(
                    "{}, {}",
                    count(restored.files, "file"),
                    format_bytes(restored.bytes)
                ));
            }
            Err(CacheError::Interrupted) => {}
            Err(error) => printer.important(&format!("! Unable to retrieve cache: {error}")),
        }
    }

    /// Keeps the files for the next clone.
    pub(super) fn save(&self, session: &Session, phase: &mut PhaseReport) {
        if self.paths.is_empty() {
            return;
        }
        let printer = &session.printer;
        printer.line("# Starting caching...");
        printer.line("# Creating cache artifact...");
        match self.store.save(&self.repository, &self.base, &self.paths, &session.interrupt) {
            Ok(saved) => {
                for note in &saved.notes {
                    printer.line(note);
                }
                printer.line("# Created cache artifact");
                printer.line(&format!(
                    "{}, {} in `{}`",
                    count(saved.files, "file"),
                    format_bytes(saved.bytes),
                    self.store.path().display()
                ));
                phase.metrics.insert("cacheFiles".into(), saved.files as u64);
                phase.metrics.insert("cacheBytes".into(), saved.bytes);
            }
            Err(CacheError::Interrupted) => return,
            // A build without its cache is a slower one, no failed one.
            Err(error) => printer.important(&format!("! Unable to write cache: {error}")),
        }
        printer.line("# Caching completed");
    }

    /// For `--dry-run`.
    pub(super) fn restore_step(&self) -> Option<String> {
        (self.restores && !self.paths.is_empty())
            .then(|| format!("restore the cache of the branch `{}`", self.branch))
    }

    /// For `--dry-run`.
    pub(super) fn save_step(&self) -> Option<String> {
        (!self.paths.is_empty()).then(|| {
            format!(
                "cache {} in `{}`",
                self.paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", "),
                self.store.path().display()
            )
        })
    }
}
