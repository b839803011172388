use super::{
    changes::{changes, missing_optional},
    overrides::Overrides,
    packages::Packages,
    problems::{Findings, find},
    readings::Readings,
    rules::Rules,
    settings::Settings,
    tree::Tree,
    validity::Judge,
};
use crate::project::lockfile::drift::{Change, ChangeKind, Drift, DriftInput, Verdict};

const UNDECIDED: Drift = Drift { verdict: Verdict::Undecided, changes: Vec::new() };

/// What `npm ci` would say.
pub(in crate::project::lockfile::drift) fn check(input: &DriftInput<'_>) -> Drift {
    let Ok(text) = &input.lockfile.text else { return UNDECIDED };
    let settings = Settings::read(input.root, input.variables);
    let Some(tree) = Packages::read(&text.content, input.root)
        .and_then(|packages| Tree::build(input.root, packages, settings))
    else {
        return UNDECIDED;
    };
    let readings = Readings::default();
    let overrides = Overrides::read(&tree.manifest);
    let name = input.lockfile.path.file_name().unwrap_or_default().to_string_lossy();
    let mut verdicts = Rules::possible(input.manager_version).into_iter().map(|rules| {
        let judge = Judge {
            tree: &tree,
            overrides: &overrides,
            rules,
            install_links: settings.install_links,
            readings: &readings,
        };
        decide(&tree, &name, &find(&judge))
    });
    let Some(first) = verdicts.next() else { return UNDECIDED };
    verdicts.fold(first, |one, other| match (one.verdict, other.verdict) {
        (one_verdict, other_verdict) if one_verdict == other_verdict => one,
        // Versions of npm differ here, and which one runs is not known.
        _ => Drift { verdict: Verdict::Undecided, changes: other.changes },
    })
}

fn decide(tree: &Tree, lockfile: &str, found: &Findings) -> Drift {
    // npm says that there is no lockfile at all.
    if let Some(place) = &tree.broken_link {
        return Drift { verdict: Verdict::OutOfSync, changes: vec![broken(lockfile, place)] };
    }
    let certain: Vec<_> = found.problems.iter().filter(|problem| problem.is_certain).collect();
    if !certain.is_empty() {
        return Drift {
            verdict: Verdict::OutOfSync,
            changes: changes_of(tree, lockfile, found, true),
        };
    }
    let verdict = if found.problems.is_empty() && !found.is_unknown {
        Verdict::InSync
    } else {
        Verdict::Undecided
    };
    Drift { verdict, changes: changes_of(tree, lockfile, found, false) }
}

/// With certain problems everything that differs; without, only what the build may miss.
fn changes_of(tree: &Tree, lockfile: &str, found: &Findings, is_certain: bool) -> Vec<Change> {
    if !is_certain {
        return missing_optional(tree, lockfile, &found.unnoticed);
    }
    let problems: Vec<_> = found.problems.iter().filter(|problem| problem.is_certain).collect();
    let all = changes(tree, lockfile, &problems);
    let is_platform = |change: &Change| change.kind == ChangeKind::PlatformOptional;
    let (platform, other): (Vec<_>, Vec<_>) = all.into_iter().partition(is_platform);
    // What a manifest says differently without a consequence is no reason.
    if problems.iter().all(|problem| tree.manifest_of(problem.edge.from).is_none())
        && problems.len() == platform.len()
    {
        platform
    } else {
        other.into_iter().chain(platform).collect()
    }
}

fn broken(lockfile: &str, place: &str) -> Change {
    Change {
        kind: ChangeKind::Missing,
        file: lockfile.to_owned(),
        section: "packages".to_owned(),
        name: place.to_owned(),
        wanted: None,
        locked: Some("a link to nothing".to_owned()),
    }
}
