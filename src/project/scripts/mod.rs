//! What the scripts of package.json come down to, read without running them.

mod follow;
mod model;
mod words;

pub(crate) use follow::{script_commands, word_commands};
pub(crate) use model::{ScriptCommand, ScriptCommands};
