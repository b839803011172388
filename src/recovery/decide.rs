use std::time::Duration;

use super::Remedy;
use crate::{
    config::RecoveryMode,
    report::{Attempt, Finding, OutcomeKind, render::format_duration},
};

/// How far recoveries may go; data from deployfix.yml.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Attempts in one phase, the first one included.
    pub(crate) attempts: u32,
    /// Pause before the first retry that waits.
    pub(crate) first_delay: Duration,
    /// Whether recoveries may change what is shipped.
    pub(crate) mode: RecoveryMode,
    /// Whether deployfix.yml names a second registry.
    pub(crate) has_fallback: bool,
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
    /// End the phase, because the policy does not allow what would help.
    Refuse(Remedy, String),
}

/// Decides from the finding, what was tried already, the policy and the time left.
pub(super) fn decide(
    finding: &Finding,
    earlier: &[Attempt],
    policy: Policy,
    budget: Budget,
) -> Next {
    // What was never started, and a step that only leads to the next, is no attempt that failed.
    let failed = |attempt: &&Attempt| {
        attempt.finding.is_some() && attempt.outcome.kind != OutcomeKind::NotStarted
    };
    let made = earlier.iter().filter(failed).count() + 1;
    let remedies = Remedy::of(finding.id);
    let Some(last) = remedies.last() else {
        return Next::Stop(format!("cannot mend `{}` by itself", finding.id));
    };
    if made >= policy.attempts as usize {
        return Next::Stop(format!("attempt {made} of {} failed", policy.attempts));
    }
    let applied = |remedy: Remedy| {
        earlier
            .iter()
            .filter(|attempt| {
                attempt.decision.recovery.as_deref() == Some(remedy.name())
                    && attempt.finding.as_ref().is_some_and(|earlier| earlier.id == finding.id)
            })
            .count()
    };
    // The last attempt that is left belongs to the second registry.
    let is_last = made + 1 == policy.attempts as usize;
    let asks_fallback_now =
        is_last && policy.has_fallback && remedies.contains(&Remedy::FallbackRegistry);
    let Some(remedy) = remedies.iter().copied().find(|remedy| {
        let possible = match remedy {
            Remedy::FallbackRegistry => policy.has_fallback,
            Remedy::RetryWithBackoff => !asks_fallback_now || applied(Remedy::FallbackRegistry) > 0,
            _ => true,
        };
        possible && applied(*remedy) < remedy.limit()
    }) else {
        return Next::Stop(format!("`{}` was applied and did not help", last.name()));
    };
    if remedy.is_policy() && policy.mode == RecoveryMode::Strict {
        return Next::Refuse(remedy, refusal(remedy));
    }
    let applied = applied(remedy);
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

fn refusal(remedy: Remedy) -> String {
    let effect = match remedy {
        Remedy::LegacyPeerDeps => "it would install what the package manager refuses",
        _ => "it would ship versions that no lockfile names",
    };
    format!("`recovery.mode: strict` does not allow `{}`: {effect}", remedy.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FindingId;

    const POLICY: Policy = Policy {
        attempts: 3,
        first_delay: Duration::from_millis(1),
        mode: RecoveryMode::Lenient,
        has_fallback: false,
    };
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
    fn strict_mode_refuses_exactly_what_changes_what_is_shipped() {
        let strict = Policy { mode: RecoveryMode::Strict, ..POLICY };
        for (id, refused) in [
            (FindingId::LockfileMissing, true),
            (FindingId::LockfileOutOfSync, true),
            (FindingId::PeerConflict, true),
            (FindingId::PlatformBinaryMissing, false),
            (FindingId::RegistryUnreachable, false),
            (FindingId::NodeModulesCorrupt, false),
        ] {
            let finding = Finding::new(id, "", "");
            let next = decide(&finding, &[], strict, ENOUGH);
            assert_eq!(matches!(next, Next::Refuse(..)), refused, "{id}: {next:?}");
            let lenient = decide(&finding, &[], POLICY, ENOUGH);
            assert!(matches!(lenient, Next::Retry(..)), "{id}: {lenient:?}");
        }
    }

    #[test]
    fn the_last_attempt_asks_the_second_registry() {
        let finding = Finding::new(FindingId::RegistryUnreachable, "", "");
        let first = |attempts, has_fallback| {
            let policy = Policy { attempts, has_fallback, ..POLICY };
            match decide(&finding, &[], policy, ENOUGH) {
                Next::Retry(remedy, _) => Some(remedy),
                _ => None,
            }
        };
        assert_eq!(first(3, true), Some(Remedy::RetryWithBackoff));
        assert_eq!(first(2, true), Some(Remedy::FallbackRegistry));
        assert_eq!(first(2, false), Some(Remedy::RetryWithBackoff));
        assert_eq!(first(1, true), None);
    }

    #[test]
    fn the_pauses_grow() {
        let first = Duration::from_secs(1);
        let delays: Vec<_> =
            (0..3).map(|earlier| Remedy::RetryWithBackoff.delay(earlier, first)).collect();
        assert!(delays[0] >= first && delays[1] > delays[0] && delays[2] > delays[1], "{delays:?}");
    }
}
