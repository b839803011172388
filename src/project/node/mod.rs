//! Which Node runs, and which ones the project and Next ask for.

mod in_use;
mod next_minimum;
mod range;
mod request;

pub(crate) use in_use::{NodeInUse, in_use};
pub(crate) use next_minimum::next_minimum;
pub(crate) use range::NodeRange;
pub(crate) use request::{NodeRequest, RequestSource, Wanted, long_term_line, requests};
