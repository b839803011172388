//! amplify.yml: where everything stands, what it means, what is wrong with it.

mod edit;
mod find;
mod fix;
#[cfg(test)]
mod fix_tests;
mod ignore;
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
mod selection;
mod shell;
mod source_map;
mod specification;
mod template;
mod variables;

pub(crate) use find::{FILE, FindError, SpecFile};
pub(crate) use fix::{Lint, fix};
pub(crate) use ignore::{Linted, Silenced};
pub(crate) use lint::{Surroundings, lint};
pub(crate) use model::{App, Artifacts, Section};
pub(crate) use replace::{ReplaceError, bytes, replace};
pub(crate) use shell::Commands;
pub(crate) use specification::{Specification, declared_root, project_path};
pub(crate) use template::{AppPlan, SpecPlan, Step};
pub(crate) use variables::{SetVariables, variables_set};
