use super::{
    config::Sources,
    lockfile::Locked,
    overrides,
    projects::{Project, projects},
    rules::Rules,
    settings, specifiers,
};
use crate::project::lockfile::drift::{Change, Drift, DriftInput, Verdict};

/// What is against a lockfile under the rules of one version.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    changes: Vec<Change>,
    is_doubtful: bool,
    has_doubtful_projects: bool,
}

impl Judgement {
    pub(super) fn add(&mut self, change: Change) {
        self.changes.push(change);
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Something may be against it that cannot be said.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// The manifests may not be what pnpm compares.
    pub(super) fn doubt_projects(&mut self) {
        self.has_doubtful_projects = true;
    }

    fn verdict(&self) -> Verdict {
        match (self.changes.is_empty(), self.is_doubtful || self.has_doubtful_projects) {
            (false, _) => Verdict::OutOfSync,
            (true, true) => Verdict::Undecided,
            (true, false) => Verdict::InSync,
        }
    }
}

const UNDECIDED: Drift = Drift { verdict: Verdict::Undecided, changes: Vec::new() };

/// Compares as every pnpm would that may install; nothing is said where they differ.
pub(in crate::project::lockfile::drift) fn drift(input: &DriftInput<'_>) -> Drift {
    judge(input).unwrap_or(UNDECIDED)
}

fn judge(input: &DriftInput<'_>) -> Option<Drift> {
    let locked = Locked::read(&input.lockfile.text.as_ref().ok()?.content)?;
    let sources = Sources::read(input.root)?;
    let mut agreed: Option<Drift> = None;
    for rules in Rules::candidates(input.manager_version, locked.format) {
        let judgement = under(input, &locked, &sources, &rules)?;
        let verdict = judgement.verdict();
        if agreed.as_ref().is_some_and(|agreed| agreed.verdict != verdict) {
            return None;
        }
        agreed = Some(Drift { verdict, changes: judgement.changes });
    }
    agreed
}

fn under(
    input: &DriftInput<'_>,
    locked: &Locked,
    sources: &Sources,
    rules: &Rules,
) -> Option<Judgement> {
    // pnpm says that such a lockfile is missing or broken, which is another problem.
    if !rules.reads(locked.format) || (locked.has_environment && !rules.at_least(10, 33)) {
        return None;
    }
    let config = sources.resolve(rules)?;
    let mut judgement = Judgement::default();
    settings::compare(input.root, locked, &config, rules, &mut judgement)?;
    if judgement.len() > 0 || judgement.has_doubtful_projects {
        return Some(judgement);
    }
    let overrides = overrides::parse(&config.overrides.value)?;
    let extended = config.package_extensions.value.as_object();
    for mut project in projects(input.root, &config.patterns)? {
        // An extension may be meant for a project, and a wanted Node becomes a dependency.
        let is_extended = extended.is_some_and(|extended| {
            project
                .name
                .as_ref()
                .is_some_and(|name| extended.keys().any(|key| key.starts_with(name.as_str())))
        });
        if is_extended || (project.has_runtime && rules.major() >= 10) {
            return None;
        }
        overrides::apply(&mut project, &overrides, input.root, rules)?;
        if rules.is_modern() && wants_local(&project) {
            judgement.doubt();
        }
        specifiers::compare(&project, locked, &config, rules, &mut judgement);
    }
    Some(judgement)
}

/// Whether 11 and later would look at more than the ranges.
fn wants_local(project: &Project) -> bool {
    project.wanted.iter().flat_map(|wanted| wanted.values()).any(|range| range.contains([':', '/']))
}
