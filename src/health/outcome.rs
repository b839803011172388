use std::time::Duration;

use crate::report::{Finding, Health, Milliseconds, ProbedRoute};

use super::{judgement::Verdict, probe::Tried, routes::Route};

/// What a health check leads to.
#[derive(Debug)]
pub(crate) struct HealthOutcome {
    /// What the probes saw.
    pub(crate) health: Health,
    /// What is wrong or doubtful.
    pub(crate) findings: Vec<Finding>,
    /// What was not checked, and why; one line each.
    pub(crate) notes: Vec<String>,
}

impl HealthOutcome {
    /// Adds tries that failed while the site was waited for to the first route, for which they were made.
    pub(crate) fn add_earlier_failures(&mut self, failures: &[String]) {
        if let Some(route) = self.health.routes.first_mut() {
            route.failures.splice(0..0, failures.iter().cloned());
            route.tries += u32::try_from(failures.len()).unwrap_or(u32::MAX);
        }
    }

    /// Whether nothing stops a deployment.
    pub(crate) fn is_healthy(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }
}

/// The report's form of one route.
pub(crate) fn probed_route(route: &Route, tried: &Tried) -> ProbedRoute {
    let answer = tried.answer.as_ref();
    ProbedRoute {
        path: route.path.clone(),
        status: answer.map(|answer| answer.status),
        duration: tried.duration.into(),
        size: answer.map_or(0, |answer| answer.size),
        content_type: answer.and_then(|answer| answer.content_type.clone()),
        tries: tried.tries,
        failures: tried.failures.iter().map(ToString::to_string).collect(),
        healthy: tried.verdict == Verdict::Healthy,
    }
}

/// The report's section from everything probed.
pub(crate) fn health(
    target: &str,
    ready: Option<Duration>,
    routes: Vec<ProbedRoute>,
    assets: usize,
) -> Health {
    // A refused connection is quick; only answers say how quick the app is.
    let mut times: Vec<_> =
        routes.iter().filter(|route| route.status.is_some()).map(|route| route.duration).collect();
    times.sort_unstable();
    Health {
        target: target.to_owned(),
        routes,
        assets: assets as u64,
        ready: ready.map(Milliseconds::from),
        p50: percentile(&times, 50),
        p95: percentile(&times, 95),
        peak_memory: None,
    }
}

/// Nearest rank; zero without times.
fn percentile(sorted: &[Milliseconds], percent: usize) -> Milliseconds {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times: Vec<_> = (1..=20).map(Milliseconds).collect();
        assert_eq!(percentile(&times, 50), Milliseconds(10));
        assert_eq!(percentile(&times, 95), Milliseconds(19));
        assert_eq!(percentile(&times[..1], 95), Milliseconds(1));
        assert_eq!(percentile(&[], 50), Milliseconds(0));
    }
}
