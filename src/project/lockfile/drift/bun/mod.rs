//! Drift as bun decides it in `bun install --frozen-lockfile`.
//!
//! bun resolves anew, keeping every locked version that still fits, and refuses
//! where the tree of packages then differs (`Lockfile::eql`, read in the Rust
//! sources of 1.4; seen by running 1.2.0, 1.2.23, 1.3.5 and 1.4.5). So a range
//! may change freely as long as the locked version is within it; what only a
//! registry can tell stays undecided.

mod compare;
mod graph;
mod lockfile;
mod manifest;
mod overrides;
#[cfg(test)]
mod tests;

pub(super) use compare::drift;
