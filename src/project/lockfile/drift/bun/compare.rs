use std::collections::BTreeMap;

use nodejs_semver::{Range, Version};
use serde_json::Value;

use super::{
    graph::{Reached, Standing},
    lockfile::{Locked, catalogs},
    manifest::{Manifests, OPTIONAL, Wanted},
    overrides::{self, Overrides},
};
use crate::project::lockfile::drift::{Change, ChangeKind, Drift, DriftInput, Verdict};

/// What is against a lockfile for one version of bun.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    changes: Vec<Change>,
    is_doubtful: bool,
}

impl Judgement {
    pub(super) fn add(&mut self, change: Change) {
        self.changes.push(change);
    }

    fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    fn verdict(&self) -> Verdict {
        match (self.changes.is_empty(), self.is_doubtful) {
            (false, _) => Verdict::OutOfSync,
            (true, true) => Verdict::Undecided,
            (true, false) => Verdict::InSync,
        }
    }
}

/// Compares as bun would; where its version is not known, as the first and the last that were read would.
pub(in crate::project::lockfile::drift) fn drift(input: &DriftInput<'_>) -> Drift {
    judge(input).unwrap_or(Drift { verdict: Verdict::Undecided, changes: Vec::new() })
}

fn judge(input: &DriftInput<'_>) -> Option<Drift> {
    let locked = Locked::read(&input.lockfile.text.as_ref().ok()?.content)?;
    let manifests = Manifests::read(input.root)?;
    let candidates = match input.manager_version {
        Some(version) => vec![version.clone()],
        None if locked.version < 2 => {
            vec![semver::Version::new(1, 2, 0), semver::Version::new(1, 4, 5)]
        }
        None => vec![semver::Version::new(1, 4, 5)],
    };
    let mut agreed: Option<Drift> = None;
    for bun in candidates {
        let judgement = under(&locked, &manifests, &bun)?;
        let verdict = judgement.verdict();
        if agreed.as_ref().is_some_and(|agreed| agreed.verdict != verdict) {
            return None;
        }
        agreed = Some(Drift { verdict, changes: judgement.changes });
    }
    agreed
}

fn under(locked: &Locked, manifests: &Manifests, bun: &semver::Version) -> Option<Judgement> {
    let is_old = *bun < semver::Version::new(1, 4, 0);
    if *bun < semver::Version::new(1, 2, 0) || locked.version > 2 || (locked.version == 2 && is_old)
    {
        return None;
    }
    // A root that depends on nothing counts as no lockfile at all.
    if manifests.all.len() == 1
        && locked.workspaces.get("").is_none_or(|root| root.needs.is_empty())
    {
        return None;
    }
    let mut judgement = Judgement::default();
    let overrides = overrides::compare(&manifests.root, locked, bun, &mut judgement)?;
    let patched = manifests.root.get("patchedDependencies").unwrap_or(&Value::Null);
    if *patched != locked.patched {
        judgement.doubt();
    }
    let catalogs = manifest_catalogs(manifests)?;
    if !is_old {
        compare_catalogs(locked, &catalogs, &mut judgement);
    }
    for path in locked.workspaces.keys().filter(|path| !manifests.all.contains_key(*path)) {
        if *bun > semver::Version::new(1, 3, 5) {
            // 1.4 passes over workspaces that are not in the checkout, and over what only they need.
            return (judgement.verdict() == Verdict::OutOfSync).then_some(judgement);
        }
        judgement.add(change(
            ChangeKind::Removed,
            "",
            "workspaces",
            path,
            None,
            Some("a workspace"),
        ));
    }
    let reached = Reached::from(locked, &manifests.all);
    for (path, wanted) in &manifests.all {
        let Some(before) = locked.workspaces.get(path) else {
            let name = wanted.name.as_deref().unwrap_or_default();
            judgement.add(change(
                ChangeKind::Missing,
                path,
                "workspaces",
                name,
                Some("a workspace"),
                None,
            ));
            continue;
        };
        // Its name leads to its packages.
        if !path.is_empty() && wanted.name != before.name {
            return None;
        }
        Comparison {
            locked,
            overrides: &overrides,
            catalogs: &catalogs,
            path,
            wanted,
            before,
            reached: &reached,
            is_old,
        }
        .run(&mut judgement);
    }
    Some(judgement)
}

