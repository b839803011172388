use std::{
    cell::Cell,
    ffi::{CStr, CString},
    os::fd::{AsFd, OwnedFd},
    path::Path,
    sync::{Mutex, PoisonError},
};

use rustix::{
    fs::{self, AtFlags, Dir, FileType, Mode, OFlags, Stat},
    io::{Errno, retry_on_intr},
};

use super::tree::{Directory, Entry, FileState, Identity, Kind, Time, Tree};

/// Bytes read at once; small enough to stay in the cache of a processor.
const BUFFER_SIZE: usize = 256 * 1024;
/// Bytes from which a file is a task of its own, so that one thread does not end long after the others.
const LARGE: u64 = 1024 * 1024;

/// Where a scan begins.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    /// Folders, from the root, with everything below them but what is excused.
    pub(super) folders: Vec<String>,
    /// Single files, from the root; one that is not there has no entry.
    pub(super) files: Vec<String>,
    /// Names directly in one of the folders that are left out.
    pub(super) excused: &'static [&'static str],
}

/// How much is read of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Its content.
    Content,
    /// Its size, mode and times.
    State,
}

/// Someone asked to stop before everything was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopped;

/// Looks at everything in the range, on every processor. Links are not followed, pipes are not opened.
pub(super) fn scan(
    root: &Path,
    range: &Range,
    depth: Depth,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Tree, Stopped> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(root) = fs::open(root, flags, Mode::empty()) else { return Ok(Tree::default()) };
    let scanner = Scanner { root, depth, is_stopped, found: Mutex::default() };
    rayon::scope(|scope| {
        for folder in &range.folders {
            let scanner = &scanner;
            scope.spawn(move |scope| {
                scanner.directory(scope, folder.as_bytes().to_vec(), range.excused);
            });
        }
        for file in &range.files {
            let scanner = &scanner;
            scope.spawn(move |_| scanner.single(file));
        }
    });
    if is_stopped() {
        return Err(Stopped);
    }
    Ok(scanner.found.into_inner().unwrap_or_else(PoisonError::into_inner).into_tree())
}

struct Scanner<'a> {
    root: OwnedFd,
    depth: Depth,
    is_stopped: &'a (dyn Fn() -> bool + Sync),
    found: Mutex<Found>,
}

/// What the tasks have found so far, in any order.
#[derive(Default)]
struct Found {
    directories: Vec<Directory>,
    /// Entries that are tasks of their own, with their folders.
    entries: Vec<(Vec<u8>, Entry)>,
}

thread_local! {
    /// Taken out while a file is read, and put back.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl Scanner<'_> {
    fn directory<'scope>(
        &'scope self,
        scope: &rayon::Scope<'scope>,
        path: Vec<u8>,
        excused: &[&str],
    ) {
        if (self.is_stopped)() {
            return;
        }
        let mut entries = Vec::new();
        match self.list(&path) {
            // A folder that is not there holds nothing.
            Err(Errno::NOENT) => return,
            // A link or a file in the place of a folder.
            Err(Errno::LOOP | Errno::NOTDIR) => return self.single_bytes(&path),
            Err(error) => {
                self.keep_entry(&path, Kind::Unreadable(error.to_string()));
                return;
            }
            Ok((folder, names)) => {
                for (name, file_type) in names {
                    let bytes = name.to_bytes();
                    if excused.iter().any(|excused| excused.as_bytes() == bytes) {
                        continue;
                    }
                    if file_type == FileType::Directory {
                        let below = joined(&path, bytes);
                        scope.spawn(move |scope| self.directory(scope, below, &[]));
                        continue;
                    }
                    match self.kind(&folder, &name, file_type) {
                        Look::Is(kind) => entries.push(Entry { name: bytes.to_vec(), kind }),
                        Look::Large(stat) => {
                            let path = path.clone();
                            scope.spawn(move |_| self.large(&path, &name, &stat));
                        }
                        Look::Directory => {
                            let below = joined(&path, bytes);
                            scope.spawn(move |scope| self.directory(scope, below, &[]));
                        }
                        Look::Gone => {}
                    }
                }
            }
        }
        if !entries.is_empty() {
            self.found().directories.push(Directory { path, entries });
        }
    }

    /// The names of a folder, which stays open for what is in it.
    fn list(&self, path: &[u8]) -> Result<(OwnedFd, Vec<(CString, FileType)>), Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = fs::openat(&self.root, path, flags, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                names.push((name.to_owned(), entry.file_type()));
            }
        }
        Ok((folder, names))
    }

    fn single(&self, path: &str) {
        self.single_bytes(path.as_bytes());
    }

    /// What stands at a path that is not part of a listing.
    fn single_bytes(&self, path: &[u8]) {
        let (parent, name) = split(path);
        let Ok(name) = CString::new(name) else { return };
        let parent_path = if parent.is_empty() { b"." } else { parent };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = fs::openat(&self.root, parent_path, flags, Mode::empty()) else { return };
        match self.kind(&folder, &name, FileType::Unknown) {
            Look::Is(kind) => self.keep_entry(path, kind),
            Look::Large(stat) => self.large(parent, &name, &stat),
            Look::Directory | Look::Gone => {}
        }
    }

    fn large(&self, directory: &[u8], name: &CStr, stat: &Stat) {
        if (self.is_stopped)() {
            return;
        }
        let path = joined(directory, name.to_bytes());
        let opened = fs::openat(&self.root, &*path, FILE_FLAGS, Mode::empty());
        let kind = match opened.and_then(|file| state(&file, stat, true)) {
            Ok(state) => Kind::File(state),
            Err(error) => Kind::Unreadable(error.to_string()),
        };
        self.keep_entry(&path, kind);
    }

    fn keep_entry(&self, path: &[u8], kind: Kind) {
        let (directory, name) = split(path);
        let entry = Entry { name: name.to_vec(), kind };
        self.found().entries.push((directory.to_vec(), entry));
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kind(&self, folder: &OwnedFd, name: &CStr, file_type: FileType) -> Look {
        match self.look(folder, name, file_type) {
            Ok(look) => look,
            Err(Errno::NOENT) => Look::Gone,
            Err(error) => Look::Is(Kind::Unreadable(error.to_string())),
        }
    }

    fn look(&self, folder: &OwnedFd, name: &CStr, file_type: FileType) -> Result<Look, Errno> {
        // Whatever the listing says, only what is a regular file now is opened: a pipe would wait for ever.
        let mut known = None;
        let file_type = match file_type {
            FileType::Unknown => {
                let stat = fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
                known = Some(stat);
                FileType::from_raw_mode(stat.st_mode)
            }
            told => told,
        };
        match file_type {
            FileType::RegularFile if self.depth == Depth::State => {
                let stat = match known {
                    Some(stat) => stat,
                    None => fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?,
                };
                if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                    Ok(Look::Is(Kind::File(unread(&stat))))
                } else {
                    self.look(folder, name, FileType::Unknown)
                }
            }
            FileType::RegularFile => match fs::openat(folder, name, FILE_FLAGS, Mode::empty()) {
                Ok(file) => {
                    let stat = fs::fstat(&file)?;
                    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                        return Ok(Look::Is(Kind::Other));
                    }
                    if size(&stat) >= LARGE {
                        return Ok(Look::Large(stat));
                    }
                    Ok(Look::Is(Kind::File(state(&file, &stat, false)?)))
                }
                // It became a link since it was listed.
                Err(Errno::LOOP) => self.look(folder, name, FileType::Symlink),
                Err(error) => Err(error),
            },
            FileType::Symlink => {
                let target = fs::readlinkat(folder, name, Vec::new())?;
                Ok(Look::Is(Kind::Link(target.into_bytes())))
            }
            FileType::Directory => Ok(Look::Directory),
            _ => Ok(Look::Is(Kind::Other)),
        }
    }
}

