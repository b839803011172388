//! deployfix: predicts, recovers, proves and explains Next.js deployments on
//! AWS Amplify Hosting.
//!
//! The rooms, from the door to the ground floor. Arrows point down only.

mod cli;
pub mod commands;

mod artifacts;
mod build;
mod emulator;
mod explain;
mod generator;
mod health;
mod inspection;
mod install;
mod preflight;

mod amplify;
mod buildspec;
mod diagnose;
mod env;
mod process;
mod project;
mod recovery;
mod supply_chain;

mod config;
pub mod mask;
pub mod report;