/// 1.4 compares by the letter what the lockfile holds of the catalogs.
fn compare_catalogs(locked: &Locked, catalogs: &Catalogs, judgement: &mut Judgement) {
    for (catalog, entries) in &locked.catalogs {
        let section =
            if catalog.is_empty() { "catalog".to_owned() } else { format!("catalogs.{catalog}") };
        for (name, range) in entries {
            match catalogs.get(catalog).and_then(|entries| entries.get(name)) {
                Some(wanted) if wanted == range => {}
                Some(wanted) => judgement.add(change(
                    ChangeKind::Setting,
                    "",
                    &section,
                    name,
                    Some(wanted),
                    Some(range),
                )),
                // Where nothing uses it any more it may go.
                None => judgement.doubt(),
            }
        }
    }
}

fn manifest_catalogs(manifests: &Manifests) -> Option<Catalogs> {
    match manifests.root.get("workspaces").and_then(Value::as_object) {
        Some(workspaces)
            if workspaces.contains_key("catalog") || workspaces.contains_key("catalogs") =>
        {
            catalogs(workspaces)
        }
        _ => catalogs(&manifests.root),
    }
}

type Catalogs = BTreeMap<String, BTreeMap<String, String>>;

fn change(
    kind: ChangeKind,
    path: &str,
    section: &str,
    name: &str,
    wanted: Option<&str>,
    locked: Option<&str>,
) -> Change {
    let file =
        if path.is_empty() { "package.json".to_owned() } else { format!("{path}/package.json") };
    Change {
        kind,
        file,
        section: section.to_owned(),
        name: name.to_owned(),
        wanted: wanted.map(ToOwned::to_owned),
        locked: locked.map(ToOwned::to_owned),
    }
}

/// A manifest against what the lockfile says of it.
struct Comparison<'a> {
    locked: &'a Locked,
    overrides: &'a Overrides,
    catalogs: &'a Catalogs,
    path: &'a str,
    wanted: &'a Wanted,
    before: &'a Wanted,
    reached: &'a Reached<'a>,
    is_old: bool,
}

/// Whether the locked version serves a range.
#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Fits,
    /// Another version, or another package, has to come.
    Misses,
    /// Only the registry can tell.
    Unclear,
}

