//! amplify.yml: where everything stands, what it means, what is wrong with it.

mod edit;
mod find;
mod fix;
#[cfg(test)]
mod fix_tests;
mod js_yaml;
mod lint;
mod list_item;
mod model;
mod node;
mod outline;
mod parse;
mod positions;
mod replace;
mod rules;
mod script;
mod selection;
mod specification;
mod variables;

pub(crate) use find::{FILE, FindError, SpecFile};
pub(crate) use fix::{Lint, fix};
pub(crate) use lint::{Surroundings, lint};
pub(crate) use model::{App, Section};
pub(crate) use replace::{ReplaceError, bytes, replace};
pub(crate) use rules::syntax_finding;
pub(crate) use script::{ScriptPhase, ScriptSection, render as render_script};
pub(crate) use specification::{Specification, declared_root};
pub(crate) use variables::{SetVariables, variables_set};
