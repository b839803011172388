use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{
    buildspec::{SpecFile, Specification},
    config::Config,
    env::{PRODUCTION_FILE, load_environment, parse},
    mask::{MaskSet, Secret, secrets_in},
    project::{registry_credentials, repository},
};

/// Every secret that a child could print: of the environment, of the files that Next loads, of
/// amplify.yml, of the declared defaults.
pub(super) fn mask(
    variables: &BTreeMap<String, String>,
    app_root: &Path,
    config: Option<&Config>,
) -> MaskSet {
    MaskSet::new(of_app(variables, app_root, config))
}

/// Every secret of one specification and of the environment; with an app also those of the app.
pub(super) fn mask_of_specification(
    variables: &BTreeMap<String, String>,
    file: Option<&SpecFile>,
    project: Option<(&Path, &Config)>,
) -> MaskSet {
    let declared = BTreeSet::new();
    let of_specification = file
        .and_then(|file| file.spec.as_ref().ok())
        .into_iter()
        .flat_map(|spec| &spec.apps)
        .flat_map(|app| &app.env_variables)
        .map(|(name, value)| (name.value.clone(), value.value.clone()));
    let of_specification = secrets_in(of_specification, &declared);
    let of_rest = match project {
        Some((app_root, config)) => of_app(variables, app_root, Some(config)),
        None => secrets_in(variables.clone(), &declared),
    };
    MaskSet::new(of_specification.into_iter().chain(of_rest))
}

fn of_app(
    variables: &BTreeMap<String, String>,
    app_root: &Path,
    config: Option<&Config>,
) -> BTreeSet<Secret> {
    let contract = || config.into_iter().flat_map(|config| &config.environment);
    let declared: BTreeSet<_> =
        contract().filter(|(_, variable)| variable.secret).map(|(name, _)| name.clone()).collect();
    let of_files = load_environment(app_root, variables).variables;
    let of_files = of_files.into_iter().map(|(name, setting)| (name, setting.value));
    // Also deployfix's own block, whose variables may be gone from the environment by now.
    let written = std::fs::read(app_root.join(PRODUCTION_FILE)).unwrap_or_default();
    let written = parse(&String::from_utf8_lossy(&written)).entries;
    let written = written.into_iter().map(|entry| (entry.name, entry.value));
    let repository_root = repository::root(app_root);
    let specification = Specification::read(app_root, repository_root.as_deref(), variables);
    let of_specification = specification
        .app()
        .into_iter()
        .flat_map(|app| &app.env_variables)
        .map(|(name, value)| (name.value.clone(), value.value.clone()));
    let defaults =
        contract().filter_map(|(name, variable)| Some((name.clone(), variable.default.clone()?)));
    let of_registries = registry_credentials(app_root, repository_root.as_deref(), variables);
    let credentials = of_registries.iter().map(|(name, _)| name.clone()).collect();
    // One source at a time: a name of two sources has two values.
    secrets_in(variables.clone(), &declared)
        .into_iter()
        .chain(secrets_in(of_files, &declared))
        .chain(secrets_in(written, &declared))
        .chain(secrets_in(of_specification, &declared))
        .chain(secrets_in(defaults, &declared))
        .chain(secrets_in(of_registries, &credentials))
        .collect()
}
