use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::{
    HealthOutcome, ProbeOptions, RoutePlan,
    failure::FailureReason,
    findings::{Faults, Subject},
    judgement::Verdict,
    probe::{Answer, Patience, Prober, pause},
    serve::{no_client, stopped},
    sweep::{Scope, sweep},
};
use crate::report::{Evidence, Finding, FindingId, render::format_duration};

/// Time between two looks for the new version.
const POLL: Duration = Duration::from_secs(5);

/// Asks a live site, patiently until the deadline.
pub(crate) async fn check_remote(
    url: &Url,
    plan: &RoutePlan,
    options: &ProbeOptions,
) -> HealthOutcome {
    let target = url.as_str();
    let prober = match Prober::remote(options.request_timeout) {
        Ok(prober) => prober,
        Err(error) => return no_client(target, &error),
    };
    let start = Instant::now();
    let patience = Patience { deadline: start + options.deadline, retries: true };
    let waited = match wait_for_site(&prober, url, plan, patience).await {
        Ok(waited) => waited,
        Err(finding) => return stopped(target, *finding, plan),
    };
    let ready = start.elapsed();
    if let Some(asset) = &plan.version_asset
        && let Some(finding) = wait_for_version(&prober, url, asset, options, patience).await
    {
        return stopped(target, finding, plan);
    }
    let mut outcome = sweep(&prober, url, plan, options, Scope::Remote, patience.deadline)
        .await
        .into_outcome(target, Some(ready), plan, &[]);
    outcome.add_earlier_failures(&waited);
    outcome
}

/// Any answer will do, and why there was none before is returned; without one, one finding stands for all routes.
async fn wait_for_site(
    prober: &Prober,
    origin: &Url,
    plan: &RoutePlan,
    patience: Patience,
) -> Result<Vec<String>, Box<Finding>> {
    let mut url = origin.clone();
    url.set_path(if plan.base_path.is_empty() { "/" } else { &plan.base_path });
    url.set_query(None);
    let tried = prober.ask_until(&url, |_| Verdict::Healthy, patience).await;
    // Its own faults, such as a redirect loop or a slow page, are judged with the other routes.
    let silent = tried.verdict.reason().is_some_and(|reason| match reason {
        FailureReason::NameNotResolved(_)
        | FailureReason::Refused
        | FailureReason::Reset
        | FailureReason::Closed
        | FailureReason::Tls(_) => true,
        FailureReason::Timeout(_) => tried.tries > 1,
        _ => false,
    });
    if !silent {
        let before =
            tried.failures.len().saturating_sub(usize::from(tried.verdict.reason().is_some()));
        return Ok(tried.failures[..before].iter().map(ToString::to_string).collect());
    }
    let mut faults = Faults::default();
    faults.add(Subject::Route, url.path(), &tried, &[]);
    let reason = tried.verdict.reason().map(ToString::to_string).unwrap_or_default();
    let Some(mut finding) = faults.into_findings(&[]).pop() else { return Ok(Vec::new()) };
    finding.message = format!("`{origin}` gives no answer: {reason}");
    Err(Box::new(finding))
}

/// Waits until the site serves this build. Only a plain "not found" says that it does not.
async fn wait_for_version(
    prober: &Prober,
    origin: &Url,
    asset: &str,
    options: &ProbeOptions,
    patience: Patience,
) -> Option<Finding> {
    let mut url = origin.clone();
    url.set_path(asset);
    url.set_query(None);
    let is_absent = |answer: &Answer| match answer.status {
        404 | 410 => true,
        // A host's catch-all rule answers with a page.
        200 => answer.is_html(),
        _ => false,
    };
    loop {
        match prober.ask(&url, patience.deadline).await {
            Ok(answer) if is_absent(&answer) => {}
            _ => return None,
        }
        if Instant::now() + POLL >= patience.deadline {
            break;
        }
        pause(POLL, patience.deadline).await;
    }
    Some(Finding::new(
        FindingId::StaleVersion,
        format!(
            "`{origin}` answers, but after {} still not with this build",
            format_duration(options.deadline)
        ),
        "the deployment of this build has not gone live, failed, or serves another branch; the site is the version before",
    )
    .evidence(Evidence::new(format!("GET {asset}"), "a file that every copy of this build serves is not found"))
    .hint("Amplify console: the branch's last deployments"))
}
