use std::time::Duration;

/// How patiently the app is asked.
#[derive(Debug, Clone)]
pub(crate) struct ProbeOptions {
    /// Limit of one request, from connecting to the last byte.
    pub(crate) request_timeout: Duration,
    /// Limit until a booted server gives its first answer.
    pub(crate) ready_deadline: Duration,
    /// Limit of the whole check; with a URL, tries go on until then.
    pub(crate) deadline: Duration,
    /// Requests at one time.
    pub(crate) concurrency: usize,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            ready_deadline: Duration::from_mins(1),
            deadline: Duration::from_mins(5),
            concurrency: 4,
        }
    }
}
