use super::{Drift, DriftInput, bun, npm, pnpm, yarn_berry, yarn_classic};
use crate::project::lockfile::LockfileKind;

/// Compares the manifests with the lockfile as its manager does.
pub(crate) fn drift(input: &DriftInput<'_>) -> Drift {
    match input.lockfile.kind {
        LockfileKind::NpmShrinkwrap | LockfileKind::Npm => npm::check(input),
        LockfileKind::Pnpm => pnpm::drift(input),
        LockfileKind::YarnClassic => yarn_classic::drift(input),
        LockfileKind::Bun => bun::drift(input),
        LockfileKind::YarnBerry => yarn_berry::drift(input),
        // Its form is not documented, and bun itself has left it.
        LockfileKind::BunBinary => Drift::IN_SYNC,
    }
}
