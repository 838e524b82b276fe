//! How many messages one source may send.
//!
//! **Owns**: [`Sources`]: a bucket of tokens for each source, bounded. **Must not know**: what the messages say; it is
//! asked before they are read, so that a flood costs as little as can be.

use crate::sip::auth::network_of;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Sources that are remembered; the others share one bucket.
const CAPACITY: usize = 65_536;
/// How often the table is looked through for sources that have gone quiet, when it is full.
const SWEPT: Duration = Duration::from_secs(1);
/// How long a source that has proven itself may send more.
const VOUCHED: Duration = Duration::from_secs(4_000);
/// A bucket holds what so many seconds bring.
const BURST_SECONDS: u32 = 3;
/// One message in a bucket.
const ONE: u64 = 1_000_000;

/// The buckets.
#[derive(Debug)]
pub(crate) struct Sources {
    /// Messages a second of a source that nobody vouches for, and of one where a device has proven itself.
    rates: (u32, u32),
    buckets: HashMap<IpAddr, Bucket>,
    /// For sources that found no room.
    shared: Option<Bucket>,
    swept_at: Option<Instant>,
    last: Option<IpAddr>,
}

/// One source's tokens.
#[derive(Debug)]
pub(super) struct Bucket {
    /// In millionths of a message: what a rate of one a second brings in a microsecond.
    tokens: u64,
    filled_at: Instant,
    vouched_until: Option<Instant>,
}

impl Sources {
    /// Messages a second: of strangers, and of sources where a device has proven itself.
    pub(crate) fn new(strangers: u32, vouched: u32) -> Self {
        Self {
            rates: (strangers, vouched.max(strangers)),
            buckets: HashMap::new(),
            shared: None,
            swept_at: None,
            last: None,
        }
    }

    /// Whether one more message of this source is to be read.
    pub(crate) fn admit(&mut self, source: IpAddr, now: Instant) -> bool {
        if self.rates.0 == u32::MAX {
            return true;
        }
        let source = network_of(source);
        let rates = self.rates;
        let has_room = self.buckets.contains_key(&source) || self.make_room(now);
        let bucket = if has_room {
            self.buckets
                .entry(source)
                .or_insert_with(|| Bucket::full(rates.0, now))
        } else {
            self.shared
                .get_or_insert_with(|| Bucket::full(rates.0, now))
        };
        let taken = bucket.take(rates, now);
        if !taken {
            self.last = Some(source);
        }
        taken
    }

    /// A device has proven itself from here.
    pub(crate) fn vouch(&mut self, source: IpAddr, now: Instant) {
        let (source, rates) = (network_of(source), self.rates);
        if self.buckets.contains_key(&source) || self.make_room(now) {
            let bucket = self
                .buckets
                .entry(source)
                .or_insert_with(|| Bucket::full(rates.0, now));
            bucket.vouched_until = Some(now + VOUCHED);
        }
    }

    /// The source that was cut off last.
    pub(crate) const fn last(&self) -> Option<IpAddr> {
        self.last
    }

    fn make_room(&mut self, now: Instant) -> bool {
        if self.buckets.len() < CAPACITY {
            return true;
        }
        let due = self.swept_at.is_none_or(|swept| now >= swept + SWEPT);
        if due {
            self.swept_at = Some(now);
            let rates = self.rates;
            self.buckets
                .retain(|_, bucket| bucket.is_vouched(now) || !bucket.is_full(rates, now));
        }
        self.buckets.len() < CAPACITY
    }
}

impl Bucket {
    pub(super) fn full(rate: u32, now: Instant) -> Self {
        Self {
            tokens: most(rate),
            filled_at: now,
            vouched_until: None,
        }
    }

    fn is_vouched(&self, now: Instant) -> bool {
        self.vouched_until.is_some_and(|until| now < until)
    }

    fn level(&self, rates: (u32, u32), now: Instant) -> (u64, u64) {
        let rate = if self.is_vouched(now) {
            rates.1
        } else {
            rates.0
        };
        let passed = now.saturating_duration_since(self.filled_at).as_micros();
        let gained = u64::try_from(passed)
            .unwrap_or(u64::MAX)
            .saturating_mul(u64::from(rate));
        (
            self.tokens.saturating_add(gained).min(most(rate)),
            most(rate),
        )
    }

    fn is_full(&self, rates: (u32, u32), now: Instant) -> bool {
        let (level, most) = self.level(rates, now);
        level >= most
    }

    /// Takes one message out; false when none is left.
    pub(super) fn take(&mut self, rates: (u32, u32), now: Instant) -> bool {
        let (level, _) = self.level(rates, now);
        (self.tokens, self.filled_at) = (level, now);
        match self.tokens.checked_sub(ONE) {
            Some(rest) => {
                self.tokens = rest;
                true
            }
            None => false,
        }
    }
}

fn most(rate: u32) -> u64 {
    u64::from(rate) * ONE * u64::from(BURST_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sources: &mut Sources, source: &str, count: u32, now: Instant) -> u32 {
        let source = source.parse().unwrap();
        (0..count)
            .map(|_| u32::from(sources.admit(source, now)))
            .sum()
    }

    #[test]
    fn a_source_has_its_rate_and_a_burst_and_others_have_theirs() {
        let (start, mut sources) = (Instant::now(), Sources::new(100, 1_000));
        assert_eq!(sent(&mut sources, "192.0.2.1", 1_000, start), 300);
        assert_eq!(sent(&mut sources, "192.0.2.2", 10, start), 10);
        let later = start + Duration::from_millis(500);
        assert_eq!(sent(&mut sources, "192.0.2.1", 1_000, later), 50);
        assert_eq!(sources.last(), Some("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn who_has_proven_itself_may_send_more() {
        let (start, mut sources) = (Instant::now(), Sources::new(100, 1_000));
        sources.vouch("192.0.2.1".parse().unwrap(), start);
        let later = start + Duration::from_secs(10);
        assert_eq!(sent(&mut sources, "192.0.2.1", 5_000, later), 3_000);
    }

    #[test]
    fn the_rate_holds_whatever_the_steps() {
        let (start, mut sources) = (Instant::now(), Sources::new(100, 1_000));
        let passed: u32 = (0..10_000)
            .map(|n| {
                sent(
                    &mut sources,
                    "192.0.2.1",
                    1,
                    start + Duration::from_millis(n),
                )
            })
            .sum();
        assert!((1_290..=1_300).contains(&passed), "{passed}");
    }

    #[test]
    fn made_up_sources_cost_no_more_memory_than_the_table() {
        let (start, mut sources) = (Instant::now(), Sources::new(10, 10));
        for n in 0..100_000_u32 {
            sources.admit(IpAddr::from(n.to_be_bytes()), start);
        }
        assert_eq!(sources.buckets.len(), CAPACITY);
        // They have gone quiet: there is room again.
        let later = start + Duration::from_secs(60);
        assert!(sources.admit("203.0.113.1".parse().unwrap(), later));
        assert!(sources.buckets.len() < 10);
    }
}
