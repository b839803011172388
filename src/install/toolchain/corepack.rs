use std::{path::PathBuf, time::Duration};

use super::{
    Toolchain, Workshop,
    fetch::{configured_registry, version_of},
    release::Release,
    workshop::Failure,
};
use crate::{
    project::ManagerKind,
    report::{Evidence, Finding, FindingId, Severity},
};

/// A manager is a few megabytes.
const FETCH_LIMIT: Duration = Duration::from_mins(2);
/// Read in corepack 0.30 to 0.36: asks before it fetches, and writes `packageManager` into package.json.
const QUIET: [(&str, &str); 2] =
    [("COREPACK_ENABLE_DOWNLOAD_PROMPT", "0"), ("COREPACK_ENABLE_AUTO_PIN", "0")];

/// Whether corepack knows a manager.
pub(super) fn knows(kind: ManagerKind) -> bool {
    kind != ManagerKind::Bun
}

/// Makes sure that corepack's stand-in on `PATH` brings the manager; the error says why it does not.
pub(super) async fn check(
    workshop: &Workshop<'_>,
    toolchain: &mut Toolchain,
    kind: ManagerKind,
) -> Result<(), Failure> {
    quieten(workshop, toolchain);
    let root = &workshop.project.root;
    let command = toolchain.command(kind.program().as_ref(), &["--version"], root);
    workshop.child(&command, "corepack", FETCH_LIMIT).await.map(|_| ())
}

/// Brings a release by the corepack on `PATH`, as programs in a folder of deployfix's own.
pub(super) async fn fetch(
    workshop: &Workshop<'_>,
    toolchain: &mut Toolchain,
    release: &Release,
) -> Option<Result<PathBuf, Failure>> {
    let environment = toolchain.environment(workshop.variables);
    let root = &workshop.project.root;
    let corepack = which::which_in("corepack", environment.get("PATH"), root).ok()?;
    let tools = workshop.tools()?;
    let programs = tools.join("corepack/programs");
    std::fs::create_dir_all(&programs).ok()?;
    quieten(workshop, toolchain);
    let home = tools.join("corepack/home").to_string_lossy().into_owned();
    toolchain.variables.insert("COREPACK_HOME".into(), home);
    let folder = programs.to_string_lossy().into_owned();
    let enable = ["enable", "--install-directory", &folder, release.kind.program()];
    let mut steps = vec![toolchain.command(&corepack, &enable, root)];
    if !release.is_pinned {
        let specification = release.specification();
        let prepare = ["prepare", specification.as_str(), "--activate"];
        steps.push(toolchain.command(&corepack, &prepare, root));
    }
    let program = programs.join(release.kind.program());
    steps.push(toolchain.command(&program, &["--version"], root));
    for (number, step) in steps.iter().enumerate() {
        let name = format!("corepack.{}", number + 1);
        match workshop.child(step, &name, FETCH_LIMIT).await {
            Err(failure) => return Some(Err(failure)),
            Ok(ended)
                if number + 1 == steps.len() && version_of(&ended.tail) != release.version =>
            {
                let line = format!("it brought {}", version_of(&ended.tail));
                let finding = Finding::new(FindingId::CorepackBroken, line.clone(), "");
                return Some(Err(Failure { finding, line }));
            }
            Ok(_) => {}
        }
    }
    Some(Ok(programs))
}

/// corepack asks a default host unless it is told another; where npm is configured for one, that is meant.
fn quieten(workshop: &Workshop<'_>, toolchain: &mut Toolchain) {
    let set = |name: &str| workshop.variables.contains_key(name);
    let mut variables: Vec<(&str, String)> =
        QUIET.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    if !set("COREPACK_NPM_REGISTRY")
        && let Some(registry) = configured_registry(workshop, toolchain)
    {
        variables.push(("COREPACK_NPM_REGISTRY", registry));
    }
    for (name, value) in variables {
        if !set(name) {
            toolchain.variables.insert(name.into(), value);
        }
    }
}

/// That corepack did not bring the manager, and what stands in for it.
pub(super) fn broken(release: &Release, failure: &Failure) -> Finding {
    Finding::new(
        FindingId::CorepackBroken,
        format!("corepack cannot fetch {}", release.name()),
        "an old corepack does not know the registry's present keys, and a registry may send none; renew corepack, or fetch the manager with npm",
    )
    .severity(Severity::Warning)
    .evidence(Evidence::new("corepack", failure.line.clone()))
    .hint("npm install --global corepack")
    .hint(format!("npm install --global {}", release.specification()))
}
