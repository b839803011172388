use std::time::Duration;

use super::Remedy;
use crate::report::{Attempt, Finding, render::format_duration};

/// How far recoveries may go; data from deployfix.yml.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Attempts in one phase, the first one included.
    pub(crate) attempts: u32,
    /// Pause before the first retry that waits.
    pub(crate) first_delay: Duration,
}

/// What the time allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    /// Until the deadline.
    pub(super) left: Option<Duration>,
    /// What another attempt takes, from earlier ones.
    pub(super) estimate: Duration,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// Apply the remedy, wait, run again.
    Retry(Remedy, Duration),
    /// End the phase, with the reason.
    Stop(String),
}

/// Decides from the finding, what was tried already, the policy and the time left.
pub(super) fn decide(
    finding: &Finding,
    earlier: &[Attempt],
    policy: Policy,
    budget: Budget,
) -> Next {
    let made = earlier.len() + 1;
    let Some(remedy) = Remedy::of(finding.id) else {
        return Next::Stop(format!("cannot mend `{}` by itself", finding.id));
    };
    if made >= policy.attempts as usize {
        return Next::Stop(format!("attempt {made} of {} failed", policy.attempts));
    }
    let applied = earlier
        .iter()
        .filter(|attempt| {
            attempt.decision.recovery.as_deref() == Some(remedy.name())
                && attempt.finding.as_ref().is_some_and(|earlier| earlier.id == finding.id)
        })
        .count();
    if applied >= remedy.limit() {
        return Next::Stop(format!("`{}` was applied and did not help", remedy.name()));
    }
    let delay = remedy.delay(applied, policy.first_delay);
    if let Some(left) = budget.left
        && left < budget.estimate + delay
    {
        return Next::Stop(format!(
            "no time for `{}`: {} left until the deadline, another attempt takes about {}",
            remedy.name(),
            format_duration(left),
            format_duration(budget.estimate + delay)
        ));
    }
    Next::Retry(remedy, delay)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FindingId;

    const POLICY: Policy = Policy { attempts: 3, first_delay: Duration::from_millis(1) };
    const ENOUGH: Budget = Budget { left: None, estimate: Duration::ZERO };

    #[test]
    fn what_has_no_remedy_stops() {
        let finding = Finding::new(FindingId::TypeError, "", "");
        assert!(matches!(decide(&finding, &[], POLICY, ENOUGH), Next::Stop(_)));
    }

    #[test]
    fn a_retry_that_cannot_finish_is_refused_with_the_arithmetic() {
        let finding = Finding::new(FindingId::OutOfMemoryHeap, "", "");
        let budget =
            Budget { left: Some(Duration::from_mins(2)), estimate: Duration::from_mins(4) };
        let Next::Stop(reason) = decide(&finding, &[], POLICY, budget) else { panic!("must stop") };
        assert_eq!(
            reason,
            "no time for `raise-heap`: 2m 00s left until the deadline, another attempt takes about 4m 00s"
        );
    }

    #[test]
    fn the_pauses_grow() {
        let first = Duration::from_secs(1);
        let delays: Vec<_> =
            (0..3).map(|earlier| Remedy::RetryWithBackoff.delay(earlier, first)).collect();
        assert!(delays[0] >= first && delays[1] > delays[0] && delays[2] > delays[1], "{delays:?}");
    }
}
