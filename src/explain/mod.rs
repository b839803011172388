//! The pages of the catalogue: found by name, rendered for a terminal, as one document, or as files.

mod document;
mod find;
mod markdown;
mod page;
mod terminal;
#[cfg(test)]
mod tests;

pub(crate) use document::{File, document, files, index, is_ours};
pub(crate) use find::{Unknown, find};
pub(crate) use page::Page;
pub(crate) use terminal::render;
