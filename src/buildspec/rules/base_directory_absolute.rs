use super::{
    RuleContext,
    paths::{AppPaths, below, plain, written},
};
use crate::report::{Finding, FindingId, Severity};

/// Folders of the build machine; no build of the app ends there.
const OF_THE_MACHINE: &[&str] =
    &["/codebuild/", "/root/", "/home/", "/tmp/", "/usr/", "/var/", "/opt/", "/Users/"];

/// `baseDirectory` is relative. A leading `/` works in the wild (`/` itself is the console's own default for plain
/// files), so it is only worth a note; a folder of some machine is not.
pub(super) fn check(context: &RuleContext<'_>) -> Vec<Finding> {
    context
        .apps()
        .filter_map(|(app, _)| {
            let base = app.frontend.as_ref()?.artifacts.as_ref()?.base_directory.as_ref()?;
            let text = base.value.trim();
            let relative = text.trim_start_matches('/');
            let windows = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
            if windows || OF_THE_MACHINE.iter().any(|folder| text.starts_with(folder)) {
                return Some(context.finding(
                    FindingId::BuildspecBaseDirectoryAbsolute,
                    base.place,
                    format!("`baseDirectory` is `{text}`, a folder of one machine"),
                    "Amplify looks below the project, which lies in another folder at every build; write the path from there",
                ).hint("baseDirectory: .next"));
            }
            let root = AppPaths::new(context, app)?.app_root;
            // That is the graver mistake, and its fix takes the `/` away as well.
            let repeats = !root.is_empty() && below(&plain(text), &root).is_some();
            if !text.starts_with('/') || relative.is_empty() || repeats {
                return None;
            }
            Some(
                context
                    .finding(
                        FindingId::BuildspecBaseDirectoryAbsolute,
                        base.place,
                        format!("`baseDirectory` `{text}` begins with `/`"),
                        "it is read as a folder of the project, but documented without `/`",
                    )
                    .severity(Severity::Info)
                    .fix(context.replacement(
                        base.place,
                        written(relative),
                        format!("write `baseDirectory` as `{relative}`"),
                    )),
            )
        })
        .collect()
}
