use std::{future::Future, time::Duration};

use tokio::{net::TcpStream, time::Instant};
use url::Url;

use super::{
    HealthOutcome, ProbeOptions, RoutePlan,
    outcome::health,
    probe::{Prober, pause},
    sweep::{Scope, sweep},
};
use crate::report::{Evidence, Finding, FindingId, render::format_duration};

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
    let failure = tokio::select! {
        biased;
        end = server.ended() => Some(died(&format!("the server ended before it answered: {end}"))),
        failure = wait_until_ready(&prober, origin, plan, options) => failure,
    };
    let ready = start.elapsed();
    let checked = if let Some(finding) = failure {
        Err(Box::new(finding))
    } else {
        let deadline = start + options.deadline;
        tokio::select! {
            biased;
            end = server.ended() => {
                Err(Box::new(died(&format!("the server ended while its routes were asked: {end}"))))
            }
            swept = sweep(&prober, origin, plan, options, Scope::Served, deadline) => Ok(swept),
        }
    };
    let lines = server.last_lines();
    let lines = &lines[lines.len().saturating_sub(QUOTED_LINES)..];
    let mut outcome = match checked {
        Ok(swept) => swept.into_outcome(target, Some(ready), plan, lines),
        Err(mut finding) => {
            let quoted = lines.iter().map(|line| Evidence::new("server output", line));
            finding.evidence.extend(quoted);
            stopped(target, *finding, plan)
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

/// Nothing once the server gave any answer, else why it did not.
async fn wait_until_ready(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
) -> Option<Finding> {
    let deadline = Instant::now() + options.ready_deadline;
    let address = origin.socket_addrs(|| None).ok().and_then(|found| found.first().copied());
    // An address that nobody has costs the server no rendering, and any answer will do.
    let probe = origin.join(&format!("{}/_next/static/deployfix", plan.base_path));
    let (Some(address), Ok(probe)) = (address, probe) else {
        return Some(died(&format!("the server has no usable address: `{origin}`")));
    };
    let mut listened = false;
    let mut reasons: Vec<String> = Vec::new();
    while Instant::now() < deadline {
        if TcpStream::connect(address).await.is_ok() {
            listened = true;
            match prober.ask(&probe, deadline).await {
                Ok(_) => return None,
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
        return Some(died(&format!("the server did not listen on `{address}` within {limit}")));
    }
    let last = reasons.last().map_or("no answer", String::as_str);
    let mut finding = Finding::new(
        FindingId::HealthCheckTimeout,
        format!("the server listens but gives no answer within {limit}: {last}"),
        "the server accepts connections and then hangs; look for work at start-up (`instrumentation`, a database connection) that does not end",
    );
    finding.evidence = reasons.iter().map(|reason| Evidence::new("probe", reason)).collect();
    Some(finding)
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
