use std::collections::{BTreeMap, BTreeSet};

use crate::project::output::OutputMode;

use super::{
    BuildLayout,
    address::{encode, named_address, normalise_base_path, with_base_path},
    discovery::{built_routes, exported_routes},
    manifests::Manifests,
};

/// Routes probed at most.
const MOST_ROUTES: usize = 500;

/// What a route should answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// HTML, rendered while building, with the status recorded then.
    Prerendered {
        /// Another status than 200, as of a page that called `notFound()`.
        status: Option<u16>,
    },
    /// HTML of the App Router, rendered on demand.
    AppPage,
    /// A page of the Pages Router rendered on demand, which may answer anything.
    ServerSidePage,
    /// A handler's answer, kept while building: sitemap, robots, icons, feeds.
    Document {
        /// The type recorded with it.
        media_type: Option<String>,
    },
    /// Any success.
    Success,
}

impl Expectation {
    /// Whether the build holds the answer.
    pub(crate) fn is_prerendered(&self) -> bool {
        matches!(self, Self::Prerendered { .. } | Self::Document { .. })
    }

    /// The status the build recorded.
    pub(crate) fn recorded_status(&self) -> Option<u16> {
        match self {
            Self::Prerendered { status } => *status,
            _ => None,
        }
    }
}

/// One route to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// Path and query as asked for, `basePath` included.
    pub(crate) path: String,
    /// What it should answer.
    pub(crate) expectation: Expectation,
    /// Named in deployfix.yml: its failure is always an error.
    pub(crate) named: bool,
}

/// What to probe.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoutePlan {
    /// The routes, those of deployfix.yml first.
    pub(crate) routes: Vec<Route>,
    /// Routes beyond the limit.
    pub(crate) left_out: usize,
    /// Next's `basePath`, empty or with a slash in front.
    pub(crate) base_path: String,
    /// Whether a middleware or rewrite of the app may answer in a route's place.
    pub(crate) rerouted: bool,
    /// An asset that only this build has, to know it again behind a URL.
    pub(crate) version_asset: Option<String>,
    /// What is worth saying of the plan.
    pub(crate) notes: Vec<String>,
}

/// The routes of deployfix.yml and those of the build's own manifests.
pub(crate) fn plan_routes(layout: &BuildLayout, named: &[String]) -> RoutePlan {
    let manifests = Manifests::read(layout);
    let base_path =
        normalise_base_path(layout.base_path.as_deref().unwrap_or(&manifests.routes.base_path));
    let found = match layout.mode {
        OutputMode::Export => exported_routes(layout, &manifests),
        OutputMode::Server | OutputMode::Standalone => built_routes(layout, &manifests),
    };
    let address = |route: &str| {
        let slash = manifests.trailing_slash && layout.mode != OutputMode::Export;
        encode(&with_base_path(&base_path, route, slash))
    };
    let found = found.iter().map(|(route, expectation)| (address(route), expectation.clone()));
    let version_asset = manifests.build_id.as_ref().and_then(|id| {
        let asset = format!("static/{id}/_buildManifest.js");
        layout.dist(&asset).is_file().then(|| encode(&format!("{base_path}/_next/{asset}")))
    });
    let mut plan = RoutePlan {
        rerouted: manifests.may_reroute() && layout.mode != OutputMode::Export,
        version_asset,
        notes: manifests.unreadable.clone(),
        ..RoutePlan::default()
    };
    plan.fill(named, found.collect(), &base_path);
    plan.base_path = base_path;
    plan
}

/// The routes of deployfix.yml for a site whose build is not at hand.
pub(crate) fn plan_remote_routes(named: &[String], base_path: Option<&str>) -> RoutePlan {
    let base_path = normalise_base_path(base_path.unwrap_or_default());
    // Nothing is known of the site, so a middleware may be there.
    let mut plan = RoutePlan { rerouted: true, ..RoutePlan::default() };
    let root = encode(&with_base_path(&base_path, "/", false));
    let found = if named.is_empty() { vec![(root, Expectation::ServerSidePage)] } else { vec![] };
    plan.fill(named, found, &base_path);
    plan.base_path = base_path;
    plan
}

impl RoutePlan {
    fn fill(&mut self, named: &[String], found: Vec<(String, Expectation)>, base_path: &str) {
        let mut seen = BTreeSet::new();
        let known: BTreeMap<_, _> = found.iter().cloned().collect();
        for path in named {
            let path = named_address(base_path, path);
            if seen.insert(path.clone()) {
                let expectation = known.get(&path).cloned().unwrap_or(Expectation::Success);
                self.routes.push(Route { path, expectation, named: true });
            }
        }
        for (path, expectation) in found {
            if seen.insert(path.clone()) {
                self.routes.push(Route { path, expectation, named: false });
            }
        }
        // What the configuration names is never left out.
        let limit = MOST_ROUTES.max(named.len());
        self.left_out = self.routes.len().saturating_sub(limit);
        self.routes.truncate(limit);
        if self.left_out > 0 {
            self.notes.push(format!(
                "the first {limit} routes are probed, {} more are left out",
                self.left_out
            ));
        }
    }
}
