use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{
    HealthOutcome, ProbeOptions, RoutePlan,
    assets::{AssetPlan, judge_asset, page_assets},
    concurrency::concurrently,
    failure::FailureReason,
    findings::{Faults, Subject, listed},
    html::AssetUse,
    judgement::{Verdict, judge_route},
    outcome::{health, probed_route},
    probe::{Patience, Prober, Tried},
    routes::Route,
};
use crate::report::ProbedRoute;

/// Which assets may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of the server under test; it is asked once, and once more for what was too slow.
    Served,
    /// Wherever the pages say they are; transient failures are tried again.
    Remote,
}

/// Everything that was asked.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    routes: Vec<ProbedRoute>,
    assets: usize,
    faults: Faults,
    notes: Vec<String>,
}

impl Sweep {
    /// The outcome, with the last lines of the server's output where there is one.
    pub(crate) fn into_outcome(
        self,
        target: &str,
        ready: Option<Duration>,
        plan: &RoutePlan,
        output: &[String],
    ) -> HealthOutcome {
        let output = if self.faults.has_server_error() { output } else { &[] };
        HealthOutcome {
            health: health(target, ready, self.routes, self.assets),
            findings: self.faults.into_findings(output),
            notes: plan.notes.iter().cloned().chain(self.notes).collect(),
        }
    }
}

/// Asks every route, then every asset that the pages reference.
pub(crate) async fn sweep(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
    scope: Scope,
    deadline: Instant,
) -> Sweep {
    let patience = Patience { deadline, retries: scope == Scope::Remote };
    let mut swept = Sweep::default();
    let mut assets = AssetPlan::default();
    let mut left: Vec<String> = Vec::new();
    let prefix = format!("{}/_next/", plan.base_path);
    let only = (scope == Scope::Served).then_some((origin, prefix.as_str()));
    for (route, tried) in ask_routes(prober, origin, plan, options, patience).await {
        if tried.verdict != Verdict::NotAsked {
            swept.routes.push(probed_route(&route, &tried));
        }
        swept.faults.add(Subject::Route, &route.path, &tried, &[]);
        let Some(answer) = tried.answer.filter(|_| tried.verdict == Verdict::Healthy) else {
            continue;
        };
        if let Some(url) = &answer.leaves_to {
            left.push(format!("{} -> {}", route.path, url.origin().ascii_serialization()));
        } else {
            assets.add(&route.path, page_assets(&answer), only);
        }
    }
    if !left.is_empty() {
        swept
            .notes
            .push(format!("redirects to another origin are not followed: {}", listed(&left)));
    }
    swept.notes.extend(assets.notes());
    let client = prober.clone();
    let fetched = concurrently(
        assets.needs.into_iter().collect(),
        options.concurrency,
        move |(url, need)| {
            let prober = client.clone();
            async move {
                let tried = ask_asset(&prober, &url, need.asset_use, patience).await;
                (url, need, tried)
            }
        },
    )
    .await;
    for (url, need, tried) in fetched {
        swept.assets += usize::from(tried.verdict != Verdict::NotAsked);
        let path = if url.origin() == origin.origin() { url.path() } else { url.as_str() };
        swept.faults.add(Subject::Asset, path, &tried, &need.pages);
    }
    swept
}

async fn ask_asset(prober: &Prober, url: &Url, asset_use: AssetUse, patience: Patience) -> Tried {
    let mut tried =
        prober.ask_until(url, |answer| judge_asset(url, asset_use, answer), patience).await;
    if asset_use == AssetUse::Image
        && let Verdict::Wrong(reason) = tried.verdict
    {
        tried.verdict = Verdict::Doubtful(reason);
    }
    tried
}

async fn ask_routes(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
    patience: Patience,
) -> Vec<(Route, Tried)> {
    let (client, base, rerouted) = (prober.clone(), origin.clone(), plan.rerouted);
    let mut results = concurrently(plan.routes.clone(), options.concurrency, move |route| {
        let (prober, origin) = (client.clone(), base.clone());
        async move {
            let tried = ask_route(&prober, &origin, &route, rerouted, patience).await;
            (route, tried)
        }
    })
    .await;
    if !patience.retries {
        ask_slow_routes_again(prober, origin, rerouted, patience, &mut results).await;
    }
    results
}

/// A builder with little processor time may be too slow for several renderings at once, so what
/// timed out is asked once more, alone.
async fn ask_slow_routes_again(
    prober: &Prober,
    origin: &Url,
    rerouted: bool,
    patience: Patience,
    results: &mut [(Route, Tried)],
) {
    for (route, tried) in results {
        if !matches!(tried.verdict.reason(), Some(FailureReason::Timeout(_))) {
            continue;
        }
        let mut again = ask_route(prober, origin, route, rerouted, patience).await;
        if again.verdict == Verdict::NotAsked {
            continue;
        }
        again.tries += tried.tries;
        again.failures.splice(..0, tried.failures.drain(..)).for_each(drop);
        *tried = again;
    }
}

async fn ask_route(
    prober: &Prober,
    origin: &Url,
    route: &Route,
    rerouted: bool,
    patience: Patience,
) -> Tried {
    // Joined by hand: a path that begins with two slashes would name another host.
    let (path, query) = match route.path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (route.path.as_str(), None),
    };
    let mut url = origin.clone();
    url.set_path(path);
    url.set_query(query);
    prober.ask_until(&url, |answer| judge_route(route, answer, rerouted), patience).await
}
