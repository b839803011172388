use std::time::Duration;

use jiff::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment, RFC 3339 in UTC with milliseconds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
#[schemars(transparent)]
pub struct Timestamp(#[schemars(with = "String", extend("format" = "date-time"))] jiff::Timestamp);

impl Timestamp {
    /// The present moment.
    #[must_use]
    pub fn now() -> Self {
        let now = jiff::Timestamp::now();
        Self(now.round(Unit::Millisecond).unwrap_or(now))
    }

    /// Time passed since this moment; zero when the clock went backwards.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        Duration::try_from(jiff::Timestamp::now().duration_since(self.0)).unwrap_or_default()
    }

    /// Hours, minutes and seconds for people, in UTC.
    #[must_use]
    pub fn clock(self) -> String {
        self.0.strftime("%H:%M:%S").to_string()
    }

    /// As build logs write it: always three digits of a second.
    #[must_use]
    pub fn log_time(self) -> String {
        self.0.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Seconds since 1970, for names that sort by time.
    #[must_use]
    pub fn epoch_seconds(self) -> i64 {
        self.0.as_second()
    }
}

/// A duration in whole milliseconds.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Milliseconds(pub u64);

impl From<Duration> for Milliseconds {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Milliseconds> for Duration {
    fn from(milliseconds: Milliseconds) -> Self {
        Self::from_millis(milliseconds.0)
    }
}