impl Comparison<'_> {
    fn run(&self, judgement: &mut Judgement) {
        for (name, (kind, range)) in &self.wanted.needs {
            if self.wanted.ambiguous.contains(name) && !self.before.ambiguous.contains(name) {
                judgement.doubt();
                continue;
            }
            let before = self.before.needs.get(name).map(|(_, range)| range);
            if before == Some(range)
                && looked_up(&self.locked.catalogs, name, range)
                    == looked_up(self.catalogs, name, range)
            {
                continue;
            }
            self.needed(kind, name, range, before, judgement);
        }
        for (name, range) in &self.wanted.peers {
            let before = self.before.peers.get(name);
            if before == Some(range) || self.wanted.needs.contains_key(name) {
                continue;
            }
            match self.resolve(name).map(|key| self.fit(name, range, key)) {
                None if self.wanted.optional_peers.contains(name) => {}
                None if self.before.peers.contains_key(name) => judgement.doubt(),
                None => judgement.add(self.change(
                    ChangeKind::Missing,
                    "peerDependencies",
                    name,
                    Some(range),
                    before,
                )),
                Some(Fit::Fits) => {}
                // Older ones leave a wrong peer as it is.
                Some(_) if self.is_old && before.is_some() => {}
                Some(_) => judgement.doubt(),
            }
        }
        let kept = |name: &String| {
            self.wanted.needs.contains_key(name) || self.wanted.peers.contains_key(name)
        };
        for (name, (kind, range)) in &self.before.needs {
            if self.wanted.needs.contains_key(name) {
                continue;
            }
            if kept(name) {
                judgement.doubt();
            } else {
                self.removed(kind, name, range, judgement);
            }
        }
        for (name, range) in &self.before.peers {
            if !kept(name) {
                self.removed("peerDependencies", name, range, judgement);
            }
        }
    }

    fn needed(
        &self,
        kind: &'static str,
        name: &str,
        range: &str,
        before: Option<&String>,
        judgement: &mut Judgement,
    ) {
        let Some(wanted) = looked_up(self.catalogs, name, range) else {
            judgement.doubt();
            return;
        };
        let is_local = ["workspace:", "link:", "file:", "./", "../", "/"]
            .iter()
            .any(|start| wanted.starts_with(start));
        match self.resolve(name) {
            // One that cannot be had is left out without a word.
            None if kind == OPTIONAL || is_local => judgement.doubt(),
            None => {
                judgement.add(self.change(ChangeKind::Missing, kind, name, Some(&wanted), before));
            }
            Some(key) => match self.fit(name, &wanted, key) {
                Fit::Fits => {}
                Fit::Misses if kind == OPTIONAL => judgement.doubt(),
                Fit::Misses => {
                    let held =
                        self.locked.packages.get(key).map(|package| package.resolution.clone());
                    judgement.add(self.change(
                        ChangeKind::Changed,
                        kind,
                        name,
                        Some(&wanted),
                        held.as_ref(),
                    ));
                }
                Fit::Unclear => judgement.doubt(),
            },
        }
    }

    fn removed(&self, kind: &str, name: &str, range: &str, judgement: &mut Judgement) {
        let Some(key) = self.resolve(name) else {
            return;
        };
        match self.reached.standing(self.locked, key) {
            Standing::Stays => {}
            Standing::Goes => {
                judgement.add(self.change(
                    ChangeKind::Removed,
                    kind,
                    name,
                    None,
                    Some(&range.to_owned()),
                ));
            }
            Standing::Unclear => judgement.doubt(),
        }
    }

    fn resolve(&self, name: &str) -> Option<&str> {
        let from =
            if self.path.is_empty() { "" } else { self.before.name.as_deref().unwrap_or_default() };
        self.locked.resolve(from, name)
    }

    fn fit(&self, name: &str, range: &str, key: &str) -> Fit {
        if self.overrides.contains_key(name) {
            return Fit::Fits;
        }
        let Some(package) = self.locked.packages.get(key) else { return Fit::Unclear };
        let (target, range) = match range.strip_prefix("npm:") {
            Some(alias) => match alias.get(1..).and_then(|rest| rest.find('@')) {
                Some(at) => (&alias[..=at], &alias[at + 2..]),
                None => return Fit::Unclear,
            },
            None => (name, range),
        };
        if package.resolution.starts_with("workspace:") {
            let is_any = range.starts_with("workspace:") || range == "*";
            return if is_any { Fit::Fits } else { Fit::Unclear };
        }
        // 1.2 takes the newest version for `*`.
        let is_narrow =
            range.starts_with(|first: char| first.is_ascii_digit() || "^~=".contains(first));
        let (Ok(version), Ok(range)) = (Version::parse(&package.resolution), Range::parse(range))
        else {
            return Fit::Unclear;
        };
        if package.name != target {
            Fit::Misses
        } else if !version.pre_release().is_empty() {
            Fit::Unclear
        } else if !version.satisfies(&range) {
            Fit::Misses
        } else if !self.is_old || is_narrow {
            Fit::Fits
        } else {
            Fit::Unclear
        }
    }

    fn change(
        &self,
        kind: ChangeKind,
        section: &str,
        name: &str,
        wanted: Option<&String>,
        locked: Option<&String>,
    ) -> Change {
        change(
            kind,
            self.path,
            section,
            name,
            wanted.map(String::as_str),
            locked.map(String::as_str),
        )
    }
}

/// What a range says after its catalog was looked up.
fn looked_up(catalogs: &Catalogs, name: &str, range: &str) -> Option<String> {
    match range.strip_prefix("catalog:") {
        None => Some(range.to_owned()),
        Some(catalog) => catalogs.get(catalog.trim())?.get(name).cloned(),
    }
}
