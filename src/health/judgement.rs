use super::{
    failure::FailureReason,
    probe::Answer,
    routes::{Expectation, Route},
};

/// What an answer is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As it should be.
    Healthy,
    /// Perhaps meant so: a warning.
    Doubtful(FailureReason),
    /// Certainly broken.
    Wrong(FailureReason),
    /// The time was over before its turn.
    NotAsked,
}

impl Verdict {
    /// What is wrong or doubtful.
    pub(crate) fn reason(&self) -> Option<&FailureReason> {
        match self {
            Self::Healthy | Self::NotAsked => None,
            Self::Doubtful(reason) | Self::Wrong(reason) => Some(reason),
        }
    }
}

/// Judges the answer of a route. `rerouted` says that a middleware or a rewrite of the app
/// may answer in the route's place, so that another answer than the build's may be meant.
pub(crate) fn judge_route(route: &Route, answer: &Answer, rerouted: bool) -> Verdict {
    if answer.leaves_to.is_some() {
        return Verdict::Healthy;
    }
    if answer.status >= 500 {
        return Verdict::Wrong(FailureReason::Status(answer.status));
    }
    if !route.named && route.expectation.recorded_status() == Some(answer.status) {
        return Verdict::Healthy;
    }
    let certain =
        route.named || (!rerouted && answer.redirects == 0 && route.expectation.is_prerendered());
    let weigh =
        |reason, certain| if certain { Verdict::Wrong(reason) } else { Verdict::Doubtful(reason) };
    if !(200..300).contains(&answer.status) {
        let guarded = matches!(answer.status, 401 | 403 | 429);
        return weigh(FailureReason::Status(answer.status), route.named || certain && !guarded);
    }
    if answer.size == 0 {
        // A named route may answer 204; `getServerSideProps` may end a response by itself.
        if answer.status == 204 && route.named {
            return Verdict::Healthy;
        }
        let rendered = route.expectation == Expectation::AppPage && !rerouted;
        return weigh(FailureReason::EmptyBody, certain || rendered);
    }
    judge_content_type(route, answer, rerouted)
}

fn judge_content_type(route: &Route, answer: &Answer, rerouted: bool) -> Verdict {
    let wrong = |expected: &str| FailureReason::ContentType {
        expected: expected.to_owned(),
        found: answer.content_type.clone(),
    };
    let untouched = !rerouted && answer.redirects == 0;
    match &route.expectation {
        Expectation::Prerendered { .. } | Expectation::AppPage if !answer.is_html() => {
            if untouched {
                Verdict::Wrong(wrong("text/html"))
            } else {
                Verdict::Doubtful(wrong("text/html"))
            }
        }
        Expectation::Document { media_type: Some(expected) }
            if answer.media_type().as_deref() != Some(expected) =>
        {
            // `headers` of next.config may set another type, but a page in its place is a fault.
            if untouched && answer.is_html() {
                Verdict::Wrong(wrong(expected))
            } else {
                Verdict::Doubtful(wrong(expected))
            }
        }
        _ => Verdict::Healthy,
    }
}
