//! The app on disk: manifest, lockfiles, package manager, Node and Next.

mod app;
mod ask;
mod default_registries;
mod lockfile;
mod manager_program;
mod manager_release;
mod manifest;
mod next;
mod next_config;
mod node;
pub(crate) mod output;
mod package_manager;
mod range;
mod registry_credentials;
mod registry_settings;
pub(crate) mod repository;
mod scripts;
mod text;
mod workspace;

pub(crate) use app::Project;
pub(crate) use ask::ask;
pub(crate) use default_registries::default_registries;
pub(crate) use lockfile::{
    ChangeKind, DriftInput, LockedPackage, Lockfile, LockfileKind, Source, Verdict,
    difference as version_changes, drift, drift_findings, health as lockfile_health,
    locked_packages, lockfiles_of, relative,
};
pub(crate) use manager_program::{
    ManagerProblem, ManagerProgram, manager_missing, manager_problem, missing_finding,
    requested_manager, yarn_path,
};
pub(crate) use manager_release::release_for;
pub(crate) use manifest::{Manifest, read as read_manifest, read_raw as read_raw_manifest};
pub(crate) use next_config::{Known, NextConfig};
pub(crate) use node::{
    InstalledNode, NodeChoice, NodeDemand, NodeInUse, NodeRange, NodeRequest, RequestSource,
    Wanted, at as node_at, choose_node, engine_refusal, in_use, installed as installed_nodes,
    long_term_line, next_minimum, node_demands, node_to_fetch, node_to_switch_to,
    requests as node_requests, served_major, serving_rank,
};
pub(crate) use package_manager::{
    DecidedBy, ManagerKind, RequestedManager, conflicts as manager_conflicts,
};
pub(crate) use range::{Reading as RangeReading, VersionRange};
pub(crate) use registry_credentials::registry_credentials;
pub(crate) use registry_settings::{RegistrySettings, Unset};
pub(crate) use scripts::{ScriptCommand, ScriptCommands, script_commands, word_commands};
pub(crate) use text::{Text, TextError, conflict_marker, decode, position, read_stream, read_text};
pub(crate) use workspace::{matches_any, members as workspace_members, roots as workspace_roots};
