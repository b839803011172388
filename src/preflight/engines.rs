//! What package.json demands of manager and runtime, where the manager itself stops over it.
//!
//! Tried with npm 10.8.3, 10.9.0, 11.0.0 and 11.19.1, pnpm 8 to 11, and yarn 1.22.22.

use std::path::Path;

use serde_json::{Map, Value};

use super::{Context, manager_in_use::ManagerInUse};
use crate::{
    project::{
        ManagerKind, RangeReading, RegistrySettings, VersionRange, engine_refusal,
        read_raw_manifest,
    },
    report::{Finding, FindingId, Location, Severity},
};

/// The versions of npm that do not read `devEngines`.
const NPM_WITHOUT_DEV_ENGINES: &str = "<10.9.0";

/// A demand that is not met.
struct Refusal {
    /// `engines.pnpm`
    field: String,
    /// What it asks for.
    wanted: String,
    /// What is in use: `pnpm 9.15.9`
    found: String,
}

/// The demands of the manifest in whose folder the install runs.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let project = context.project;
    let lockfile = project.lockfile();
    let folder = lockfile.and_then(|lockfile| lockfile.path.parent()).unwrap_or(&project.root);
    let Some(manifest) = read_raw_manifest(folder) else { return Vec::new() };
    if !["engines", "devEngines"].iter().any(|key| manifest.contains_key(*key)) {
        return Vec::new();
    }
    let Some(manager) = ManagerInUse::of(context) else { return Vec::new() };
    let settings = RegistrySettings::read([folder], context.variables);
    let refusals = match project.manager.kind {
        ManagerKind::Npm if !manager.is_forced && !is_forced(&settings) => {
            npm(context, &manifest, &manager)
        }
        ManagerKind::Pnpm => engine(&manifest, "pnpm", &manager.version, RangeReading::Dependency)
            .into_iter()
            .collect(),
        // `yarn-path` replaces the program.
        ManagerKind::YarnClassic
            if !manager.is_forced
                && engine_refusal(project, context.variables).is_some()
                && !settings.lines().any(|line| line.contains("yarn-path")) =>
        {
            engine(&manifest, "yarn", &manager.version, RangeReading::Dependency)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    };
    let file = lockfile.map_or_else(
        || "package.json".into(),
        |lockfile| Path::new(&lockfile.relative_path).with_file_name("package.json"),
    );
    refusals
        .iter()
        .map(|refusal| finding(context, refusal).location(Location::file(file.to_string_lossy())))
        .collect()
}

fn is_forced(settings: &RegistrySettings) -> bool {
    let of_variable = settings
        .variables()
        .any(|(name, value)| name.eq_ignore_ascii_case("npm_config_force") && value != "false");
    of_variable
        || settings
            .lines()
            .any(|line| line.split_once('=').map_or(line, |(key, _)| key).trim() == "force")
}

fn npm(
    context: &Context<'_>,
    manifest: &Map<String, Value>,
    manager: &ManagerInUse,
) -> Vec<Refusal> {
    let version = &manager.version;
    let mut refusals = Vec::new();
    if lies_outside(version, NPM_WITHOUT_DEV_ENGINES, RangeReading::Engines) {
        refusals.extend(dev_engine(manifest, "packageManager", "npm", version));
        let node = context.node().filter(|_| !context.node_chosen_later());
        refusals.extend(
            node.and_then(|node| {
                dev_engine(manifest, "runtime", "node", &node.version.to_string())
            }),
        );
    }
    if manager.installs && engine_refusal(context.project, context.variables).is_some() {
        refusals.extend(engine(manifest, "npm", version, RangeReading::Engines));
    }
    refusals
}

/// `engines.<program>`.
fn engine(
    manifest: &Map<String, Value>,
    program: &str,
    version: &str,
    reading: RangeReading,
) -> Option<Refusal> {
    let wanted = manifest.get("engines")?.get(program)?.as_str()?;
    lies_outside(version, wanted, reading).then(|| Refusal {
        field: format!("engines.{program}"),
        wanted: wanted.to_owned(),
        found: format!("{program} {version}"),
    })
}

fn dev_engines<'a>(manifest: &'a Map<String, Value>, engine: &str) -> Option<&'a Value> {
    manifest.get("devEngines")?.get(engine)
}

/// `devEngines.<engine>`: one demand, or several of which one must be met. What is malformed is left to npm.
fn dev_engine(
    manifest: &Map<String, Value>,
    engine: &str,
    program: &str,
    version: &str,
) -> Option<Refusal> {
    let demands = dev_engines(manifest, engine)?;
    let demands = demands.as_array().map_or(std::slice::from_ref(demands), Vec::as_slice);
    let mut wanted = Vec::new();
    for demand in demands {
        let name = demand.get("name")?.as_str()?;
        let range = match demand.get("version") {
            Some(range) => range.as_str()?,
            None => "*",
        };
        if name == program && !lies_outside(version, range, RangeReading::Engines) {
            return None;
        }
        wanted.push(format!("{name} {range}").trim_end_matches(" *").to_owned());
    }
    // npm goes by the last one.
    let on_fail = demands.last()?.get("onFail").map_or(Some("error"), Value::as_str)?;
    matches!(on_fail, "error" | "download").then(|| Refusal {
        field: format!("devEngines.{engine}"),
        wanted: wanted.join(" || "),
        found: format!("{program} {version}"),
    })
}

/// Whether no version that is meant lies in a range; in what is no range lies none.
fn lies_outside(version: &str, range: &str, reading: RangeReading) -> bool {
    // Managers differ in which ranges hold a pre-release.
    if version.contains('-') {
        return false;
    }
    let Some(version) = VersionRange::parse(version, RangeReading::Engines) else { return false };
    VersionRange::parse(range, reading).is_none_or(|range| !range.meets(&version))
}

fn finding(context: &Context<'_>, refusal: &Refusal) -> Finding {
    let Refusal { field, wanted, found } = refusal;
    let words = match (context.project.manager.kind, field.starts_with("dev")) {
        (ManagerKind::Npm, true) => "EBADDEVENGINES",
        (ManagerKind::Npm, false) => "EBADENGINE",
        (ManagerKind::Pnpm, _) => "ERR_PNPM_UNSUPPORTED_ENGINE",
        _ => "The engine \"yarn\" is incompatible with this module",
    };
    let finding = Finding::new(
        FindingId::EngineMismatch,
        format!("`{field}` asks for `{wanted}`, but {found} is in use"),
        format!(
            "{} stops with `{words}`; use what it asks for, or widen it",
            context.project.manager.kind
        ),
    );
    let commands = context.spec_commands().unwrap_or_default();
    // deployfix may bring another manager and another Node for its children.
    if commands.deployfix_installs
        || (field.ends_with("runtime") && context.node_switched_to().is_some())
    {
        finding.severity(Severity::Warning)
    } else {
        finding
    }
}
