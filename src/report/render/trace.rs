use std::{
    io::{self, Write},
    sync::Arc,
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::report::store::Redact;

/// What is traced, as tracing's filters write it; `-vv` stands for `deployfix=debug`.
const FILTER_VARIABLE: &str = "DEPLOYFIX_LOG";

/// Sends traces to stderr, masked; only when asked for.
pub fn trace(verbosity: u8, redact: &Arc<dyn Redact>) {
    let filter = match std::env::var(FILTER_VARIABLE) {
        Ok(text) if !text.is_empty() => text,
        _ if verbosity > 1 => "deployfix=debug".to_owned(),
        _ => return,
    };
    // A second call in one process keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(MaskedStderr(Arc::clone(redact)))
        .with_ansi(false)
        .without_time()
        .try_init();
}

struct MaskedStderr(Arc<dyn Redact>);

/// One event, masked as a whole when it is complete.
struct Event {
    text: Vec<u8>,
    redact: Arc<dyn Redact>,
}

impl<'a> MakeWriter<'a> for MaskedStderr {
    type Writer = Event;

    fn make_writer(&'a self) -> Event {
        Event { text: Vec::new(), redact: Arc::clone(&self.0) }
    }
}

impl Write for Event {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        let text = self.redact.redact(&String::from_utf8_lossy(&self.text));
        let _ = io::stderr().write_all(text.as_bytes());
    }
}
