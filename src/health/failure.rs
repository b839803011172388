use std::{error::Error, fmt, io, time::Duration};

use crate::report::{FindingId, render};

/// Why one try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureReason {
    /// The host's name has no address.
    NameNotResolved(String),
    /// Nothing listens there.
    Refused,
    /// The connection was reset.
    Reset,
    /// The connection was closed before an answer.
    Closed,
    /// No TLS, or a certificate that is not trusted.
    Tls(String),
    /// No complete answer within the limit.
    Timeout(Duration),
    /// Another status than expected.
    Status(u16),
    /// Another content type than expected.
    ContentType {
        /// What was expected.
        expected: String,
        /// What was sent, if anything.
        found: Option<String>,
    },
    /// A successful answer without a body.
    EmptyBody,
    /// Redirects that lead nowhere.
    RedirectLoop {
        /// How many were followed.
        redirects: usize,
    },
    /// The body ended before its announced length.
    Truncated,
    /// The body does not decode as its `content-encoding`.
    Undecodable,
    /// Anything else, as the client says it.
    Other(String),
}

impl FailureReason {
    /// Reads the cause of a failed request from its chain of sources.
    pub(crate) fn classify(error: &reqwest::Error, host: &str, timeout: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout(timeout);
        }
        let mut source: Option<&(dyn Error + 'static)> = error.source();
        let mut last = error.to_string();
        let connecting = error.is_connect();
        while let Some(cause) = source {
            last = cause.to_string();
            // hyper-util's connect error is private, only its text tells the resolver apart.
            if last == "dns error" {
                return Self::NameNotResolved(host.to_owned());
            }
            let error_of_io = cause.downcast_ref::<io::Error>().map(innermost);
            if let Some(reason) = error_of_io.and_then(|cause| Self::of_io(cause, connecting)) {
                return reason;
            }
            source = cause.source();
        }
        match last.as_str() {
            "connection closed before message completed" => Self::Closed,
            _ if error.is_decode() => Self::Undecodable,
            _ => Self::Other(last),
        }
    }

    fn of_io(error: &io::Error, connecting: bool) -> Option<Self> {
        use io::ErrorKind as Kind;
        Some(match error.kind() {
            Kind::ConnectionRefused => Self::Refused,
            Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => Self::Reset,
            Kind::InvalidData | Kind::UnexpectedEof if connecting => Self::Tls(error.to_string()),
            // brotli and gzip report a cut stream the same way as hyper reports a short body.
            Kind::UnexpectedEof => Self::Truncated,
            _ => return None,
        })
    }

    /// Whether trying again may help.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NameNotResolved(_)
            | Self::Refused
            | Self::Reset
            | Self::Closed
            | Self::Truncated
            | Self::Timeout(_) => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Tls(_)
            | Self::ContentType { .. }
            | Self::EmptyBody
            | Self::RedirectLoop { .. }
            | Self::Undecodable
            | Self::Other(_) => false,
        }
    }

    /// The finding it leads to: no answer at all, or a wrong one.
    pub(crate) fn finding_id(&self) -> FindingId {
        match self {
            Self::NameNotResolved(_)
            | Self::Refused
            | Self::Reset
            | Self::Closed
            | Self::Timeout(_) => FindingId::HealthCheckTimeout,
            Self::Tls(_)
            | Self::Status(_)
            | Self::ContentType { .. }
            | Self::EmptyBody
            | Self::RedirectLoop { .. }
            | Self::Truncated
            | Self::Undecodable
            | Self::Other(_) => FindingId::HealthCheckFailed,
        }
    }
}

/// hyper-rustls wraps an I/O error in another, whose `source` skips it.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    error
}

