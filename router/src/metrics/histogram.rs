//! Lengths of time, kept so that their sum is exact and a limit of whole seconds can be asked afterwards.
//!
//! **Owns**: the bounds. Two histograms add up to the same as one of both, in any order, so rows may be written in
//! pieces and are the same as when they are counted at once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Up to here (seconds) bounds are this far apart (seconds).
const STEPS: [(u64, u64); 4] = [(120, 1), (600, 5), (3_600, 30), (14_400, 300)];
/// And beyond.
const LAST_STEP: u64 = 3_600;

/// How many took how long. A bound counts those that took as long as it or less, and longer than the bound before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// How many.
    pub count: u64,
    /// All together, ms.
    pub sum_ms: u64,
    /// The longest, ms.
    pub longest_ms: u64,
    /// How many by upper bound in seconds; bounds without any are left out.
    pub bounds: BTreeMap<u64, u64>,
}

impl Histogram {
    /// One more.
    pub fn add(&mut self, length: Duration) {
        let ms = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        self.count += 1;
        self.sum_ms = self.sum_ms.saturating_add(ms);
        self.longest_ms = self.longest_ms.max(ms);
        *self.bounds.entry(bound(ms.div_ceil(1_000))).or_default() += 1;
    }

    /// All of another one.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        for (bound, count) in &other.bounds {
            *self.bounds.entry(*bound).or_default() += count;
        }
    }

    /// How many took at most `limit`. Exact for limits that [`Histogram::is_bound`].
    #[must_use]
    pub fn within(&self, limit: Duration) -> u64 {
        self.bounds
            .range(..=limit.as_secs())
            .map(|(_, count)| count)
            .sum()
    }

    /// Whether [`Histogram::within`] is exact for this limit: whole seconds to 2 min, 5 s to 10 min, 30 s to an hour.
    #[must_use]
    pub fn is_bound(limit: Duration) -> bool {
        limit.subsec_nanos() == 0 && bound(limit.as_secs()) == limit.as_secs()
    }

    /// The mean in seconds; none of nothing.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| as_float(self.sum_ms) / 1_000.0 / as_float(self.count))
    }

    /// The bound in seconds that this share (0 to 1) took at most; none of nothing. The last one is exact.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = share.clamp(0.0, 1.0) * as_float(self.count);
        let mut passed = 0;
        for (bound, count) in &self.bounds {
            passed += count;
            if as_float(passed) >= wanted {
                return Some(as_float(*bound).min(as_float(self.longest_ms) / 1_000.0));
            }
        }
        None
    }
}

/// The bound at or above so many seconds.
fn bound(seconds: u64) -> u64 {
    let step = STEPS
        .iter()
        .find(|(until, _)| seconds <= *until)
        .map_or(LAST_STEP, |(_, step)| *step);
    seconds.div_ceil(step).saturating_mul(step)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a day are far below 2^53"
)]
pub(super) const fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_limit_on_a_bound_counts_exactly() {
        let mut histogram = Histogram::default();
        for length in [0, 19_999, 20_000, 20_001, 601_000, 15_000_000] {
            histogram.add(ms(length));
        }
        assert_eq!(histogram.within(ms(20_000)), 3);
        assert_eq!(histogram.within(ms(630_000)), 5);
        assert_eq!(histogram.count, 6);
        assert_eq!(histogram.sum_ms, 15_661_000);
        for (seconds, exact) in [(20, true), (121, false), (125, true), (605, false)] {
            assert_eq!(Histogram::is_bound(Duration::from_secs(seconds)), exact);
        }
    }

    #[test]
    fn pieces_add_up_in_any_order() {
        let lengths = [3, 999, 1_000, 1_001, 64_000, 700_001, 3_600_000, 90_000_000];
        let (mut whole, mut odd, mut even) = <(Histogram, Histogram, Histogram)>::default();
        for (n, length) in lengths.into_iter().enumerate() {
            whole.add(ms(length));
            if n % 2 == 0 { &mut even } else { &mut odd }.add(ms(length));
        }
        let mut there = odd.clone();
        there.merge(&even);
        even.merge(&odd);
        assert_eq!(there, whole);
        assert_eq!(even, whole);
    }

    #[test]
    fn mean_is_exact_and_quantiles_are_bounds() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.mean(), histogram.quantile(0.5)), (None, None));
        for seconds in 1..=10 {
            histogram.add(ms(seconds * 1_000 - 500));
        }
        assert_eq!(histogram.mean(), Some(5.0));
        assert_eq!(histogram.quantile(0.5), Some(5.0));
        assert_eq!(histogram.quantile(0.9), Some(9.0));
        assert_eq!(histogram.quantile(1.0), Some(9.5), "none took longer");
    }
}
