use super::Context;
use crate::report::Finding;

/// package.json itself.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    context.project.manifest.findings.clone()
}
