//! Pauses after wrong passwords. PURE: the time is handed in.
//!
//! **Owns**: how many tries are free, how long a pause is, how much is remembered. **Must not know**: which logins
//! exist: known and unknown ones are counted alike.
//!
//! Counted three ways: for one login from one source, so that a user is not shut out by a stranger elsewhere; for one
//! source, whatever it tries; and for one login from everywhere, with many more tries free.

use router::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// Wrong tries without a pause for one login from one source, for one source, for one login.
const FREE: [u32; 3] = [5, 20, 100];
/// The first pause; each wrong try after it doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Counts are forgotten this long after the last wrong try.
const FORGOTTEN: Duration = Duration::from_secs(30 * 60);
/// Counts kept at most; the ones whose last try is longest ago make room.
const KEPT: usize = 8_192;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Pair(IpAddr, String),
    Source(IpAddr),
    Login(String),
}

#[derive(Clone, Copy, Debug)]
struct Count {
    wrong: u32,
    last: Timestamp,
    until: Timestamp,
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    counts: HashMap<Key, Count>,
}

impl Throttle {
    /// How long this try must wait; none when it may be looked at.
    pub(super) fn pause(&self, source: IpAddr, login: &str, now: Timestamp) -> Option<Duration> {
        let until = keys(source, login)
            .iter()
            .filter_map(|key| self.counts.get(key))
            .map(|count| count.until)
            .max()?;
        (until > now).then(|| until.since(now))
    }

    /// A try was wrong.
    pub(super) fn failed(&mut self, source: IpAddr, login: &str, now: Timestamp) {
        self.make_room(now);
        for (key, free) in keys(source, login).into_iter().zip(FREE) {
            let count = self.counts.entry(key).or_insert(Count {
                wrong: 0,
                last: now,
                until: now,
            });
            if now.since(count.last) >= FORGOTTEN {
                count.wrong = 0;
            }
            count.wrong = count.wrong.saturating_add(1);
            count.last = now;
            if let Some(beyond) = count.wrong.checked_sub(free) {
                count.until = now + pause_after(beyond);
            }
        }
    }

    /// The right password: this login is free again from this source.
    pub(super) fn succeeded(&mut self, source: IpAddr, login: &str) {
        let [pair, ..] = keys(source, login);
        self.counts.remove(&pair);
    }

    fn make_room(&mut self, now: Timestamp) {
        if self.counts.len() + FREE.len() <= KEPT {
            return;
        }
        self.counts
            .retain(|_, count| now.since(count.last) < FORGOTTEN);
        while self.counts.len() + FREE.len() > KEPT {
            let oldest = self.counts.iter().min_by_key(|(_, count)| count.last);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.counts.remove(&oldest);
        }
    }
}

fn keys(source: IpAddr, login: &str) -> [Key; 3] {
    [
        Key::Pair(source, login.to_owned()),
        Key::Source(source),
        Key::Login(login.to_owned()),
    ]
}

fn pause_after(beyond: u32) -> Duration {
    let factor = 2_u32.checked_pow(beyond.min(30)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn pauses_double_and_end() {
        let mut throttle = Throttle::default();
        for _ in 0..4 {
            throttle.failed(HERE, "ana", at(0));
            assert_eq!(throttle.pause(HERE, "ana", at(0)), None);
        }
        let pause = |throttle: &Throttle, now| throttle.pause(HERE, "ana", at(now));
        throttle.failed(HERE, "ana", at(0));
        assert_eq!(pause(&throttle, 0), Some(Duration::from_secs(2)));
        assert_eq!(pause(&throttle, 2), None);
        throttle.failed(HERE, "ana", at(2));
        assert_eq!(pause(&throttle, 2), Some(Duration::from_secs(4)));
        // Somebody else's guesses do not shut the user out.
        assert_eq!(throttle.pause(THERE, "ana", at(2)), None);
        assert_eq!(throttle.pause(HERE, "ben", at(2)), None);
        throttle.succeeded(HERE, "ana");
        assert_eq!(pause(&throttle, 2), None);
    }

    #[test]
    fn one_source_with_many_logins_is_paused() {
        let mut throttle = Throttle::default();
        for n in 0..20 {
            throttle.failed(HERE, &format!("user{n}"), at(0));
        }
        assert!(throttle.pause(HERE, "anybody", at(0)).is_some());
        assert!(throttle.pause(THERE, "anybody", at(0)).is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..10_000 {
            throttle.failed(HERE, &format!("user{n}"), at(n));
        }
        assert!(throttle.counts.len() <= KEPT);
        assert!(throttle.pause(HERE, "x", at(10_000)).is_some());
    }

    #[test]
    fn the_longest_pause_is_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        for _ in 0..200 {
            throttle.failed(HERE, "ana", at(0));
        }
        assert_eq!(throttle.pause(HERE, "ana", at(0)), Some(LONGEST_PAUSE));
    }
}
