//! JSON Schemas of what deployfix writes.

use schemars::Schema;

use super::Run;

/// The schema of `.deployfix/report.json`.
#[must_use]
pub fn report() -> Schema {
    schemars::schema_for!(Run)
}
