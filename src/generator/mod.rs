//! What `init` writes: the project is looked at, and a specification planned from it.

mod apps;
mod backend;
mod contract;
mod detect;
mod manager;
mod node;
mod output;
mod place;
mod plan;
mod settings;

pub(crate) use apps::find_apps;
pub(crate) use detect::Repository;
pub(crate) use place::{PlaceError, Placement, place, prepare};
pub(crate) use plan::{PlanOptions, specification};
