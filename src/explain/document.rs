use std::fmt::Write;

use super::Page;
use crate::report::FindingId;

/// The page that lists the others.
const INDEX: &str = "index.md";
const TITLE: &str = "# What deployfix can name";
/// Ends every file, so that a later run knows its own.
const MARK: &str = "<!-- written by `deployfix explain --all --output` -->";

/// A file of the pages.
pub(crate) struct File {
    /// Relative to the folder of all, `/` as separator.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// Whether a file was written by an earlier run.
pub(crate) fn is_ours(text: &str) -> bool {
    text.trim_end().ends_with(MARK)
}

/// Every id with its sentence.
pub(crate) fn index() -> String {
    list(&|id| format!("`{id}`"))
}

/// All pages in one, with a table of contents.
pub(crate) fn document() -> String {
    let target = |id: FindingId| format!("#{}", anchor(id.as_str()));
    let mut text = list(&|id| format!("[`{id}`]({})", target(id)));
    for page in Page::all() {
        text.push('\n');
        text.push_str(&page.linked(1, &target));
    }
    text
}

/// One file an id, and the index.
pub(crate) fn files() -> Vec<File> {
    let index = File {
        path: INDEX.to_owned(),
        text: format!("{}\n{MARK}\n", list(&|id| format!("[`{id}`]({})", path(id)))),
    };
    let pages = Page::all().map(|page| File {
        path: path(page.id),
        text: format!("{}\n{MARK}\n", page.linked(0, &|id| format!("../{}", path(id)))),
    });
    std::iter::once(index).chain(pages).collect()
}

fn path(id: FindingId) -> String {
    format!("{id}.md")
}

fn list(name: &dyn Fn(FindingId) -> String) -> String {
    let mut text = format!("{TITLE}\n");
    let mut area = "";
    for page in Page::all() {
        let of_page = page.id.as_str().split('/').next().unwrap_or_default();
        if of_page != area {
            area = of_page;
            let _ = writeln!(text, "\n## {area}\n");
        }
        let _ = writeln!(text, "- {}: {}", name(page.id), page.summary);
    }
    text
}

/// The anchor that GitHub and its kin give a heading.
fn anchor(heading: &str) -> String {
    let kept =
        |character: &char| character.is_alphanumeric() || matches!(character, '-' | '_' | ' ');
    heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}
