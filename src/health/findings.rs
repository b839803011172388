use crate::report::{Evidence, Finding, FindingId, Severity, render::count};

use super::{failure::FailureReason, judgement::Verdict, probe::Tried};

/// Paths named in one message.
const NAMED: usize = 10;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A route of the app.
    Route,
    /// An asset of Next's.
    Asset,
}

/// Faults that are the same but for the path.
#[derive(Debug)]
struct Group {
    subject: Subject,
    severity: Severity,
    reason: FailureReason,
    paths: Vec<String>,
    evidence: Vec<Evidence>,
}

/// Collects faults, one finding for all that fail alike.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    groups: Vec<Group>,
    not_asked: Vec<String>,
}

impl Faults {
    /// Adds what was tried of a route, or of an asset that pages need.
    pub(crate) fn add(&mut self, subject: Subject, path: &str, tried: &Tried, pages: &[String]) {
        let (severity, reason) = match &tried.verdict {
            Verdict::Healthy => return,
            Verdict::NotAsked => return self.not_asked.push(path.to_owned()),
            Verdict::Doubtful(reason) => (Severity::Warning, reason),
            Verdict::Wrong(reason) => (Severity::Error, reason),
        };
        let alike = |group: &Group| {
            group.subject == subject && group.severity == severity && group.reason == *reason
        };
        let position = self.groups.iter().position(alike).unwrap_or_else(|| {
            let (paths, evidence) = (Vec::new(), Vec::new());
            self.groups.push(Group { subject, severity, reason: reason.clone(), paths, evidence });
            self.groups.len() - 1
        });
        let group = &mut self.groups[position];
        group.paths.push(path.to_owned());
        if group.evidence.len() < NAMED {
            group.evidence.push(Evidence::new(format!("GET {path}"), told(tried, pages)));
        }
    }

    /// Whether a server error is among the faults, whose cause the server's output tells.
    pub(crate) fn has_server_error(&self) -> bool {
        self.groups.iter().any(|group| matches!(group.reason, FailureReason::Status(500..)))
    }

    /// The findings, errors first. `output` is the last of the server's own.
    pub(crate) fn into_findings(self, output: &[String]) -> Vec<Finding> {
        let mut findings: Vec<_> =
            self.groups.into_iter().map(|group| group.into_finding(output)).collect();
        if !self.not_asked.is_empty() {
            findings.push(Finding::new(
                FindingId::HealthCheckTimeout,
                format!(
                    "the time was over before {} asked: {}",
                    were(self.not_asked.len(), "address", "addresses"),
                    listed(&self.not_asked)
                ),
                "the app answers too slowly for the time of the whole health check; look at the slowest answers in the report",
            ));
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }
}

impl Group {
    fn into_finding(self, output: &[String]) -> Finding {
        let noun = match self.subject {
            Subject::Route => "route",
            Subject::Asset => "asset",
        };
        let verb = if self.paths.len() == 1 { "fails" } else { "fail" };
        let message = format!(
            "{} {verb} with {}: {}",
            count(self.paths.len(), noun),
            self.reason,
            listed(&self.paths)
        );
        let (resolution, hints) = advice(self.subject, &self.reason);
        let mut finding =
            Finding::new(self.reason.finding_id(), message, resolution).severity(self.severity);
        finding.evidence = self.evidence;
        if matches!(self.reason, FailureReason::Status(500..)) {
            let lines = output.iter().map(|line| Evidence::new("server output", line));
            finding.evidence.extend(lines);
        }
        finding.hints = hints.iter().map(ToString::to_string).collect();
        finding
    }
}

fn told(tried: &Tried, pages: &[String]) -> String {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for reason in tried.failures.iter().map(ToString::to_string) {
        match reasons.last_mut() {
            Some((last, times)) if *last == reason => *times += 1,
            _ => reasons.push((reason, 1)),
        }
    }
    let reasons: Vec<_> = reasons
        .into_iter()
        .map(
            |(reason, times)| if times == 1 { reason } else { format!("{reason} ({times} times)") },
        )
        .collect();
    let reasons = reasons.join(", then ");
    match pages {
        [] => reasons,
        _ => format!("{reasons}; needed by {}", listed(pages)),
    }
}

/// The first paths in backticks, and how many more there are.
pub(crate) fn listed(paths: &[String]) -> String {
    let shown: Vec<_> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    let shown = shown.join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn were(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one} was") } else { format!("{number} {many} were") }
}

fn advice(subject: Subject, reason: &FailureReason) -> (&'static str, &'static [&'static str]) {
    use FailureReason as Reason;
    match (subject, reason) {
        (Subject::Asset, Reason::Status(404)) => (
            "the pages reference files that this build does not hold, so they stay without script or style; pages and `static` come from different builds, or files were removed after the build",
            &["rm -rf .next && next build", "deployfix verify-artifacts"],
        ),
        (Subject::Asset, Reason::ContentType { .. }) => (
            "a browser refuses such a script or style sheet; a rewrite, a middleware or a host's catch-all rule answers in the asset's place",
            &["exclude `_next/static` from the middleware's `matcher` and from catch-all rewrites"],
        ),
        (_, Reason::Status(500..)) => (
            "the app fails while it renders; the server's output names the error, most often a variable or a service that exists while building but not at run time",
            &["write the run-time variables to `.env.production` before `next build`"],
        ),
        (_, Reason::Status(401 | 403)) => (
            "the address asks for credentials, so nothing behind it is checked; if that is meant, it may be ignored",
            &["Amplify console: Hosting > Access control, when the whole branch is protected"],
        ),
        (_, Reason::Status(404)) => (
            "nothing answers at this address; a name in `health.routes` may be misspelt, a rewrite may lead elsewhere, or the deployed version is another one",
            &["`health.routes` in deployfix.yml"],
        ),
        (_, Reason::Status(405)) => (
            "the address does not answer GET, which is what the health check asks with; name one that does",
            &["`health.routes` in deployfix.yml"],
        ),
        (_, Reason::Status(_)) => (
            "the answer has another status than a visitor needs",
            &["`health.routes` in deployfix.yml"],
        ),
        (_, Reason::ContentType { .. }) => (
            "something else answers than what the build holds for this address, such as a rewrite or a host's catch-all rule",
            &[],
        ),
        (_, Reason::EmptyBody) => {
            ("a visitor sees nothing; the answer is a success without content", &[])
        }
        (_, Reason::RedirectLoop { .. }) => (
            "a browser gives up on it; redirects of next.config, the middleware, `trailingSlash` and the host undo each other",
            &[],
        ),
        (_, Reason::Truncated | Reason::Undecodable) => (
            "the answer breaks off or is garbled; the server or a proxy between ends it early or compresses it wrongly",
            &[],
        ),
        (_, Reason::Timeout(_)) => (
            "rendering waits for something that does not answer, or the limit is too short",
            &["`health.timeout` in deployfix.yml"],
        ),
        (_, Reason::NameNotResolved(_)) => (
            "the domain has no DNS record, or it is not known here yet",
            &["check the domain's records: Amplify console > Hosting > Custom domains"],
        ),
        (_, Reason::Tls(_)) => (
            "no trusted TLS connection is possible: the certificate is not issued yet, belongs to another name, or the port speaks plain HTTP",
            &["check the certificate: Amplify console > Hosting > Custom domains"],
        ),
        (_, Reason::Refused | Reason::Reset | Reason::Closed | Reason::Other(_)) => {
            ("the server ends the connection instead of answering", &[])
        }
    }
}
