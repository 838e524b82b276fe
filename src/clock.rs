//! The one clock of the process.
//!
//! **Owns**: the anchor between the wall clock and the monotonic clock. **Must not** be used by pure parts: they are
//! handed the time.

use router::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Anchored to the wall clock once; from then on it follows the monotonic clock, so that setting the wall clock
/// neither fires nor delays a timer and records stay ordered.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: i64,
    mono: Instant,
}

impl Clock {
    /// Anchors the clock to the wall clock of this moment.
    #[must_use]
    pub fn start() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            wall: i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            mono: Instant::now(),
        }
    }

    /// Now, ms since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.wall) + self.mono.elapsed()
    }

    /// How long until `then`; zero when it has passed.
    #[must_use]
    pub fn until(&self, then: Timestamp) -> Duration {
        then.since(self.now())
    }

    /// The deadline as tokio wants it.
    #[must_use]
    pub fn instant_of(&self, then: Timestamp) -> tokio::time::Instant {
        tokio::time::Instant::now() + self.until(then)
    }

    /// Comes back at a machine's next deadline; never without one.
    pub async fn wait_until(self, then: Option<Timestamp>) {
        match then {
            Some(then) => tokio::time::sleep_until(self.instant_of(then)).await,
            None => std::future::pending().await,
        }
    }
}
