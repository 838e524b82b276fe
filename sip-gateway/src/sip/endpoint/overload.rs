//! When new requests are refused so that those under way go on.
//!
//! **Owns**: [`Overload`]: the judgement of the measured delay (in the way of CoDel, RFC 8289: what counts is a delay
//! that stays, not one that passes), and how many refusals are sent. **Must not know**: where the delay was measured.

use super::sources::Bucket;
use std::time::{Duration, Instant};

/// A delay up to here is none.
const TARGET: Duration = Duration::from_millis(20);
/// A delay above the target must stay this long before anything is refused.
const INTERVAL: Duration = Duration::from_millis(100);
/// After a time of refusals the next begins at once when the delay comes back within this time.
const RECENT: Duration = Duration::from_secs(1);
/// Refusals a second; beyond them there is silence: an answer costs us more than the question cost its sender.
const REFUSALS: u32 = 1_000;

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Overload {
    above_since: Option<Instant>,
    refusing: bool,
    ended_at: Option<Instant>,
    refusals: Option<Bucket>,
}

impl Overload {
    /// How long what is being handled now has waited, or what waits behind us has.
    pub(crate) fn observe(&mut self, delay: Duration, now: Instant) {
        if delay <= TARGET {
            if std::mem::take(&mut self.refusing) {
                self.ended_at = Some(now);
            }
            self.above_since = None;
            return;
        }
        let since = *self.above_since.get_or_insert(now);
        let again = self.ended_at.is_some_and(|ended| now < ended + RECENT);
        if again || now.saturating_duration_since(since) >= INTERVAL {
            self.refusing = true;
        }
    }

    /// Whether new calls and registrations are to be refused.
    pub(crate) const fn refuses(&self) -> bool {
        self.refusing
    }

    /// Whether one more refusal may be sent.
    pub(crate) fn may_answer(&mut self, now: Instant) -> bool {
        let bucket = self
            .refusals
            .get_or_insert_with(|| Bucket::full(REFUSALS, now));
        bucket.take((REFUSALS, REFUSALS), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_delay_that_passes_is_none_and_one_that_stays_is_overload() {
        let (start, mut overload) = (Instant::now(), Overload::default());
        overload.observe(ms(900), start);
        assert!(!overload.refuses(), "it may pass");
        overload.observe(ms(5), start + ms(50));
        overload.observe(ms(30), start + ms(60));
        overload.observe(ms(30), start + ms(150));
        assert!(!overload.refuses());
        overload.observe(ms(30), start + ms(160));
        assert!(overload.refuses());
        overload.observe(ms(20), start + ms(170));
        assert!(!overload.refuses());
        // It comes back within the second: there is no second grace.
        overload.observe(ms(21), start + ms(300));
        assert!(overload.refuses());
        overload.observe(ms(0), start + ms(310));
        overload.observe(ms(21), start + ms(2_000));
        assert!(!overload.refuses());
    }

    #[test]
    fn refusals_are_bounded() {
        let (start, mut overload) = (Instant::now(), Overload::default());
        let sent = (0..10_000).filter(|_| overload.may_answer(start)).count();
        assert_eq!(sent, 3_000);
        let next = start + ms(1_000);
        let sent = (0..10_000).filter(|_| overload.may_answer(next)).count();
        assert_eq!(sent, 1_000);
    }
}
