use super::Context;
use crate::report::{Finding, FindingId};

/// package.json itself; at the root of a repository whose apps lie in folders, with those folders.
pub(crate) fn check(context: &Context<'_>) -> Vec<Finding> {
    let read = &context.project.manifest;
    let mut findings = read.findings.clone();
    let roots = folders(context);
    if read.manifest.is_none() && !roots.is_empty() {
        for finding in
            findings.iter_mut().filter(|finding| finding.id == FindingId::ManifestInvalid)
        {
            finding.hints =
                roots.iter().map(|root| format!("deployfix validate --project {root}")).collect();
        }
    }
    findings
}

/// The app roots of amplify.yml that are there, when one stands beside it.
fn folders<'a>(context: &Context<'a>) -> Vec<&'a str> {
    let Some((file, spec)) = context.specification.spec() else { return Vec::new() };
    let root = &context.project.root;
    if file.path.parent() != Some(root.as_path()) {
        return Vec::new();
    }
    spec.apps
        .iter()
        .filter_map(|app| app.app_root.as_ref())
        .map(|path| path.value.trim_matches('/'))
        .filter(|path| !path.is_empty() && root.join(path).join("package.json").is_file())
        .collect()
}
