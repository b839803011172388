//! amplify.yml: where everything stands, what it means, what is wrong with it.

mod find;
mod ignore;
mod lint;
mod model;
mod node;
mod parse;
mod rules;
mod selection;
mod shell;
mod source_map;
mod specification;
mod template;
mod variables;

pub(crate) use find::{FILE, FindError, SpecFile};
pub(crate) use ignore::{Linted, Silenced};
pub(crate) use lint::{Surroundings, lint};
pub(crate) use model::{App, Artifacts, Section};
pub(crate) use shell::Commands;
pub(crate) use specification::{Specification, declared_root, project_path};
pub(crate) use template::{AppPlan, SpecPlan, Step};
pub(crate) use variables::{SetVariables, variables_set};
