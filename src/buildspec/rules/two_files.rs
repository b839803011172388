use super::{RuleContext, paths::repository};
use crate::{
    buildspec::FILE,
    report::{Finding, FindingId, Location},
};

/// Names that people write, and Amplify does not open.
const OTHER_NAMES: &[&str] = &["amplify.yaml", ".amplify.yml"];

/// A second specification, which changes nothing however often it is edited.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    let (Some(project), Some(root)) = (context.project, repository(context)) else {
        return Vec::new();
    };
    if !root.join(FILE).is_file() {
        return Vec::new();
    }
    let beside = OTHER_NAMES.iter().map(|name| root.join(name));
    let in_app = (project.root != root).then(|| project.root.join(FILE));
    beside
        .chain(in_app)
        .filter(|path| path.is_file())
        .map(|path| {
            let name = crate::project::relative(root, &path);
            Finding::new(
                FindingId::BuildspecTwoFiles,
                format!("`{name}` is never read"),
                format!("Amplify opens `{FILE}` at the repository's root only, and it is there; delete the other file"),
            )
            .location(Location::file(crate::project::relative(&project.root, &path)))
            // From the repository's root, wherever it is typed: the file that is read has the same name.
            .hint(format!("git rm ':/{name}'"))
        })
        .collect()
}
