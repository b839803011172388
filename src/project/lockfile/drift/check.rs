use super::{Drift, DriftInput, pnpm};
use crate::project::lockfile::LockfileKind;

/// Compares the manifests with the lockfile as its manager does.
pub(crate) fn drift(input: &DriftInput<'_>) -> Drift {
    match input.lockfile.kind {
        LockfileKind::Pnpm => pnpm::drift(input),
        LockfileKind::NpmShrinkwrap
        | LockfileKind::Npm
        | LockfileKind::YarnClassic
        | LockfileKind::YarnBerry
        | LockfileKind::Bun
        // Its form is not documented, and bun itself has left it.
        | LockfileKind::BunBinary => Drift::IN_SYNC,
    }
}
