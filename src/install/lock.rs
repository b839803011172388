use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

use rustix::io::{FdFlags, fcntl_setfd};

use crate::{
    process::Interrupt,
    report::{Finding, FindingId, store::DIRECTORY},
};

/// The file that is locked.
const FILE: &str = "install.lock";
/// Between two tries.
const INTERVAL: Duration = Duration::from_millis(100);

/// That nobody else installs below a folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct InstallLock {
    _file: File,
}

/// What came of asking for the lock.
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub(crate) enum Locked {
    /// It is held; absent where the file system knows no locks.
    Held(Option<InstallLock>),
    /// The deadline passed before.
    TimedOut(Finding),
    /// Someone asked to stop.
    Interrupted,
}

/// Takes the lock of the folder of a lockfile, so that two apps of one workspace exclude each other as well.
///
/// The children inherit it: where deployfix is killed and its package manager is not, the next installation waits for that.
pub(crate) async fn lock(
    root: &Path,
    deadline: Option<Instant>,
    interrupt: &Interrupt,
    wait: impl FnOnce(),
) -> Locked {
    let file = match open(root) {
        Ok(file) => file,
        Err(error) => {
            tracing::debug!(%error, "the installation is not locked");
            return Locked::Held(None);
        }
    };
    let mut wait = Some(wait);
    loop {
        match file.try_lock() {
            Ok(()) => {
                if let Err(error) = fcntl_setfd(&file, FdFlags::empty()) {
                    tracing::debug!(%error, "children do not inherit the lock");
                }
                return Locked::Held(Some(InstallLock { _file: file }));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => {
                tracing::debug!(%error, "the installation is not locked");
                return Locked::Held(None);
            }
        }
        if let Some(wait) = wait.take() {
            wait();
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Locked::TimedOut(timed_out());
        }
        if !interrupt.sleep(INTERVAL).await {
            return Locked::Interrupted;
        }
    }
}

/// Whether another installation is at work; nothing is written to find out.
pub(crate) fn is_locked(root: &Path) -> bool {
    let file = File::open(root.join(DIRECTORY).join(FILE));
    file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn open(root: &Path) -> io::Result<File> {
    let folder = root.join(DIRECTORY);
    fs::create_dir_all(&folder)?;
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        fs::write(&ignore, "*\n")?;
    }
    OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(FILE))
}

fn timed_out() -> Finding {
    Finding::new(
        FindingId::InstallTimeout,
        "another installation in this checkout did not end in time",
        "two installations would write into the same folders, so this one did not begin; let one command of the build install",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn waiting_ends_at_the_deadline_and_with_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let interrupt = Interrupt::listen().unwrap();
        assert!(!is_locked(folder.path()));
        let held = lock(folder.path(), None, &interrupt, || panic!("nobody else is there")).await;
        assert!(matches!(held, Locked::Held(Some(_))));
        assert!(is_locked(folder.path()));
        let mut waits = 0;
        let soon = Instant::now() + Duration::from_millis(50);
        let second = lock(folder.path(), Some(soon), &interrupt, || waits += 1).await;
        let Locked::TimedOut(finding) = second else { panic!("the lock is held") };
        assert_eq!((finding.id, waits), (FindingId::InstallTimeout, 1));
        drop(held);
        assert!(!is_locked(folder.path()));
        let third = lock(folder.path(), Some(soon), &interrupt, || waits += 1).await;
        assert!(matches!(third, Locked::Held(Some(_))));
    }
}
