//! Finding -> what is tried next. One exhaustive match, policy as data, the
//! one attempt loop.

mod attempts;
mod caches;
mod decide;
mod remedy;

pub(crate) use attempts::{Attemptable, Loop, Review};
pub(crate) use caches::free_build_cache;
pub(crate) use decide::Policy;
pub(crate) use remedy::Remedy;
