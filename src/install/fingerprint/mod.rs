//! What an installation was made of and what it became, so that the next one can be spared.

mod archives;
mod compare;
mod external;
mod files;
mod format;
mod inputs;
mod machine;
mod place;
mod reasons;
mod record;
mod scan;
mod settings;
mod tree;
mod verify;

pub(crate) use files::linked_folders;
pub(crate) use inputs::{Inputs, Sources};
pub(crate) use place::Place;
pub(crate) use record::Unrecorded;
pub(crate) use tree::Extent;
pub(crate) use verify::{Damage, Verdict, Verified};
