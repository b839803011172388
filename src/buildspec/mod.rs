//! amplify.yml: where everything stands, what it means, what is wrong with it.

mod find;
mod lint;
mod model;
mod node;
mod parse;
mod rules;
mod script;
mod selection;
mod shell;
mod source_map;
mod specification;
mod variables;

pub(crate) use find::{FILE, FindError, SpecFile};
pub(crate) use lint::{Surroundings, lint};
pub(crate) use model::{App, Section};
pub(crate) use rules::syntax_finding;
pub(crate) use script::{ScriptPhase, ScriptSection, render as render_script};
pub(crate) use shell::Commands;
pub(crate) use specification::{Specification, declared_root, project_path};
pub(crate) use variables::{SetVariables, variables_set};
