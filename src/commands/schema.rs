use std::sync::Arc;

use anstream::ColorChoice;

use crate::{
    cli::{SchemaDocument, SchemaOptions},
    mask::MaskSet,
    report::{
        ExitStatus,
        render::{Format, Printer, Verbosity},
        schema,
    },
};

/// Prints a JSON Schema.
pub(super) fn print(options: &SchemaOptions) -> ExitStatus {
    let schema = match options.document {
        SchemaDocument::Report => schema::report(),
    };
    let printer = Printer::new(
        Format::Json,
        Verbosity::Quiet,
        ColorChoice::Never,
        Arc::new(MaskSet::empty()),
    );
    match printer.json(&schema) {
        Ok(()) => ExitStatus::Success,
        Err(_) => ExitStatus::Internal,
    }
}
