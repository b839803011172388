use std::io;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// The wish from outside to stop, shared by everything that waits.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt {
    received: watch::Receiver<Received>,
}

/// Which signal came, and how often any came.
#[derive(Debug, Clone, Copy, Default)]
struct Received {
    signal: Option<u8>,
    times: u32,
}

impl Interrupt {
    /// Listens for SIGINT, SIGTERM and SIGHUP from now on; needs a runtime with a worker thread.
    pub(crate) fn listen() -> io::Result<Self> {
        let (sender, received) = watch::channel(Received::default());
        for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
            if is_ignored(kind) {
                // `nohup` wants the command to outlive its terminal.
                continue;
            }
            let mut stream = signal(kind)?;
            let sender = sender.clone();
            let number = u8::try_from(kind.as_raw_value()).unwrap_or(u8::MAX);
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    sender.send_modify(|state| {
                        state.signal.get_or_insert(number);
                        state.times += 1;
                    });
                }
            });
        }
        Ok(Self { received })
    }

    /// The first signal that came.
    pub(crate) fn signal(&self) -> Option<u8> {
        self.received.borrow().signal
    }

    /// Waits until signals have come more than `times` times; returns how many did.
    pub(crate) async fn more_than(&self, times: u32) -> u32 {
        let mut received = self.received.clone();
        let times = received.wait_for(|state| state.times > times).await.map(|state| state.times);
        match times {
            Ok(times) => times,
            // The listeners live as long as the runtime.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits for the duration, or less when a signal comes; whether the whole time passed.
    pub(crate) async fn sleep(&self, duration: std::time::Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(duration) => true,
            _ = self.more_than(0) => false,
        }
    }
}

/// Whether whoever started this process had it ignore the signal.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
