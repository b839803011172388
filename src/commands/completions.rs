use std::sync::Arc;

use anstream::ColorChoice;

use crate::{
    cli::{self, CompletionsOptions},
    mask::MaskSet,
    report::{
        ExitStatus,
        render::{Format, Printer, Verbosity},
    },
};

/// Prints the completions of a shell.
pub(super) fn print(options: &CompletionsOptions) -> ExitStatus {
    let printer = Printer::new(
        Format::Human,
        Verbosity::Quiet,
        ColorChoice::Never,
        Arc::new(MaskSet::empty()),
    );
    printer.data(&cli::completions(options.shell));
    ExitStatus::Success
}
