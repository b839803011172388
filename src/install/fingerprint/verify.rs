use std::{fs, thread};

use super::{
    compare::{Difference, differences},
    format::Fingerprint,
    inputs::{Inputs, Sources},
    place::Place,
    reasons,
    scan::{Depth, scan},
    tree::{Extent, Kind, Tree},
};
use crate::config::Verify;

/// What an earlier installation is worth.
#[expect(clippy::large_enum_variant, reason = "there is one in a run")]
pub(crate) enum Verdict {
    /// Nothing changed: it is what an installation now would be.
    Verified(Verified),
    /// It cannot be taken for one of now, for these reasons.
    Changed {
        /// One line each.
        reasons: Vec<String>,
        /// Whether the tree is what was recorded, so that the manager can go on from it.
        intact: bool,
    },
    /// What it is made of did not change, but the tree is not what was left behind.
    Corrupt(Damage),
    /// Someone asked to stop.
    Stopped,
}

/// How a tree is not what was recorded.
pub(crate) struct Damage {
    recorded: Tree,
    differences: Vec<Difference>,
}

impl Damage {
    /// One line each, in the order of the paths.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.differences.iter().map(ToString::to_string).collect()
    }

    /// What of it is there again in a tree that was installed since.
    pub(super) fn persisting(&self, tree: &Tree) -> Option<String> {
        let now = differences(&self.recorded, tree);
        let certain = self.differences.iter().filter(|difference| difference.is_certain());
        certain.filter(|difference| now.contains(difference)).map(ToString::to_string).next()
    }
}

/// An installation that was verified.
pub(crate) struct Verified {
    pub(crate) extent: Extent,
    /// As it was seen just now, to tell what scripts change about it.
    pub(super) tree: Tree,
    /// As it was recorded.
    pub(super) recorded: Fingerprint,
}

impl Place {
    /// Compares the earlier installation with what one now would be.
    pub(crate) fn verify(
        &self,
        sources: &Sources<'_>,
        how: Verify,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Verdict {
        let changed =
            |reason: &str| Verdict::Changed { reasons: vec![reason.into()], intact: false };
        let depth = match how {
            Verify::Off => return changed("verification is off"),
            Verify::Full => Depth::Content,
            Verify::Stat => Depth::State,
        };
        let Some(recorded) = self.read() else {
            return if self.fingerprints().iter().any(|path| path.exists()) {
                changed("the record of the earlier installation cannot be read")
            } else {
                changed("no earlier installation was recorded")
            };
        };
        // Asking Node for its version takes as long as many files.
        let (inputs, tree) = thread::scope(|scope| {
            let inputs = scope.spawn(|| Inputs::gather(self, sources));
            let tree = scan(&self.root, &self.range(), depth, is_stopped);
            (inputs.join(), tree)
        });
        let Ok(inputs) = inputs else { return changed("what it is made of cannot be read") };
        let Ok(tree) = tree else { return Verdict::Stopped };
        let differences = differences(&recorded.tree, &tree);
        if let Some(change) = reasons::change(&recorded.inputs, &inputs) {
            let intact = change.incremental && how == Verify::Full && differences.is_empty();
            return Verdict::Changed { reasons: change.reasons, intact };
        }
        if let Some(dangling) = self.dangling(&tree) {
            return changed(&format!("`{dangling}` points to nothing"));
        }
        if differences.is_empty() {
            return Verdict::Verified(Verified { extent: tree.extent(), tree, recorded });
        }
        let certain = differences.iter().any(Difference::is_certain);
        let damage = Damage { recorded: recorded.tree, differences };
        if certain {
            Verdict::Corrupt(damage)
        } else {
            Verdict::Changed { reasons: damage.lines(), intact: false }
        }
    }

    fn read(&self) -> Option<Fingerprint> {
        self.fingerprints().iter().find_map(|path| {
            let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
            Fingerprint::decode(&is_file.then(|| fs::read(path).ok())??)
        })
    }

    /// A link that leads out of the installation and to nothing: what it leads to is not restored with the tree.
    pub(super) fn dangling(&self, tree: &Tree) -> Option<String> {
        for directory in &tree.directories {
            let links = directory.entries.iter().filter_map(|entry| match &entry.kind {
                Kind::Link(target) => Some((entry, target)),
                _ => None,
            });
            for (entry, target) in links {
                let path = super::tree::shown(&directory.path, &entry.name);
                if leads_out(&directory.path, target) && !self.root.join(&path).exists() {
                    return Some(path);
                }
            }
        }
        None
    }
}

/// Whether a link in a folder of the root leads out of it.
fn leads_out(directory: &[u8], target: &[u8]) -> bool {
    if target.starts_with(b"/") {
        return true;
    }
    let mut depth = directory.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).count();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." if depth == 0 => return true,
            b".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}
