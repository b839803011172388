use std::{fs, io, path::Path, sync::Arc};

use super::options::printer;
use crate::{
    cli::{ColourOption, ExplainOptions, FormatOption, GlobalOptions},
    explain::{File, Page, Unknown, document, files, find, index, is_ours, render},
    mask::MaskSet,
    report::{
        ExitStatus, Finding, FindingId, Location,
        render::{Printer, count},
    },
};

/// Longer lines are hard to read.
const WIDEST: usize = 100;

/// Explains an id, lists all, or writes all pages.
pub(super) fn print(global: &GlobalOptions, options: &ExplainOptions) -> ExitStatus {
    let printer = printer(global, Arc::new(MaskSet::empty()));
    if let Some(folder) = &options.output {
        return match write(folder, global.dry_run, &printer) {
            Ok(()) => ExitStatus::Success,
            Err(finding) => {
                printer.finding(&finding);
                ExitStatus::Usage
            }
        };
    }
    let page = match options.id.as_deref().map(find).transpose() {
        Ok(id) => id.map(Page::of),
        Err(unknown) => {
            printer.finding(&unknown_id(options.id.as_deref().unwrap_or_default(), &unknown));
            return ExitStatus::Usage;
        }
    };
    if global.format == FormatOption::Json {
        let outcome = match &page {
            Some(page) => printer.json(page),
            None => printer.json(&Page::all().collect::<Vec<_>>()),
        };
        return if outcome.is_ok() { ExitStatus::Success } else { ExitStatus::Internal };
    }
    let markdown = match page {
        Some(page) => page.markdown,
        None if options.all => document(),
        None => index(),
    };
    let styled = global.color == ColourOption::Always || printer.is_terminal();
    if styled && global.format == FormatOption::Human {
        printer.important(render(&markdown, printer.width().min(WIDEST)).trim_end());
    } else {
        printer.data(&markdown);
    }
    ExitStatus::Success
}

fn unknown_id(name: &str, unknown: &Unknown) -> Finding {
    let (message, resolution) = if unknown.ambiguous {
        (format!("`{name}` is the end of several ids"), "name one of them whole")
    } else {
        (
            format!("`{name}` is no id of a finding"),
            "an id stands in brackets behind `error` or `warning`",
        )
    };
    let finding = Finding::new(FindingId::Usage, message, resolution);
    let finding = unknown
        .similar
        .iter()
        .fold(finding, |finding, id| finding.hint(format!("deployfix explain {id}")));
    finding.hint("`deployfix explain` lists every id")
}

/// Writes every page, or none where a file of somebody else stands in the way.
fn write(folder: &Path, dry_run: bool, printer: &Printer) -> Result<(), Box<Finding>> {
    let files = files();
    for File { path, .. } in &files {
        let path = folder.join(path);
        match fs::read_to_string(&path) {
            Ok(text) if is_ours(&text) => {}
            Ok(_) => return Err(Box::new(foreign(&path))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(Box::new(foreign(&path)));
            }
            Err(error) => return Err(Box::new(unwritable(&path, &error))),
        }
    }
    let what = format!("{} in `{}`", count(files.len(), "page"), folder.display());
    if dry_run {
        printer.important(&format!("would write {what}"));
        return Ok(());
    }
    for File { path, text } in &files {
        let path = folder.join(path);
        let written =
            path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| Box::new(unwritable(&path, &error)))?;
    }
    printer.line(&format!("wrote {what}"));
    Ok(())
}

fn foreign(path: &Path) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("`{}` was not written by `deployfix explain`", path.display()),
        "nothing was written; name an empty or a new folder",
    )
    .location(Location::file(path.to_string_lossy()))
}

fn unwritable(path: &Path, error: &io::Error) -> Finding {
    Finding::new(
        FindingId::Usage,
        format!("`{}` cannot be written: {error}", path.display()),
        "the pages go into a folder that this user may write to",
    )
    .hint("deployfix explain --all --output docs/findings")
}
