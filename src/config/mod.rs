//! deployfix.yml read once into [`Config`]: defaults filled in, the branch's
//! profile applied, every value checked.

mod branches;
mod fields;
mod invalid;
mod kind;
mod load;
mod model;
mod node;
mod scalars;
mod sections;
mod signatures;
mod variables;

#[cfg(test)]
mod tests;

pub(crate) use invalid::similar;
pub(crate) use kind::VariableType;
pub(crate) use load::{load, parse as parse_config};
pub(crate) use model::{
    Config, Ignore, InstallScripts, Memory, OtherScripts, OwnSignature, RecoveryMode, Variable,
    Verify,
};
pub(crate) use scalars::{duration, size};
