use super::{
    inputs::Inputs,
    tree::{Directory, Entry, FileState, Identity, Kind, Time, Tree},
};

/// The first bytes of the file; the number counts its forms.
const MAGIC: &[u8; 24] = b"deployfix installation 1";
/// Bytes of the checksum at the end.
const CHECKSUM_SIZE: usize = 32;

/// What an installation was made of and what it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) inputs: Inputs,
    pub(super) tree: Tree,
}

/// Marks of an entry.
const LINK: u8 = 1;
const EXECUTABLE: u8 = 2;

impl Fingerprint {
    /// As bytes; nothing where the tree holds what no installation leaves.
    ///
    /// The inputs as JSON, then folders and names in their order with fixed fields in little endian, then a checksum of all of it.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let inputs = serde_json::to_vec(&self.inputs).ok()?;
        let names: usize = self.tree.directories.iter().map(|folder| folder.entries.len()).sum();
        let mut bytes = Vec::with_capacity(inputs.len() + names * 96 + 1024);
        bytes.extend(MAGIC);
        put(&mut bytes, &inputs)?;
        put_number(&mut bytes, self.tree.directories.len())?;
        for directory in &self.tree.directories {
            put(&mut bytes, &directory.path)?;
            put_number(&mut bytes, directory.entries.len())?;
            for entry in &directory.entries {
                put_entry(&mut bytes, entry)?;
            }
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend(checksum.as_bytes());
        Some(bytes)
    }

    /// From bytes; nothing where a bit of them is not as it was written.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (bytes, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_SIZE)?)?;
        if blake3::hash(bytes).as_bytes() != checksum {
            return None;
        }
        let mut reader = Reader { bytes: bytes.strip_prefix(MAGIC)? };
        let inputs = serde_json::from_slice(reader.block()?).ok()?;
        let mut directories = Vec::new();
        for _ in 0..reader.number()? {
            let path = reader.block()?.to_vec();
            let entries = (0..reader.number()?).map(|_| reader.entry()).collect::<Option<_>>()?;
            directories.push(Directory { path, entries });
        }
        reader.bytes.is_empty().then_some(Self { inputs, tree: Tree { directories } })
    }
}

fn put_entry(bytes: &mut Vec<u8>, entry: &Entry) -> Option<()> {
    match &entry.kind {
        Kind::Link(target) => {
            bytes.push(LINK);
            put(bytes, &entry.name)?;
            put(bytes, target)?;
        }
        Kind::File(file) => {
            bytes.push(if file.executable { EXECUTABLE } else { 0 });
            put(bytes, &entry.name)?;
            bytes.extend(file.size.to_le_bytes());
            bytes.extend(file.modified.seconds.to_le_bytes());
            bytes.extend(file.modified.nanoseconds.to_le_bytes());
            bytes.extend(file.hash?);
        }
        Kind::Other | Kind::Unreadable(_) => return None,
    }
    Some(())
}

fn put(bytes: &mut Vec<u8>, block: &[u8]) -> Option<()> {
    put_number(bytes, block.len())?;
    bytes.extend(block);
    Some(())
}

fn put_number(bytes: &mut Vec<u8>, number: usize) -> Option<()> {
    bytes.extend(u32::try_from(number).ok()?.to_le_bytes());
    Some(())
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take<const SIZE: usize>(&mut self) -> Option<[u8; SIZE]> {
        let (taken, rest) = self.bytes.split_first_chunk::<SIZE>()?;
        self.bytes = rest;
        Some(*taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (block, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(block)
    }

    fn entry(&mut self) -> Option<Entry> {
        let [marks] = self.take()?;
        let name = self.block()?.to_vec();
        if marks == LINK {
            return Some(Entry { name, kind: Kind::Link(self.block()?.to_vec()) });
        }
        let kind = Kind::File(FileState {
            executable: marks == EXECUTABLE,
            size: self.take().map(u64::from_le_bytes)?,
            modified: Time {
                seconds: self.take().map(i64::from_le_bytes)?,
                nanoseconds: self.take().map(u32::from_le_bytes)?,
            },
            hash: Some(self.take()?),
            identity: Identity::default(),
        });
        Some(Entry { name, kind })
    }
}
