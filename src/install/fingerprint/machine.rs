use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::place::Place;
use crate::project::{ManagerKind, in_use};

/// The interface version of native modules by the major version of Node, as Node's `doc/abi_version_registry.json` lists them.
const INTERFACES: &[(u64, u32)] = &[
    (12, 72),
    (14, 83),
    (16, 93),
    (17, 102),
    (18, 108),
    (19, 111),
    (20, 115),
    (21, 120),
    (22, 127),
    (23, 131),
    (24, 137),
    (25, 141),
];

/// What installs, and for which machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Machine {
    /// `npm 11.19.0`
    pub(super) manager: String,
    /// `115`
    pub(super) node: String,
    /// `linux x86_64 glibc`
    pub(super) platform: String,
}

impl Machine {
    pub(super) fn of(place: &Place, environment: &BTreeMap<String, String>, app: &Path) -> Self {
        let library = match std::env::consts::OS {
            "linux" if is_musl() => " musl",
            "linux" => " glibc",
            _ => "",
        };
        Self {
            manager: manager(place.manager, environment, app),
            node: node(environment, app),
            platform: format!("{} {}{library}", std::env::consts::OS, std::env::consts::ARCH),
        }
    }
}

/// `process.versions.modules` by the version of Node; a Node of an unknown line is named itself.
fn node(environment: &BTreeMap<String, String>, app: &Path) -> String {
    let Some(node) = in_use(environment, app) else { return "none".into() };
    let line = node.version.major();
    match INTERFACES.iter().find(|(major, _)| *major == line) {
        Some((_, interface)) => interface.to_string(),
        None => format!("of Node {line}"),
    }
}

/// Kind and version; where no package tells the version, as with one binary, the size of the program stands for it.
fn manager(kind: ManagerKind, environment: &BTreeMap<String, String>, app: &Path) -> String {
    let path = environment.get("PATH").map(String::as_str);
    let version = kind.installed_version(path, app).or_else(|| {
        let program = which::which_in(kind.program(), path, app).ok()?;
        Some(format!("of {} bytes", program.metadata().ok()?.len()))
    });
    format!("{} {}", kind.program(), version.unwrap_or_else(|| "of an unknown version".into()))
}

/// Where musl is the system's C library, its loader lies here.
fn is_musl() -> bool {
    std::fs::read_dir("/lib").is_ok_and(|entries| {
        entries.filter_map(Result::ok).any(|entry| {
            entry.file_name().to_str().is_some_and(|name| name.starts_with("ld-musl-"))
        })
    })
}
