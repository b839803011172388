use std::{future::Future, time::Duration};

use tokio::{net::TcpStream, time::Instant};
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
    probe::{Patience, Prober, Tried, pause},
    routes::Route,
};
use crate::report::{Evidence, Finding, FindingId, ProbedRoute, render::format_duration};

/// Time between two looks at a server that starts.
const POLL: Duration = Duration::from_millis(100);
/// Lines of the server's output that a finding quotes.
const QUOTED_LINES: usize = 15;

/// A started server, as far as the health check needs to know it.
pub(crate) trait Server {
    /// Completes when the server ended by itself, with how, as `exit code 1`. May be dropped and
    /// asked again.
    fn ended(&mut self) -> impl Future<Output = String> + Send;
    /// The last lines it wrote, masked, oldest first.
    fn last_lines(&self) -> Vec<String>;
    /// Highest memory of its process tree so far, bytes.
    fn peak_memory(&self) -> Option<u64>;
}

/// Waits for a started server and asks it everything once.
pub(crate) async fn check_served(
    server: &mut impl Server,
    origin: &Url,
    target: &str,
    plan: &RoutePlan,
    options: &ProbeOptions,
) -> HealthOutcome {
    let prober = match Prober::local(options.request_timeout) {
        Ok(prober) => prober,
        Err(error) => return no_client(target, &error),
    };
    let start = Instant::now();
    let waited = tokio::select! {
        biased;
        end = server.ended() => Err(died(&format!("the server ended before it answered: {end}"))),
        ready = wait_until_ready(&prober, origin, plan, options) => ready,
    };
    let checked = match waited {
        Err(finding) => Err(finding),
        Ok(()) => {
            let ready = start.elapsed();
            let all =
                probe_all(&prober, origin, plan, options, Scope::Served, start + options.deadline);
            tokio::select! {
                biased;
                end = server.ended() => {
                    Err(died(&format!("the server ended while its routes were asked: {end}")))
                }
                probed = all => Ok((ready, probed)),
            }
        }
    };
    let lines = server.last_lines();
    let lines = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
    let mut outcome = match checked {
        Ok((ready, probed)) => probed.into_outcome(target, Some(ready), plan, lines),
        Err(mut finding) => {
            let quoted = lines.iter().map(|line| Evidence::new("server output", line));
            finding.evidence.extend(quoted);
            stopped(target, finding, plan)
        }
    };
    outcome.health.peak_memory = server.peak_memory();
    outcome
}

fn died(message: &str) -> Finding {
    Finding::new(
        FindingId::ServerStartFailed,
        message,
        "the built app does not stay up; the last lines of its output say why, most often a missing variable, module or file at run time",
    )
}

async fn wait_until_ready(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
) -> Result<(), Finding> {
    let deadline = Instant::now() + options.ready_deadline;
    let address = origin.socket_addrs(|| None).ok().and_then(|found| found.first().copied());
    // An address that nobody has costs the server no rendering, and any answer will do.
    let probe = origin.join(&format!("{}/_next/static/deployfix", plan.base_path));
    let (Some(address), Ok(probe)) = (address, probe) else {
        return Err(died(&format!("the server has no usable address: `{origin}`")));
    };
    let mut listened = false;
    let mut reasons: Vec<String> = Vec::new();
    while Instant::now() < deadline {
        if TcpStream::connect(address).await.is_ok() {
            listened = true;
            match prober.ask(&probe, deadline).await {
                Ok(_) => return Ok(()),
                Err(reason) if reasons.last() != Some(&reason.to_string()) => {
                    reasons.push(reason.to_string());
                }
                Err(_) => {}
            }
        }
        pause(POLL, deadline).await;
    }
    let limit = format_duration(options.ready_deadline);
    if !listened {
        return Err(died(&format!("the server did not listen on `{address}` within {limit}")));
    }
    let last = reasons.last().map_or("no answer", String::as_str);
    let mut finding = Finding::new(
        FindingId::HealthCheckTimeout,
        format!("the server listens but gives no answer within {limit}: {last}"),
        "the server accepts connections and then hangs; look for work at start-up (`instrumentation`, a database connection) that does not end",
    );
    finding.evidence = reasons.iter().map(|reason| Evidence::new("probe", reason)).collect();
    Err(finding)
}

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
pub(crate) struct Probed {
    routes: Vec<ProbedRoute>,
    assets: usize,
    faults: Faults,
    notes: Vec<String>,
}

impl Probed {
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
pub(crate) async fn probe_all(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
    scope: Scope,
    deadline: Instant,
) -> Probed {
    let patience = Patience { deadline, retries: scope == Scope::Remote };
    let mut probed = Probed::default();
    let mut assets = AssetPlan::default();
    let mut left: Vec<String> = Vec::new();
    let prefix = format!("{}/_next/", plan.base_path);
    let only = (scope == Scope::Served).then_some((origin, prefix.as_str()));
    for (route, tried) in ask_routes(prober, origin, plan, options, patience).await {
        if tried.verdict != Verdict::NotAsked {
            probed.routes.push(probed_route(&route, &tried));
        }
        probed.faults.add(Subject::Route, &route.path, &tried, &[]);
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
        probed
            .notes
            .push(format!("redirects to another origin are not followed: {}", listed(&left)));
    }
    probed.notes.extend(assets.notes());
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
        probed.assets += usize::from(tried.verdict != Verdict::NotAsked);
        let path = if url.origin() == origin.origin() { url.path() } else { url.as_str() };
        probed.faults.add(Subject::Asset, path, &tried, &need.pages);
    }
    probed
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

/// The outcome of a check that ended before the first route.
pub(crate) fn stopped(target: &str, finding: Finding, plan: &RoutePlan) -> HealthOutcome {
    HealthOutcome {
        health: health(target, None, Vec::new(), 0),
        findings: vec![finding],
        notes: plan.notes.clone(),
    }
}

/// The outcome where no request can be made at all.
pub(crate) fn no_client(target: &str, error: &reqwest::Error) -> HealthOutcome {
    let finding = Finding::new(
        FindingId::HealthCheckFailed,
        format!("no HTTP client can be made: {error}"),
        "the certificates of this system cannot be read, or a proxy variable is malformed",
    )
    .hint("check `HTTPS_PROXY`, `HTTP_PROXY`, `SSL_CERT_FILE` and the package `ca-certificates`");
    stopped(target, finding, &RoutePlan::default())
}
