//! amplify.yml: where everything stands, what it means, what is wrong with it.

mod find;
mod model;
mod node;
mod parse;
mod rules;
mod selection;
mod variables;

pub(crate) use find::{FILE, FindError, SpecFile, find};
pub(crate) use model::{App, Artifacts, Cache, Frontend, Phase, PhaseName, Section, Spec};
pub(crate) use node::{Node, Place, Spanned};
pub(crate) use rules::{RuleContext, check, syntax_finding};
pub(crate) use selection::{Selection, select};
pub(crate) use variables::{SetVariables, variables_set};
