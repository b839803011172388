//! The commands of an app as bash reads them, each part with its place in the file.

mod commands;
mod folder;
mod guard;
mod invocation;
mod script;
#[cfg(test)]
mod tests;
mod walk;
mod word;

pub(crate) use commands::{Commands, SectionName, Unreadable};
pub(crate) use invocation::{Assignment, Invocation, Output, Redirection};
pub(crate) use word::{Expansion, Form, Word};
