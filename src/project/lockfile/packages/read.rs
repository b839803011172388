use super::{LockedPackage, berry, bun, npm, pnpm, yarn_classic};
use crate::project::lockfile::{Lockfile, LockfileKind};

/// Every package of a lockfile, in its order; nothing of what cannot be read.
pub(crate) fn locked_packages(lockfile: &Lockfile) -> Vec<LockedPackage> {
    let Ok(text) = &lockfile.text else { return Vec::new() };
    let content = &text.content;
    match lockfile.kind {
        LockfileKind::Npm | LockfileKind::NpmShrinkwrap => npm::packages(content),
        LockfileKind::Pnpm => pnpm::packages(content),
        LockfileKind::YarnClassic => yarn_classic::packages(content),
        LockfileKind::YarnBerry => berry::packages(content),
        LockfileKind::Bun => bun::packages(content),
        LockfileKind::BunBinary => Vec::new(),
    }
}
