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

    /// Files alone cannot tell, for runs whose name holds one of these words: `v1 npm@8 npm@10`.
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

/// One npm over lockfiles of one version, and which of the mutations: every so manieth from a first one on.
pub struct Run {
    pub npm: &'static str,
    pub format: &'static str,
    pub first: usize,
    pub every: usize,
}

impl Run {
    pub const fn all(npm: &'static str, format: &'static str) -> Self {
        Self { npm, format, first: 0, every: 1 }
    }

    pub const fn some(npm: &'static str, format: &'static str, first: usize, every: usize) -> Self {
        Self { npm, format, first, every }
    }
}

/// Locks a project at every version of the format and puts mutations before each npm; with `DEPLOYFIX_ALL_DRIFT` all before all.
#[track_caller]
pub fn run(
    base: impl Fn(&World) -> Files,
    mutations: &dyn Fn(&World) -> Vec<Mutation>,
    runs: &[Run],
) {
    let world = World::shared();
    let (base, mutations) = (base(&world), mutations(&world));
    let all = ["8.19.4", "10.8.2", "10.9.4", "11.6.2", "11.12.0", "11.17.0"]
        .iter()
        .flat_map(|npm| ["1", "2", "3"].map(|format| Run::all(npm, format)));
    let all: Vec<_> = all.collect();
    let runs = if std::env::var_os("DEPLOYFIX_ALL_DRIFT").is_some() { &all } else { runs };
    for Run { npm: version, format, first, every } in runs {
        let words = ["npm", "install", "--package-lock-only", "--lockfile-version", format];
        let locked = npm(WRITER).run(&world, &base, &words);
        let chosen = mutations.iter().skip(*first).step_by(*every);
        let cases: Vec<_> = chosen
            .map(|mutation| {
                let mut files = locked.clone();
                (mutation.edit)(&mut files);
                let name = format!("v{format} npm@{version} {}", mutation.name);
                let undecided = mutation.undecided.iter().find(|(runs, _)| {
                    runs.split(' ').any(|part| name.starts_with(part) || name.contains(part))
                });
                Case { undecided: undecided.map(|(_, reason)| *reason), name, files }
            })
            .collect();
        compare(&world, &npm(version), &cases);
    }
}
