//! How many new calls a second.
//!
//! **Owns**: the counting of new calls in one-second windows. Pure. The limits themselves are settings.

use router::Timestamp;
use std::time::Duration;

/// Counts new calls of the last second in a sliding window of two halves.
#[derive(Debug, Default)]
pub struct CallRate {
    window: i64,
    here: u32,
    before: u32,
}

impl CallRate {
    /// Whether one more call fits at `now`; counts it if so.
    pub fn admit(&mut self, now: Timestamp, per_second: u32) -> bool {
        let window = now.millis().div_euclid(1000);
        if window != self.window {
            self.before = if window == self.window + 1 {
                self.here
            } else {
                0
            };
            self.here = 0;
            self.window = window;
        }
        let into = now
            .since(Timestamp::from_millis(window * 1000))
            .min(Duration::from_secs(1));
        let rest = 1000 - u32::try_from(into.as_millis()).unwrap_or(1000);
        let carried = u64::from(self.before) * u64::from(rest) / 1000;
        if carried + u64::from(self.here) >= u64::from(per_second) {
            return false;
        }
        self.here += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_beyond_the_rate_is_refused_and_a_steady_stream_within_it_passes() {
        let mut rate = CallRate::default();
        let at = Timestamp::from_millis;
        let admitted = (0..100).filter(|_| rate.admit(at(5_000), 10)).count();
        assert_eq!(admitted, 10);
        assert!(
            !rate.admit(at(6_000), 10),
            "the burst still counts at the window's edge"
        );
        assert!(rate.admit(at(7_500), 10));

        let mut steady = CallRate::default();
        assert!((0..100).all(|n| steady.admit(at(10_000 + n * 110), 10)));
    }
}