impl fmt::Display for FailureReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNotResolved(host) => write!(formatter, "the name `{host}` does not resolve"),
            Self::Refused => formatter.write_str("connection refused"),
            Self::Reset => formatter.write_str("connection reset"),
            Self::Closed => formatter.write_str("connection closed before an answer"),
            Self::Tls(cause) => write!(formatter, "TLS failed: {cause}"),
            Self::Timeout(limit) => {
                write!(formatter, "no complete answer within {}", render::format_duration(*limit))
            }
            Self::Status(status) => write!(formatter, "status {status}"),
            Self::ContentType { expected, found: Some(found) } => {
                write!(formatter, "content type `{found}` instead of `{expected}`")
            }
            Self::ContentType { expected, found: None } => {
                write!(formatter, "no content type instead of `{expected}`")
            }
            Self::EmptyBody => formatter.write_str("empty body"),
            Self::RedirectLoop { redirects } => {
                write!(formatter, "redirect loop, {redirects} redirects followed")
            }
            Self::Truncated => formatter.write_str("the body ended before its announced length"),
            Self::Undecodable => {
                formatter.write_str("the body does not decode as its `content-encoding`")
            }
            Self::Other(cause) => formatter.write_str(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        time::{Instant, sleep},
    };
    use url::Url;

    use super::*;
    use crate::health::probe::Prober;

    const LIMIT: Duration = Duration::from_millis(500);

    /// A listener that treats every connection with `serve`, after reading the request's beginning.
    async fn listen<F, Fut>(serve: F) -> Url
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                serve(stream).await;
            }
        });
        url
    }

    async fn failure(url: &Url) -> FailureReason {
        let prober = Prober::local(LIMIT).unwrap();
        prober.ask(url, Instant::now() + Duration::from_secs(10)).await.unwrap_err()
    }

    async fn answered(bytes: &'static str) -> FailureReason {
        let url = listen(move |mut stream| async move {
            let _ = stream.write_all(bytes.as_bytes()).await;
            let _ = stream.shutdown().await;
        });
        failure(&url.await).await
    }

    #[tokio::test]
    async fn nothing_listens() {
        let port = crate::health::free_port().unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        assert_eq!(failure(&url).await, FailureReason::Refused);
        let url = Url::parse("http://deployfix.invalid/").unwrap();
        let unresolved = FailureReason::NameNotResolved("deployfix.invalid".into());
        assert!(matches!(failure(&url).await, reason if reason == unresolved
            || reason == FailureReason::Timeout(LIMIT)));
    }

    #[tokio::test]
    async fn the_connection_breaks() {
        let url = listen(|stream| async move {
            stream.set_zero_linger().unwrap();
        });
        assert_eq!(failure(&url.await).await, FailureReason::Reset);
        assert_eq!(answered("").await, FailureReason::Closed);
        let short = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello";
        assert_eq!(answered(short).await, FailureReason::Truncated);
        let short = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        assert_eq!(answered(short).await, FailureReason::Truncated);
        let garbled = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(answered(garbled).await, FailureReason::Undecodable);
        assert!(matches!(answered("SSH-2.0-OpenSSH\r\n").await, FailureReason::Other(_)));
    }

    #[tokio::test]
    async fn the_answer_takes_too_long() {
        let silent = listen(|stream| async move {
            sleep(Duration::from_secs(30)).await;
            drop(stream);
        })
        .await;
        assert_eq!(failure(&silent).await, FailureReason::Timeout(LIMIT));
        let dripping = listen(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").await;
            while stream.write_all(b".").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
        });
        assert_eq!(failure(&dripping.await).await, FailureReason::Timeout(LIMIT));
    }

    #[tokio::test]
    async fn tls_meets_a_plain_port() {
        let mut url = listen(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        })
        .await;
        url.set_scheme("https").unwrap();
        let reason = failure(&url).await;
        assert!(matches!(reason, FailureReason::Tls(_)), "{reason:?}");
    }

    #[tokio::test]
    async fn redirects_go_round() {
        let round = "HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(answered(round).await, FailureReason::RedirectLoop { redirects: 10 });
    }
}
