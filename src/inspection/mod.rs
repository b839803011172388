//! Where a log cannot decide: the same finding, after a look at the project. Reads, changes nothing.

mod commands;
mod imports;
mod modules;
mod page_data;
mod refine;

pub(crate) use refine::Inspection;
