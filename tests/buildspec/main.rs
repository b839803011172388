//! The linter of amplify.yml: fixtures, js-yaml as oracle, malicious input.
//!
//! `bad/<rule>-<n>.yml` gives findings of its rule and no other, exactly as `bad/<rule>-<n>.expected`
//! shows them, and what `--fix` would change is `bad/<rule>-<n>.diff`; `good/<rule>-<n>.yml`, its look-alike, gives none. `DEPLOYFIX_BLESS=1` writes what is
//! expected anew. The first lines of a fixture may be directives:
//!
//! ```yaml
//! # project: npm          the folder of `projects` into which it is put as amplify.yml
//! # app: apps/web         the app root in it
//! # env: NAME=value       a variable of the environment
//! ```
#![allow(clippy::allow_attributes, reason = "which of the following occur changes with every test")]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::must_use_candidate,
    clippy::missing_panics_doc,
    reason = "tests are not an interface, and may end at the first surprise"
)]

mod fix;
mod fixture;
mod fixtures;
mod linted;
mod malicious;
mod mutation;
mod oracle;
mod parallel;
