//! `npm ci --dry-run`, of npm 8, 10 and 11, over lockfiles of version 1, 2 and 3.

mod app;
mod monorepo;
mod platforms;

use crate::{
    files::Files,
    harness::{Case, Manager, compare},
    world::World,
};

/// One change to a project.
pub struct Mutation {
    name: &'static str,
    edit: Box<dyn Fn(&mut Files) + Send + Sync>,
    undecided: Vec<(&'static str, &'static str)>,
}

impl Mutation {
    pub fn new(name: &'static str, edit: impl Fn(&mut Files) + Send + Sync + 'static) -> Self {
        Self { name, edit: Box::new(edit), undecided: Vec::new() }
    }

    /// Files alone cannot tell, for the runs whose name holds these words.
    #[must_use]
    pub fn undecided(mut self, runs: &'static str, reason: &'static str) -> Self {
        self.undecided.push((runs, reason));
        self
    }
}

/// The npm that every run writes lockfiles with, unless it is old enough to differ.
const WRITER: &str = "11.12.0";

pub fn npm(version: &str) -> Manager {
    Manager::new(
        &format!("npm@{version}"),
        &["npm", "ci", "--dry-run", "--no-progress"],
        |output| output.contains("are in sync"),
    )
}

/// Locks a project at every version of the format and puts every mutation before each npm.
///
/// `runs` names pairs of npm and lockfile version; all others join with `DEPLOYFIX_ALL_DRIFT`.
#[track_caller]
pub fn run(
    base: impl Fn(&World) -> Files,
    mutations: &dyn Fn(&World) -> Vec<Mutation>,
    runs: &[(&str, &str)],
) {
    let world = World::shared();
    let base = base(&world);
    let mutations = mutations(&world);
    let mut all = runs.to_vec();
    if std::env::var_os("DEPLOYFIX_ALL_DRIFT").is_some() {
        for version in ["8.19.4", "10.8.2", "10.9.4", "11.6.2", "11.12.0", "11.17.0"] {
            all.extend(["1", "2", "3"].map(|format| (version, format)));
        }
        all.sort_unstable();
        all.dedup();
    }
    for (version, format) in all {
        let writer = npm(WRITER);
        let words = ["npm", "install", "--package-lock-only", "--lockfile-version", format];
        let locked = writer.run(&world, &base, &words);
        let cases: Vec<_> = mutations
            .iter()
            .map(|mutation| {
                let mut files = locked.clone();
                (mutation.edit)(&mut files);
                let name = format!("v{format} npm@{version} {}", mutation.name);
                let undecided = mutation
                    .undecided
                    .iter()
                    .find(|(words, _)| words.split(' ').all(|word| name.contains(word)));
                Case { undecided: undecided.map(|(_, reason)| *reason), name, files }
            })
            .collect();
        compare(&world, &npm(version), &cases);
    }
}
