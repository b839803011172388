use super::tree::{Entry, FileState, Kind, Time, Tree, shown};

/// One way in which a tree is not what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// From the root.
    pub(super) path: String,
    pub(super) what: What,
}

/// What is different about a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Added,
    Missing,
    Content,
    Truncated {
        from: u64,
        to: u64,
    },
    NotExecutable,
    Executable,
    /// A link that points elsewhere, from where to where.
    Target {
        from: String,
        to: String,
    },
    /// It is of another kind now.
    Became(&'static str),
    /// It was written since, whatever with.
    Written,
    Unreadable(String),
}

impl Difference {
    /// Whether it makes the tree another one; a later time alone does not.
    pub(super) fn is_certain(&self) -> bool {
        self.what != What::Written
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` ", self.path)?;
        match &self.what {
            What::Added => formatter.write_str("was added"),
            What::Missing => formatter.write_str("is missing"),
            What::Content => formatter.write_str("differs"),
            What::Truncated { from, to } => write!(formatter, "differs: {to} bytes, not {from}"),
            What::NotExecutable => formatter.write_str("is no longer executable"),
            What::Executable => formatter.write_str("became executable"),
            What::Target { from, to } => write!(formatter, "points to `{to}`, not to `{from}`"),
            What::Became(kind) => write!(formatter, "became {kind}"),
            What::Written => formatter.write_str("was written since"),
            What::Unreadable(reason) => write!(formatter, "cannot be read: {reason}"),
        }
    }
}

/// How the tree of now differs from the recorded one, in the order of the paths; what only one of them hashed is compared by its times.
pub(super) fn differences(recorded: &Tree, now: &Tree) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut recorded = recorded.directories.iter().peekable();
    let mut now = now.directories.iter().peekable();
    loop {
        let order = match (recorded.peek(), now.peek()) {
            (None, None) => return found,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => old.path.cmp(&new.path),
        };
        let old = if order.is_gt() { None } else { recorded.next() };
        let new = if order.is_lt() { None } else { now.next() };
        let Some(path) = old.or(new).map(|directory| &directory.path) else { return found };
        compare_folder(
            path,
            old.map_or(&[], |directory| &directory.entries),
            new.map_or(&[], |directory| &directory.entries),
            &mut found,
        );
    }
}

fn compare_folder(path: &[u8], old: &[Entry], new: &[Entry], found: &mut Vec<Difference>) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => old.name.cmp(&new.name),
        };
        let before = if order.is_gt() { None } else { old.next() };
        let after = if order.is_lt() { None } else { new.next() };
        let what = match (before, after) {
            (Some(before), Some(after)) => difference(&before.kind, &after.kind),
            (Some(_), None) => Some(What::Missing),
            (None, Some(Entry { kind: Kind::Unreadable(reason), .. })) => {
                Some(What::Unreadable(reason.clone()))
            }
            (None, _) => Some(What::Added),
        };
        if let (Some(entry), Some(what)) = (before.or(after), what) {
            found.push(Difference { path: shown(path, &entry.name), what });
        }
    }
}

fn difference(before: &Kind, after: &Kind) -> Option<What> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match (before, after) {
        (Kind::File(before), Kind::File(after)) => file_difference(before, after),
        (Kind::Link(before), Kind::Link(after)) => {
            (before != after).then(|| What::Target { from: text(before), to: text(after) })
        }
        (_, Kind::Unreadable(reason)) => Some(What::Unreadable(reason.clone())),
        (_, Kind::Link(target)) => {
            let _ = target;
            Some(What::Became("a link"))
        }
        (_, Kind::File(_)) => Some(What::Became("a file")),
        (_, Kind::Other) => Some(What::Became("neither a file nor a link")),
    }
}

fn file_difference(before: &FileState, after: &FileState) -> Option<What> {
    if before.size != after.size {
        return Some(What::Truncated { from: before.size, to: after.size });
    }
    match (before.hash, after.hash) {
        (Some(before), Some(after)) if before != after => return Some(What::Content),
        _ => {}
    }
    if before.executable != after.executable {
        return Some(if before.executable { What::NotExecutable } else { What::Executable });
    }
    let is_hashed = before.hash.is_some() && after.hash.is_some();
    (!is_hashed && !same_time(before.modified, after.modified)).then_some(What::Written)
}

/// An archive keeps whole seconds only: what carries no fraction is compared without one.
fn same_time(before: Time, after: Time) -> bool {
    before.seconds == after.seconds
        && (before.nanoseconds == after.nanoseconds || after.nanoseconds == 0)
}
