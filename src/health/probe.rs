use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::{
    Client, Response,
    header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, RETRY_AFTER, SET_COOKIE},
    redirect,
};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use url::Url;

use super::{failure::FailureReason, judgement::Verdict};

/// Redirects followed before they count as a loop.
const REDIRECTS: usize = 10;
/// Bytes of a body that are kept to be read; the rest is only counted.
const KEPT_BODY: usize = 8 << 20;

/// A complete answer, after redirects.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its content type as sent.
    pub(crate) content_type: Option<String>,
    /// Bytes of the decoded body.
    pub(crate) size: u64,
    /// The beginning of the body.
    pub(crate) body: Vec<u8>,
    /// Where it came from.
    pub(crate) url: Url,
    /// Redirects followed.
    pub(crate) redirects: usize,
    /// Another origin that it redirects to, not followed.
    pub(crate) leaves_to: Option<Url>,
    retry_after: Option<Duration>,
}

impl Answer {
    /// The content type without parameters, lowercase.
    pub(crate) fn media_type(&self) -> Option<String> {
        let essence = self.content_type.as_deref()?.split(';').next()?.trim();
        Some(essence.to_ascii_lowercase())
    }

    /// Whether a browser shows it as a page.
    pub(crate) fn is_html(&self) -> bool {
        matches!(self.media_type().as_deref(), Some("text/html" | "application/xhtml+xml"))
    }
}

/// When to stop asking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The end of the whole check.
    pub(crate) deadline: Instant,
    /// Whether transient failures are tried again until then.
    pub(crate) retries: bool,
}

/// Everything that was tried for one address.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The last answer.
    pub(crate) answer: Option<Answer>,
    /// The judgement of the last try.
    pub(crate) verdict: Verdict,
    /// Why each failed try failed, in order.
    pub(crate) failures: Vec<FailureReason>,
    /// How often it was asked.
    pub(crate) tries: u32,
    /// Time of the last try.
    pub(crate) duration: Duration,
}

/// Asks addresses.
#[derive(Debug, Clone)]
pub(crate) struct Prober {
    client: Client,
    timeout: Duration,
}

impl Prober {
    /// A client for a server on this machine: no proxy stands between.
    pub(crate) fn local(timeout: Duration) -> Result<Self, reqwest::Error> {
        // No certificate store is read, which a slim container may lack.
        Self::build(Client::builder().no_proxy().tls_certs_only([]), timeout)
    }

    /// A client for a live site, through the environment's proxy if there is one.
    pub(crate) fn remote(timeout: Duration) -> Result<Self, reqwest::Error> {
        Self::build(Client::builder(), timeout)
    }

    fn build(builder: reqwest::ClientBuilder, timeout: Duration) -> Result<Self, reqwest::Error> {
        // Installed once for the process; a second client finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = builder
            .user_agent(concat!("deployfix/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            // A pooled connection that the server just closed would look like a reset.
            .pool_max_idle_per_host(0)
            .retry(reqwest::retry::never())
            .build()?;
        Ok(Self { client, timeout })
    }

    /// Asks until the answer is right, the failure is lasting, or patience ends.
    pub(crate) async fn ask_until(
        &self,
        url: &Url,
        judge: impl Fn(&Answer) -> Verdict,
        patience: Patience,
    ) -> Tried {
        let mut tried = Tried {
            answer: None,
            verdict: Verdict::NotAsked,
            failures: Vec::new(),
            tries: 0,
            duration: Duration::ZERO,
        };
        let mut delays = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(500))
            .with_max_delay(Duration::from_secs(10))
            .without_max_times()
            .build();
        while Instant::now() < patience.deadline {
            let start = Instant::now();
            tried.tries += 1;
            let result = self.ask(url, patience.deadline).await;
            tried.duration = start.elapsed();
            let mut retry_after = None;
            (tried.answer, tried.verdict) = match result {
                Ok(answer) => {
                    let verdict = judge(&answer);
                    retry_after = answer.retry_after;
                    (Some(answer), verdict)
                }
                Err(reason) => (None, Verdict::Wrong(reason)),
            };
            let Some(reason) = tried.verdict.reason() else { break };
            tried.failures.push(reason.clone());
            if !patience.retries || !reason.is_transient() {
                break;
            }
            let delay = retry_after.or_else(|| delays.next()).unwrap_or_default();
            if Instant::now() + delay >= patience.deadline {
                break;
            }
            sleep(delay).await;
        }
        tried
    }

    /// Asks once, following redirects within the origin.
    pub(crate) async fn ask(&self, url: &Url, deadline: Instant) -> Result<Answer, FailureReason> {
        let end = deadline.min(Instant::now() + self.timeout);
        timeout_at(end, self.follow(url.clone()))
            .await
            .unwrap_or(Err(FailureReason::Timeout(self.timeout)))
    }

    async fn follow(&self, mut url: Url) -> Result<Answer, FailureReason> {
        let mut cookies = Cookies::default();
        for redirects in 0..=REDIRECTS {
            let mut request = self.client.get(url.clone()).header(ACCEPT, "text/html,*/*;q=0.8");
            if let Some(cookies) = cookies.header() {
                request = request.header(COOKIE, cookies);
            }
            let response = request.send().await.map_err(|error| self.reason(&error, &url))?;
            cookies.take(response.headers());
            match next_location(&response) {
                Some(next) if next.origin() == url.origin() => url = next,
                leaves_to => return self.read(response, redirects, leaves_to).await,
            }
        }
        Err(FailureReason::RedirectLoop { redirects: REDIRECTS })
    }

    async fn read(
        &self,
        mut response: Response,
        redirects: usize,
        leaves_to: Option<Url>,
    ) -> Result<Answer, FailureReason> {
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type: header(CONTENT_TYPE).map(str::to_owned),
            retry_after: header(RETRY_AFTER).and_then(parse_retry_after),
            url: response.url().clone(),
            size: 0,
            body: Vec::new(),
            redirects,
            leaves_to,
        };
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.reason(&error, &answer.url))?
        {
            answer.size += chunk.len() as u64;
            let room = KEPT_BODY.saturating_sub(answer.body.len()).min(chunk.len());
            answer.body.extend_from_slice(&chunk[..room]);
        }
        Ok(answer)
    }

    fn reason(&self, error: &reqwest::Error, url: &Url) -> FailureReason {
        FailureReason::classify(error, url.host_str().unwrap_or_default(), self.timeout)
    }
}

fn next_location(response: &Response) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    response.url().join(std::str::from_utf8(location.as_bytes()).ok()?).ok()
}

/// Seconds or a date, RFC 9110 section 10.2.3.
fn parse_retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = jiff::fmt::rfc2822::parse(value.trim()).ok()?.timestamp();
    Some(Duration::try_from(moment.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}

/// The cookies of one chain of redirects: apps set one and redirect to the same address.
#[derive(Default)]
struct Cookies(Vec<(String, String)>);

impl Cookies {
    fn take(&mut self, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let Ok(text) = value.to_str() else { continue };
            let pair = text.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            self.0.retain(|(known, _)| known != name.trim());
            self.0.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }

    fn header(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Waits for a moment between two looks, but not past the deadline.
pub(crate) async fn pause(duration: Duration, deadline: Instant) {
    sleep_until(deadline.min(Instant::now() + duration)).await;
}
