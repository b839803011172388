//! Sections of the report that several phases fill.

use super::session::Session;
use crate::{
    amplify,
    buildspec::Specification,
    env::ResolvedVariable,
    mask::REPLACEMENT,
    process::{free_disk, memory_limit},
    project::{NodeInUse, Project},
    report::{BuildConfig, CacheSettings, CacheStrategy, Environment, Optimizations},
};

/// The machine as the report shows it.
pub(super) fn environment(session: &Session, project: &Project) -> Environment {
    let limit = memory_limit();
    Environment {
        platform: std::env::consts::OS.into(),
        architecture: std::env::consts::ARCH.into(),
        processors: std::thread::available_parallelism().map_or(1, |number| number.get() as u64),
        memory_limit: limit.map(|limit| limit.bytes),
        memory_limit_source: limit.map(|limit| limit.source.into()),
        disk_free: free_disk(&session.app_root),
        ci: session.identity.ci.clone(),
        package_manager: Some(package_manager(session, project)),
        next_version: project.next.version().map(|version| version.to_string()),
    }
}

/// How the build is set up, as the report shows it.
pub(super) fn build_config(
    session: &Session,
    specification: &Specification,
    node: Option<&NodeInUse>,
    variables: &[ResolvedVariable],
) -> BuildConfig {
    let cache_paths = specification.cache_paths();
    let aggressive = cache_paths.iter().any(|path| path.contains("node_modules"));
    let timeout = amplify::build_timeout(&session.variables).as_secs() / 60;
    BuildConfig {
        node_version: node.map(|node| node.version.to_string()),
        build_commands: Vec::new(),
        environment_vars: variables
            .iter()
            .map(|variable| {
                let shown = if variable.secret { REPLACEMENT } else { &variable.value };
                (variable.name.clone(), shown.to_owned())
            })
            .collect(),
        cache_settings: CacheSettings {
            enabled: !cache_paths.is_empty(),
            strategy: if aggressive {
                CacheStrategy::Aggressive
            } else {
                CacheStrategy::Conservative
            },
            paths: cache_paths,
        },
        optimizations: Optimizations {
            memory_limit: None,
            timeout_minutes: Some(
                session.config.build.timeout.map_or(timeout, |own| own.as_secs() / 60),
            ),
            parallel_builds: true,
            compression_enabled: None,
        },
    }
}

/// The manager and the version that is in use, else the one that is asked for.
fn package_manager(session: &Session, project: &Project) -> String {
    let manager = &project.manager;
    let path = session.variables.get("PATH").map(String::as_str);
    let requested = || manager.requested.as_ref()?.version.clone();
    let version = manager.kind.installed_version(path, &session.app_root);
    let version = version.or_else(|| requested().map(|version| version.to_string()));
    [Some(manager.kind.program().to_owned()), version]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}
