//! Which Node runs, and which ones the project and Next ask for.

mod choice;
mod in_use;
mod installed;
mod next_minimum;
mod range;
mod refusal;
mod request;
mod switch;

pub(crate) use choice::{NodeChoice, NodeDemand, choose_node, node_demands, node_to_fetch};
pub(crate) use in_use::{NodeInUse, at, in_use};
pub(crate) use installed::{InstalledNode, installed};
pub(crate) use next_minimum::next_minimum;
pub(crate) use range::NodeRange;
pub(crate) use refusal::engine_refusal;
pub(crate) use request::{NodeRequest, RequestSource, Wanted, long_term_line, requests};
pub(crate) use switch::{node_to_switch_to, served_major, serving_rank};
