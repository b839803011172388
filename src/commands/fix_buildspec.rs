//! `validate --fix`: the certain changes of a specification, shown and made.

use std::path::{Component, Path};

use crate::{
    buildspec::{FILE, Lint, ReplaceError, SpecFile, fix, replace},
    report::{
        Finding, FindingId, Location,
        render::{Printer, change_text, diff_text},
    },
};

/// A specification after its changes.
pub(super) struct FixedFile {
    /// The file as it is to be checked now.
    pub(super) file: SpecFile,
    /// How many findings were mended, or would be.
    pub(super) changes: usize,
    /// Why the changes were not made, where they could not be.
    pub(super) refusal: Option<Finding>,
}

/// What becomes of the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// They are written into the file.
    File,
    /// The caller prints the whole text.
    Stream,
    /// They are shown.
    Nothing,
}

/// Makes the changes that are certain, shows the difference, and says what each one is for.
pub(super) fn fix_file(
    printer: &Printer,
    file: SpecFile,
    lint: Lint<'_>,
    target: Target,
) -> FixedFile {
    let fixed = fix(&file, lint);
    let changes = fixed.made.len();
    if changes == 0 {
        return FixedFile { file, changes, refusal: None };
    }
    let error = match target {
        Target::File => replace(&file, &fixed.file).err(),
        Target::Stream | Target::Nothing => None,
    };
    if let Some(error) = error {
        let refusal = Some(refusal(&file, &error));
        return FixedFile { file, changes: 0, refusal };
    }
    let diff = diff_text(&shown(&file), &file.text.content, &fixed.file.text.content);
    let is_all = target == Target::Nothing;
    if is_all {
        printer.important(&diff);
    } else {
        printer.line(&diff);
    }
    for finding in &fixed.made {
        printer.line(&change_text(finding, is_all));
    }
    FixedFile { file: fixed.file, changes, refusal: None }
}

/// The path in the difference, without what leads out of the folder.
fn shown(file: &SpecFile) -> String {
    if file.is_standard_input() {
        return FILE.to_owned();
    }
    let parts: Vec<_> = Path::new(&file.relative_path)
        .components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

fn refusal(file: &SpecFile, error: &ReplaceError) -> Finding {
    let path = &file.relative_path;
    let (resolution, hint) = match error {
        ReplaceError::ConflictMarkers | ReplaceError::Unmerged => (
            "a merge that is not finished is not changed by `--fix`; resolve it first",
            Some(format!("git add {path}")),
        ),
        ReplaceError::ReadOnly => {
            ("its permissions say that nobody is to write it", Some(format!("chmod u+w {path}")))
        }
        ReplaceError::NotAFile => (
            "only a file can be replaced; the standard input is fixed to the standard output",
            Some("deployfix validate --fix --buildspec -".to_owned()),
        ),
        ReplaceError::Changed => {
            ("nothing was written, so that nothing is lost; run it again", None)
        }
        ReplaceError::NotText => {
            ("the bytes that are no text would be lost; save it as UTF-8", None)
        }
        ReplaceError::Io(_) => {
            ("the new file is written beside the old one, then takes its place", None)
        }
    };
    let finding =
        Finding::new(FindingId::Usage, format!("`{path}` was not fixed: {error}"), resolution)
            .location(Location::file(path.clone()));
    match hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}
