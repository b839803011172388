//! Which edges npm resolves anew, and what is certain of the outcome (`build-ideal-tree.js`).

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{
    specification::Specification,
    tree::{Edge, EdgeKind},
    validity::{Judge, Validity, Wish},
};

/// An edge that nothing, or the wrong thing, fulfils.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) edge: Edge,
    pub(super) wish: Wish,
    /// Whatever the registry answers, the lockfile lacks what comes of it.
    pub(super) is_certain: bool,
}

/// What npm finds.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) problems: Vec<Problem>,
    /// Something hangs on what is not looked at here.
    pub(super) is_unknown: bool,
    /// Optional packages that locked packages list, that the lockfile lacks, and that npm does not miss.
    pub(super) unnoticed: Vec<Edge>,
}

/// An edge with what is known of it.
struct Judged {
    edge: Edge,
    wish: Wish,
    validity: Validity,
}

/// The edges of every node that is looked at, each judged once.
struct Search<'a> {
    judge: &'a Judge<'a>,
    edges: HashMap<usize, Vec<Judged>>,
    /// The scope of overrides of each node; several where it is not clear which.
    scopes: HashMap<usize, BTreeSet<usize>>,
}

/// Everything that npm would resolve anew.
pub(super) fn find(judge: &Judge<'_>) -> Findings {
    let tree = judge.tree;
    let mut search = Search { judge, edges: HashMap::new(), scopes: HashMap::new() };
    search.spread_overrides();
    // `#initTree` walks along edges, but not through links.
    let walked = search.walk(|_| true, false);
    let mut queue: VecDeque<usize> = VecDeque::from([0]);
    queue.extend(walked.into_iter().filter(|node| *node != 0 && search.is_queued(*node)));
    let mut processed = BTreeSet::new();
    let mut found = Findings::default();
    let sound = search.walk(|judged| judged.validity == Validity::Valid, true);
    let needed = search
        .walk(|judged| judged.validity == Validity::Valid && !judged.edge.kind.is_optional(), true);
    while let Some(node) = queue.pop_front() {
        if tree.nodes[node].entry.has_shrinkwrap || !processed.insert(node) {
            continue;
        }
        search.judge_edges(node);
        for judged in &search.edges[&node] {
            // Links are followed to their targets, where these lie below the root.
            if let Some(target) = judged.edge.to.and_then(|to| tree.nodes[to].target)
                && !tree.nodes[target].location.starts_with("..")
            {
                queue.push_back(target);
            }
            match search.problem(judged) {
                Validity::Valid => {}
                Validity::Unknown => found.is_unknown = true,
                Validity::Invalid => {
                    let is_sound = sound.contains(&node);
                    let is_needed = needed.contains(&node);
                    found.problems.push(Problem {
                        is_certain: is_sound && search.is_certain(judged, is_needed),
                        edge: judged.edge.clone(),
                        wish: judged.wish.clone(),
                    });
                }
            }
        }
    }
    found.unnoticed = search.unnoticed(&sound, &processed);
    found
}

