//! Proves the built app at work: boots or addresses it, asks its routes and
//! the assets of its pages, and says what answered wrongly.

mod address;
mod assets;
mod command;
mod concurrency;
mod discovery;
mod failure;
mod findings;
mod html;
mod judgement;
mod layout;
mod manifests;
mod options;
mod outcome;
mod probe;
mod remote;
mod routes;
mod serve;
mod standalone;
mod static_server;
mod sweep;

pub(crate) use command::{Launch, ServeCommand, free_port, plan_launch};
pub(crate) use layout::BuildLayout;
pub(crate) use options::ProbeOptions;
pub(crate) use outcome::HealthOutcome;
pub(crate) use remote::check_remote;
pub(crate) use routes::{RoutePlan, plan_remote_routes, plan_routes};
pub(crate) use serve::{Server, check_served};
pub(crate) use static_server::StaticServer;

#[cfg(test)]
mod tests;
