//! Drift as bun decides it.
