//! The commands of an app as bash reads them, each part with its place in the file.

mod blocks;
mod commands;
mod folder;
mod grep;
mod guard;
mod invocation;
mod parts;
mod programs;
mod scope;
mod script;
#[cfg(test)]
mod tests;
mod walk;
mod word;

pub(crate) use commands::{Commands, SectionName, Unreadable};
pub(crate) use folder::join;
pub(crate) use grep::Grep;
pub(crate) use invocation::{Assignment, Invocation, Output};
pub(crate) use programs::is_env_file;
pub(crate) use word::{Expansion, Form, Word};
