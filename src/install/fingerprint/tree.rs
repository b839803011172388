/// What lies below the folders of an installation, folders in the order of their paths.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tree {
    /// Folders that hold anything but folders.
    pub(super) directories: Vec<Directory>,
}

/// What a folder holds besides folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directory {
    /// Its path from the root, in the file system's bytes; without a slash at the end.
    pub(super) path: Vec<u8>,
    /// In the order of their names.
    pub(super) entries: Vec<Entry>,
}

/// One name of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Vec<u8>,
    pub(super) kind: Kind,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A regular file.
    File(FileState),
    /// A symbolic link, with where it points; it is never followed.
    Link(Vec<u8>),
    /// A pipe, a socket, a device: no package manager makes one.
    Other,
    /// The file system refuses to tell, with its words.
    Unreadable(String),
}

/// A file as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    /// Bytes.
    pub(super) size: u64,
    /// Whether its owner may run it; of the mode nothing else survives an archive and another umask.
    pub(super) executable: bool,
    /// When it was written last.
    pub(super) modified: Time,
    /// Its content; absent where only its state was asked for.
    pub(super) hash: Option<[u8; 32]>,
    /// What every change on this file system changes as well; never stored, because no copy keeps it.
    pub(super) identity: Identity,
}

/// Seconds since 1970 and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

/// Which file it is, and when anything about it changed last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Identity {
    pub(super) inode: u64,
    pub(super) changed: Time,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extent {
    /// Files; links are not counted.
    pub(crate) files: u64,
    /// Their sizes together.
    pub(crate) bytes: u64,
}

impl Tree {
    pub(super) fn extent(&self) -> Extent {
        let files = self.directories.iter().flat_map(|directory| &directory.entries);
        files.fold(Extent::default(), |extent, entry| match &entry.kind {
            Kind::File(file) => Extent { files: extent.files + 1, bytes: extent.bytes + file.size },
            Kind::Link(_) | Kind::Other | Kind::Unreadable(_) => extent,
        })
    }

    /// How many names there are.
    pub(super) fn entries(&self) -> usize {
        self.directories.iter().map(|directory| directory.entries.len()).sum()
    }

    /// What stands at a path from the root.
    pub(super) fn find(&self, directory: &[u8], name: &[u8]) -> Option<&Kind> {
        let index =
            self.directories.binary_search_by(|found| found.path.as_slice().cmp(directory)).ok()?;
        let entries = &self.directories[index].entries;
        let index = entries.binary_search_by(|found| found.name.as_slice().cmp(name)).ok()?;
        Some(&entries[index].kind)
    }
}

/// A path of a folder and a name in it, for people.
pub(super) fn shown(directory: &[u8], name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    if directory.is_empty() {
        return name.into_owned();
    }
    format!("{}/{name}", String::from_utf8_lossy(directory))
}