/// What a look at a name gave.
enum Look {
    Is(Kind),
    /// A regular file that is not read here.
    Large(Stat),
    Directory,
    /// It is not there any more.
    Gone,
}

/// A pipe that took the place of a file must not be waited for.
const FILE_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}

fn unread(stat: &Stat) -> FileState {
    let time = |seconds, nanoseconds| Time {
        seconds,
        nanoseconds: u32::try_from(nanoseconds).unwrap_or_default(),
    };
    FileState {
        size: size(stat),
        executable: stat.st_mode & 0o100 != 0,
        modified: time(stat.st_mtime, stat.st_mtime_nsec),
        hash: None,
        identity: Identity { inode: stat.st_ino, changed: time(stat.st_ctime, stat.st_ctime_nsec) },
    }
}

/// Reads an open file. One that is longer or shorter than its size said has changed meanwhile; what was read counts.
fn state(file: &OwnedFd, stat: &Stat, large: bool) -> Result<FileState, Errno> {
    let mut buffer = BUFFER.take();
    buffer.resize(BUFFER_SIZE, 0);
    let hash = if large || size(stat) >= BUFFER_SIZE as u64 {
        hash_in_pieces(file, &mut buffer)
    } else {
        hash_at_once(file, &mut buffer, usize::try_from(size(stat)).unwrap_or_default())
    };
    BUFFER.set(buffer);
    Ok(FileState { hash: Some(hash?), ..unread(stat) })
}

fn hash_at_once(file: &OwnedFd, buffer: &mut [u8], expected: usize) -> Result<[u8; 32], Errno> {
    let mut filled = 0;
    while filled < expected {
        match retry_on_intr(|| rustix::io::read(file.as_fd(), &mut buffer[filled..]))? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(*blake3::hash(&buffer[..filled]).as_bytes())
}

fn hash_in_pieces(file: &OwnedFd, buffer: &mut [u8]) -> Result<[u8; 32], Errno> {
    let mut hasher = blake3::Hasher::new();
    loop {
        match retry_on_intr(|| rustix::io::read(file.as_fd(), &mut *buffer))? {
            0 => return Ok(*hasher.finalize().as_bytes()),
            read => {
                hasher.update(&buffer[..read]);
            }
        }
    }
}

impl Found {
    fn into_tree(self) -> Tree {
        let Self { mut directories, mut entries } = self;
        directories.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        entries.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut added = Vec::new();
        for (path, entry) in entries {
            match directories.binary_search_by(|directory| directory.path.cmp(&path)) {
                Ok(index) => directories[index].entries.push(entry),
                Err(_) => match added.last_mut() {
                    Some(Directory { path: last, entries }) if *last == path => entries.push(entry),
                    _ => added.push(Directory { path, entries: vec![entry] }),
                },
            }
        }
        directories.append(&mut added);
        directories.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        for directory in &mut directories {
            directory.entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        }
        Tree { directories }
    }
}

fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}

/// The folder and the name of a path.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path) {
        Some(slash) => (&path[..slash], &path[slash + 1..]),
        None => (&[], path),
    }
}
