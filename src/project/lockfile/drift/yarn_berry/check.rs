use super::{
    form::is_as_yarn_writes_it,
    range::Style,
    resolutions::Resolutions,
    settings::Settings,
    version::{cache_key, lockfile_format},
    walk::Walk,
    workspaces::Workspaces,
};
use crate::project::{
    lockfile::{
        drift::{Change, ChangeKind, Drift, DriftInput, Verdict},
        yarn_format::{BerryLockfile, parse_berry},
    },
    text::conflict_marker,
};
use semver::Version;

/// Nothing certain can be said.
const UNDECIDED: Drift = Drift { verdict: Verdict::Undecided, changes: Vec::new() };

/// The last format of yarn 2.
const LAST_OF_YARN_2: u64 = 4;
/// The last format of yarn 3; yarn 4 began with another.
const LAST_OF_YARN_3: u64 = 6;

/// `yarn install --immutable`: yarn resolves from the lockfile, and refuses when what it would write differs from the file.
///
/// Whatever a registry or a git repository says is kept as it is locked; only what comes from the project is looked at anew.
pub(crate) fn drift(input: &DriftInput<'_>) -> Drift {
    decide(input).unwrap_or(UNDECIDED)
}

fn decide(input: &DriftInput<'_>) -> Option<Drift> {
    let text = input.lockfile.text.as_ref().ok().filter(|text| text.invalid_at.is_none())?;
    if conflict_marker(&text.content).is_some() {
        return None;
    }
    let settings = Settings::read(input.root, input.variables)?;
    let yarn = settings.release(input.manager_version);
    let yarn = yarn.as_ref();
    if yarn.is_some_and(|yarn| yarn.major < 2) {
        return None;
    }
    let lockfile = parse_berry(&text.content)?;
    let format: u64 = lockfile.metadata("version")?.parse().ok()?;
    let metadata = metadata(yarn, &lockfile, format, &settings);
    if !metadata.is_empty() {
        return Some(out_of_sync(metadata));
    }
    let style = match yarn.map(|yarn| yarn.major) {
        Some(2) => Style::Oldest,
        Some(3) => Style::AsWritten,
        None if format <= LAST_OF_YARN_2 => Style::Oldest,
        None if format <= LAST_OF_YARN_3 => Style::AsWritten,
        _ => Style::Normalized,
    };
    let workspaces = Workspaces::read(input.root, settings.transparent_workspaces)?;
    let root = &workspaces.all.first()?;
    let resolutions = Resolutions::of(&root.manifest, style, &root.locator());
    let mut walk = Walk::new(input.root, &lockfile, &workspaces, &settings, &resolutions, style);
    walk.run();
    if !walk.changes.is_empty() {
        return Some(out_of_sync(walk.changes));
    }
    if walk.unknown {
        return None;
    }
    match yarn.filter(|yarn| lockfile_format(yarn) == Some(format)) {
        Some(yarn) if !is_as_yarn_writes_it(text, &lockfile, yarn) => {
            Some(out_of_sync(vec![setting(
                "form",
                "edited by hand".to_owned(),
                "as yarn writes it".to_owned(),
            )]))
        }
        _ => Some(Drift::IN_SYNC),
    }
}

fn out_of_sync(changes: Vec<Change>) -> Drift {
    Drift { verdict: Verdict::OutOfSync, changes }
}

fn metadata(
    yarn: Option<&Version>,
    lockfile: &BerryLockfile,
    format: u64,
    settings: &Settings,
) -> Vec<Change> {
    let Some(yarn) = yarn else { return Vec::new() };
    let Some(written) = lockfile_format(yarn) else { return Vec::new() };
    if written != format {
        return vec![setting("version", format.to_string(), written.to_string())];
    }
    let key = lockfile.metadata("cacheKey");
    match cache_key(yarn, settings.compression_level.as_deref()) {
        Some(wanted) if key != Some(&*wanted) => {
            vec![setting("cacheKey", key.unwrap_or("none").to_owned(), wanted)]
        }
        _ => Vec::new(),
    }
}

/// Something of the lockfile itself that yarn would write in another way.
fn setting(name: &str, locked: String, wanted: String) -> Change {
    Change {
        kind: ChangeKind::Setting,
        file: "yarn.lock".to_owned(),
        section: "__metadata".to_owned(),
        name: name.to_owned(),
        wanted: Some(wanted),
        locked: Some(locked),
    }
}
