use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::report::Finding;

const BOLD: Style = Style::new().bold();
const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const RANGE: Style = AnsiColor::Cyan.on_default();

/// The difference of two versions of a file as `patch` reads it; nothing where they are equal.
#[must_use]
pub fn diff_text(path: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for hunk in diff.unified_diff().iter_hunks() {
        if text.is_empty() {
            let _ = writeln!(text, "{BOLD}--- a/{path}{BOLD:#}\n{BOLD}+++ b/{path}{BOLD:#}");
        }
        let _ = writeln!(text, "{RANGE}{}{RANGE:#}", hunk.header());
        for change in hunk.iter_changes() {
            let (style, sign) = match change.tag() {
                ChangeTag::Equal => (Style::new(), ' '),
                ChangeTag::Delete => (REMOVED, '-'),
                ChangeTag::Insert => (ADDED, '+'),
            };
            let line = change.value();
            let _ =
                writeln!(text, "{style}{sign}{}{style:#}", line.strip_suffix('\n').unwrap_or(line));
            if change.missing_newline() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// A change that was made, or `would` be made, to mend a finding.
#[must_use]
pub fn change_text(finding: &Finding, would: bool) -> String {
    let verb = if would { "would fix" } else { "fixed" };
    let what = finding.fix.as_ref().map_or(finding.message.as_str(), |fix| &fix.description);
    let place = finding.location.as_ref().map(|place| format!("  ({place})")).unwrap_or_default();
    format!("{ADDED}{verb}[{}]{ADDED:#}: {what}{place}", finding.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_what_patch_reads() {
        let plain = |text: String| anstream::adapter::strip_str(&text).to_string();
        assert_eq!(diff_text("x", "a\n", "a\n"), "");
        assert_eq!(
            plain(diff_text("amplify.yml", "a\nb\n", "a\nc\n")),
            "--- a/amplify.yml\n+++ b/amplify.yml\n@@ -1,2 +1,2 @@\n a\n-b\n+c"
        );
        assert_eq!(
            plain(diff_text("x", "a\r\nb", "a\r\nc")),
            "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file"
        );
    }
}
