//! The environment variables of the app: what Next.js will see, what the
//! project declares, and what is handed on to the running server.

mod block;
mod check;
mod console_file;
mod contract;
mod dotenv;
mod encode;
mod expand;
mod files;
mod leaks;
mod problem;
mod production_file;
mod resolve;

#[cfg(test)]
mod dotenv_tests;
#[cfg(test)]
mod tests;

pub(crate) use check::{CheckRequest, check};
pub(crate) use console_file::console_file;
pub(crate) use contract::{Contract, example_values};
pub(crate) use dotenv::parse;
pub(crate) use files::load_environment;
pub(crate) use leaks::looks_secret;
pub(crate) use production_file::{PRODUCTION_FILE, write_production_file};
pub(crate) use resolve::{ResolvedVariable, resolved};