impl Search<'_> {
    /// Gives every node the scope in which overrides reach it.
    fn spread_overrides(&mut self) {
        if self.judge.overrides.is_empty() || self.judge.overrides.is_flat() {
            return;
        }
        let tree = self.judge.tree;
        let mut queue = VecDeque::from([(0, 0)]);
        while let Some((node, scope)) = queue.pop_front() {
            if !self.scopes.entry(node).or_default().insert(scope) {
                continue;
            }
            for edge in tree.edges(node) {
                let wish = self.judge.wish(&edge, scope);
                if let Some(to) = edge.to {
                    queue.push_back((tree.nodes[to].target.unwrap_or(to), wish.scope));
                }
            }
        }
        // The innermost counts; npm before 11.3 mixes it with the place in the tree.
        for scopes in self.scopes.values_mut() {
            let overrides = self.judge.overrides;
            let innermost = scopes
                .iter()
                .copied()
                .find(|one| scopes.iter().all(|other| overrides.is_within(*one, *other)));
            if let (Some(innermost), true) = (innermost, self.judge.rules.overrides_follow_edges) {
                *scopes = BTreeSet::from([innermost]);
            }
        }
    }

    fn judge_edges(&mut self, node: usize) {
        if self.edges.contains_key(&node) {
            return;
        }
        let tree = self.judge.tree;
        let root_scope = BTreeSet::from([0]);
        let scopes = self.scopes.get(&node).unwrap_or(&root_scope);
        // How far overrides reach into workspaces changed from version to version.
        let is_member = node != 0 && tree.nodes[node].parent.is_none();
        let edges = tree.edges(node).into_iter().map(|edge| {
            let mut judged: Vec<_> = scopes
                .iter()
                .map(|scope| {
                    let wish = self.judge.wish(&edge, *scope);
                    let validity = self.validity(&edge, &wish);
                    (wish, validity)
                })
                .collect();
            if is_member
                && !self.judge.rules.overrides_follow_links
                && judged.iter().any(|(wish, _)| wish.is_overridden)
            {
                let wish = self.judge.plain_wish(&edge);
                let validity = self.validity(&edge, &wish);
                judged.push((wish, validity));
            }
            let (wish, first) = judged.swap_remove(0);
            let validity = if judged.iter().all(|(_, other)| *other == first) {
                first
            } else {
                Validity::Unknown
            };
            Judged { edge, wish, validity }
        });
        let edges = edges.collect();
        self.edges.insert(node, edges);
    }

    /// Whether an edge is fulfilled; a missing optional one is.
    fn validity(&self, edge: &Edge, wish: &Wish) -> Validity {
        let tree = self.judge.tree;
        match edge.to {
            None => edge.kind.is_optional().into(),
            Some(to)
                if edge.kind.is_peer()
                    && tree.nodes[to].parent == Some(edge.from)
                    && tree.nodes[edge.from].parent.is_some() =>
            {
                Validity::Invalid
            }
            Some(to) => self.judge.fulfils(edge, wish, to),
        }
    }

    /// Nodes that can be reached from the root.
    fn walk(&mut self, follows: impl Fn(&Judged) -> bool, through_links: bool) -> BTreeSet<usize> {
        let mut seen = BTreeSet::from([0]);
        let mut queue = VecDeque::from([0]);
        while let Some(node) = queue.pop_front() {
            self.judge_edges(node);
            for judged in &self.edges[&node] {
                let Some(to) = judged.edge.to.filter(|_| follows(judged)) else { continue };
                let to =
                    if through_links { self.judge.tree.nodes[to].target.unwrap_or(to) } else { to };
                if seen.insert(to) {
                    queue.push_back(to);
                }
            }
        }
        seen
    }

    fn skips(&self, judged: &Judged) -> bool {
        judged.edge.kind == EdgeKind::OptionalPeer && self.judge.rules.trusts_optional_peers
    }

    /// Whether `#initTree` puts a node into the queue.
    fn is_queued(&self, node: usize) -> bool {
        self.edges.get(&node).into_iter().flatten().any(|judged| {
            !self.skips(judged)
                && (judged.validity != Validity::Valid
                    || judged.edge.to.is_none() && self.judge.rules.finds_missing_optional)
        })
    }

    /// Whether `#problemEdges` holds an edge: invalid where it does.
    fn problem(&self, judged: &Judged) -> Validity {
        let tree = self.judge.tree;
        let edge = &judged.edge;
        let is_bundled =
            !tree.is_ours(edge.from) && tree.nodes[edge.from].entry.bundles(&edge.name);
        match edge.to {
            _ if is_bundled => Validity::Valid,
            None => (edge.kind == EdgeKind::OptionalPeer).into(),
            Some(to) if tree.nodes[to].in_shrinkwrap => Validity::Valid,
            Some(_) if self.skips(judged) => Validity::Valid,
            Some(_) => judged.validity,
        }
    }

    /// Whether a problem ends in another tree than the lockfile's, or in a failure, whatever the registry says.
    fn is_certain(&self, judged: &Judged, is_needed: bool) -> bool {
        let Judged { edge, wish, .. } = judged;
        let tree = self.judge.tree;
        // The manifests that npm fetches for an old lockfile decide what their packages want.
        if tree.is_old && !tree.is_ours(edge.from) {
            return false;
        }
        let may_vanish = edge.kind.is_optional() || !is_needed;
        if may_vanish && !self.judge.rules.keeps_failed_optional {
            return false;
        }
        // An entry without a version is one that could not be loaded before.
        if may_vanish && edge.to.is_some_and(|to| tree.version(to).is_empty()) {
            return false;
        }
        // A peer in conflict may be left as it is; only the root's own never is.
        if edge.kind.is_peer() && edge.to.is_some() && edge.from != 0 {
            return false;
        }
        // npm takes packages of one integrity for the same, whatever version an edited entry claims.
        if edge.to.is_some_and(|to| tree.contradicts_itself(to)) && !tree.is_ours(edge.from) {
            return false;
        }
        match wish.specification.target() {
            Specification::Unsupported => false,
            _ if edge.to.is_none() => true,
            // It could settle on a fitting one further up.
            Specification::Any | Specification::Range(_) => tree
                .candidates(edge.from, &edge.name)
                .all(|other| self.judge.fulfils(edge, wish, other) == Validity::Invalid),
            Specification::Directory(path) => {
                let place = super::specification::relative_path(&tree.root, &path);
                !self.judge.install_links && tree.at(&place).is_none()
            }
            // Whatever commit it is, its version lies in the range, and the locked one does not.
            Specification::Git(git) => git.range.is_some_and(|range| {
                tree.candidates(edge.from, &edge.name)
                    .all(|other| !self.judge.readings.satisfies(tree.version(other), &range))
            }),
            // It may be another source of the same version, which npm does not tell apart.
            _ => false,
        }
    }

    /// Missing optional packages of locked packages that nobody looks for.
    fn unnoticed(&self, sound: &BTreeSet<usize>, processed: &BTreeSet<usize>) -> Vec<Edge> {
        let tree = self.judge.tree;
        sound
            .iter()
            .filter(|node| !processed.contains(node) && !tree.nodes[**node].entry.has_shrinkwrap)
            .filter_map(|node| self.edges.get(node))
            .flatten()
            .filter(|judged| judged.edge.kind == EdgeKind::Optional && judged.edge.to.is_none())
            .filter(|judged| !tree.nodes[judged.edge.from].entry.bundles(&judged.edge.name))
            .map(|judged| judged.edge.clone())
            .collect()
    }
}
