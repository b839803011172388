use super::Context;
use crate::report::{Finding, FindingId, Severity};

/// The contract of variables.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let Some(check) = context.contract else { return Vec::new() };
    let mut set = context.variables_set_by_spec();
    let opaque = set.opaque;
    set.names.append(&mut set.written);
    let mut findings = check(&set.names);
    // A script that amplify.yml runs may set what is missing here.
    for finding in findings.iter_mut().filter(|finding| finding.id == FindingId::MissingVariable) {
        if opaque && finding.is_error() {
            finding.severity = Severity::Warning;
        }
    }
    findings
}
