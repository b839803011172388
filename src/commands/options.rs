//! What the command line and the process bring along.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anstream::ColorChoice;

use crate::{
    cli::{ColourOption, FormatOption, GlobalOptions},
    report::{
        render::{Format, Printer, Verbosity},
        store::Redact,
    },
};

/// The process environment; a value that is not UTF-8 keeps its readable part.
pub(super) fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        })
        .collect()
}

/// A printer as the options ask for.
pub(super) fn printer(options: &GlobalOptions, redact: Arc<dyn Redact>) -> Printer {
    let format = match options.format {
        FormatOption::Human => Format::Human,
        // A document alone; text for people goes to stderr.
        FormatOption::Json | FormatOption::Markdown => Format::Json,
        FormatOption::Sarif => Format::Sarif,
        FormatOption::Github => Format::Github,
    };
    let verbosity = match (options.quiet, options.verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    };
    let colour = match options.color {
        ColourOption::Auto => ColorChoice::Auto,
        ColourOption::Always => ColorChoice::Always,
        ColourOption::Never => ColorChoice::Never,
    };
    Printer::new(format, verbosity, colour, redact)
}

/// The path from the file system's root, without asking the disk.
pub(super) fn absolute(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_path_buf())
}
