//! Whether the manifests agree with the lockfile, decided as the manager that
//! wrote it decides, without a network.

mod bun;
mod check;
mod finding;
mod model;
mod npm;
mod pnpm;
mod yarn_berry;
mod yarn_classic;

pub(crate) use check::drift;
pub(crate) use finding::findings;
pub(crate) use model::{Change, ChangeKind, Drift, DriftInput, Verdict};
