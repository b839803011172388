use crate::report::{Evidence, Finding};

/// What the masker writes in the place of a secret.
pub(super) const MASKED: &str = "***";

/// The files that findings point into.
pub struct Sources<'a> {
    /// The app root relative to the repository's root, `/` as separator; empty where they are one.
    pub app: String,
    /// The text of a file as it is now, by its path relative to the app root.
    pub read: &'a dyn Fn(&str) -> Option<SourceText>,
}

/// The text of a file.
pub struct SourceText {
    /// The text without its byte order mark.
    pub content: String,
    /// Whether the file begins with a byte order mark.
    pub byte_order_mark: bool,
}

impl Sources<'_> {
    /// A path relative to the app root as one relative to the repository's root.
    pub(super) fn repository_path(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in self.app.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

/// The evidence that is the line of the finding's own place.
pub(super) fn source_line(finding: &Finding) -> Option<&Evidence> {
    let location = finding.location.as_ref()?;
    finding.evidence.iter().find(|evidence| {
        evidence.line.is_some_and(|line| line > 0)
            && evidence.line == location.line
            && evidence.source == location.path
            && !evidence.text.contains(['\n', '\r'])
    })
}

/// What a finding says, for a reader who sees the place beside it.
pub(super) fn message(finding: &Finding) -> String {
    let mut lines = vec![finding.message.clone()];
    lines.extend((!finding.resolution.is_empty()).then(|| finding.resolution.clone()));
    lines.extend(finding.recovery.as_ref().map(|recovery| format!("deployfix: {recovery}")));
    lines.extend(finding.fix.as_ref().map(|fix| format!("fix: {}", fix.description)));
    lines.extend(finding.hints.iter().map(|hint| format!("hint: {hint}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_those_of_the_repository() {
        let in_repository = |app: &str, path: &str| {
            Sources { app: app.into(), read: &|_| None }.repository_path(path)
        };
        for (app, path, expected) in [
            ("", "amplify.yml", "amplify.yml"),
            ("apps/web", "../../amplify.yml", "amplify.yml"),
            ("apps/web", "package.json", "apps/web/package.json"),
            ("apps/web", "./src/../next.config.js", "apps/web/next.config.js"),
            ("", "../amplify.yml", "../amplify.yml"),
            ("web", "../../../x", "../../x"),
            ("web", "/etc/os-release", "/etc/os-release"),
        ] {
            assert_eq!(in_repository(app, path), expected, "{app} {path}");
        }
    }
}
