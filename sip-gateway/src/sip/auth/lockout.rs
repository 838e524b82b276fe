//! Who guesses passwords, and how long nothing of theirs is looked at.
//!
//! **Owns**: [`Lockout`]: wrong credentials by user and source, the doubling pause after them. **Must not know**:
//! messages, accounts, who is registered where.
//!
//! The pause belongs to a user *at a source*: whoever guesses elsewhere never locks the agent's own phone out. A source
//! that fails for many users is locked for all of them; one phone with a forgotten password counts once there, however
//! often it tries. Whether a user exists makes no difference to anything here.

use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// The first pause; each further wrong guess doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(900);
/// A try during a pause makes it last at least this much longer: guesses in a row are never looked at, while a phone
/// that tries every half minute gets its turn at the end of the pause.
const KEPT: Duration = Duration::from_secs(2);
/// Failures are forgotten after this long without one.
const MEMORY: Duration = Duration::from_secs(1_800);
/// Failures that one table remembers; those longest ago make room.
const CAPACITY: usize = 16_384;

/// Wrong credentials of the recent past, and the pauses that follow from them.
#[derive(Debug)]
pub(crate) struct Lockout {
    /// Wrong guesses of one user at one source before the first pause.
    free_guesses: u32,
    /// Users that may fail from one source before its first pause.
    free_users: u32,
    pairs: Table<(Source, UserHash)>,
    sources: Table<Source>,
    /// Pauses that were begun.
    begun: u64,
    /// Where the last of them began.
    last: Option<IpAddr>,
}

/// An address, of IPv6 the network that one site has (64 bits): it would not run out of addresses.
type Source = IpAddr;
/// The user as it was written, cut to a size.
type UserHash = [u8; 8];

impl Lockout {
    /// `free_guesses` wrong ones of a user at a source are not followed by a pause; `free_users` may fail at a source.
    pub(crate) fn new(free_guesses: u32, free_users: u32) -> Self {
        Self {
            free_guesses,
            free_users,
            pairs: Table::default(),
            sources: Table::default(),
            begun: 0,
            last: None,
        }
    }

    /// Whether credentials of this user from here are not to be looked at. Asking during a pause prolongs it a little.
    pub(crate) fn is_locked(&mut self, source: IpAddr, user: &str, now: Instant) -> bool {
        let source = network_of(source);
        // Both are asked always: each is prolonged by the try.
        let pair = self.pairs.is_locked(&(source, hash(user)), now);
        self.sources.is_locked(&source, now) | pair
    }

    /// Wrong credentials came.
    pub(crate) fn failed(&mut self, source: IpAddr, user: &str, now: Instant) {
        let source = network_of(source);
        let (failures, paused) = self
            .pairs
            .failed((source, hash(user)), self.free_guesses, now);
        let mut begun = paused;
        if failures == 1 {
            begun |= self.sources.failed(source, self.free_users, now).1;
        }
        if begun {
            self.begun += 1;
            self.last = Some(source);
        }
    }

    /// Right credentials came: what this user got wrong from here is forgotten.
    pub(crate) fn passed(&mut self, source: IpAddr, user: &str) {
        self.pairs.forget(&(network_of(source), hash(user)));
    }

    /// How many pauses have begun.
    pub(crate) const fn begun(&self) -> u64 {
        self.begun
    }

    /// Where the last pause began.
    pub(crate) const fn last(&self) -> Option<IpAddr> {
        self.last
    }
}

/// What failed, how often, until when it is paused; bounded.
#[derive(Debug)]
struct Table<K> {
    records: HashMap<K, Record>,
    by_age: BTreeSet<(Instant, K)>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last: Instant,
    until: Option<Instant>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self {
            records: HashMap::new(),
            by_age: BTreeSet::new(),
        }
    }
}

impl<K: Copy + Eq + Hash + Ord> Table<K> {
    fn is_locked(&mut self, key: &K, now: Instant) -> bool {
        let Some(until) = self
            .records
            .get_mut(key)
            .and_then(|record| record.until.as_mut())
        else {
            return false;
        };
        let locked = now < *until;
        if locked {
            *until = (*until).max(now + KEPT);
        }
        locked
    }

    /// Counts a failure; gives how many there are and whether a pause follows.
    fn failed(&mut self, key: K, free: u32, now: Instant) -> (u32, bool) {
        self.sweep(now);
        let failures = self.records.get(&key).map_or(0, |record| record.failures);
        let failures = failures.saturating_add(1);
        self.forget(&key);
        let over = failures.saturating_sub(free);
        let pause = (over > 0).then(|| pause(over));
        let record = Record {
            failures,
            last: now,
            until: pause.map(|pause| now + pause),
        };
        self.records.insert(key, record);
        self.by_age.insert((now, key));
        (failures, pause.is_some())
    }

    fn forget(&mut self, key: &K) {
        if let Some(record) = self.records.remove(key) {
            self.by_age.remove(&(record.last, *key));
        }
    }

    /// Takes out what is old, and the oldest when there is no room for one more.
    fn sweep(&mut self, now: Instant) {
        while let Some(&(last, key)) = self.by_age.first() {
            let old = now.saturating_duration_since(last) >= MEMORY;
            if !old && self.records.len() < CAPACITY {
                return;
            }
            self.forget(&key);
        }
    }
}

/// 1 s, 2 s, 4 s and so on up to the longest.
fn pause(over: u32) -> Duration {
    let doublings = over.saturating_sub(1).min(30);
    FIRST
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
        .min(LONGEST)
}

/// What counts as one source.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn hash(user: &str) -> UserHash {
    let digest = Sha256::digest(user);
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    fn guesses(lockout: &mut Lockout, user: &str, count: u32, now: Instant) -> u32 {
        let here = HERE.parse().unwrap();
        let mut looked_at = 0;
        for _ in 0..count {
            if !lockout.is_locked(here, user, now) {
                lockout.failed(here, user, now);
                looked_at += 1;
            }
        }
        looked_at
    }

    #[test]
    fn the_pause_doubles_and_has_an_end() {
        let (start, mut lockout) = (Instant::now(), Lockout::new(3, 16));
        let here = HERE.parse().unwrap();
        let mut now = start;
        assert_eq!(guesses(&mut lockout, "2001", 3, now), 3);
        for wanted in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            assert!(!lockout.is_locked(here, "2001", now), "{wanted}");
            lockout.failed(here, "2001", now);
            let end = now + Duration::from_secs(wanted);
            // The last moment of the pause, asked without prolonging it.
            let until = lockout.pairs.records[&(here, hash("2001"))].until.unwrap();
            assert_eq!(until, end, "{wanted}");
            now = end;
        }
        assert_eq!(lockout.begun(), 12);
        assert_eq!(lockout.last(), Some(here));
    }

    #[test]
    fn guesses_in_a_row_are_never_looked_at_and_slow_ones_get_their_turn() {
        let (start, mut lockout) = (Instant::now(), Lockout::new(3, 16));
        // Ten a second for a minute: four are looked at, no more.
        let fast: u32 = (0..600)
            .map(|n| guesses(&mut lockout, "2001", 1, at(start, n * 100)))
            .sum();
        assert_eq!(fast, 4);
        let later = start + Duration::from_secs(70);
        assert_eq!(guesses(&mut lockout, "2001", 1, later), 1);
    }

    #[test]
    fn others_are_not_touched_and_success_clears() {
        let (start, mut lockout) = (Instant::now(), Lockout::new(3, 16));
        guesses(&mut lockout, "2001", 10, start);
        let here: IpAddr = HERE.parse().unwrap();
        assert!(lockout.is_locked(here, "2001", start));
        assert!(!lockout.is_locked(here, "2002", start));
        assert!(!lockout.is_locked("192.0.2.2".parse().unwrap(), "2001", start));
        lockout.passed(here, "2001");
        assert!(!lockout.is_locked(here, "2001", start));
    }

    #[test]
    fn a_source_that_tries_many_users_is_locked_for_all_and_one_bad_phone_is_not() {
        let (start, mut lockout) = (Instant::now(), Lockout::new(3, 16));
        let here: IpAddr = HERE.parse().unwrap();
        // One phone that tries once an hour's worth of half minutes.
        for n in 0..120 {
            guesses(&mut lockout, "2001", 1, at(start, n * 30_000));
        }
        let now = at(start, 120 * 30_000);
        assert!(!lockout.is_locked(here, "2002", now));
        for user in 0..17 {
            guesses(&mut lockout, &format!("3{user:03}"), 1, now);
        }
        assert!(lockout.is_locked(here, "2002", now));
    }

    #[test]
    fn the_memory_is_bounded_and_fades() {
        let (start, mut lockout) = (Instant::now(), Lockout::new(3, u32::MAX));
        for user in 0..20_000_u32 {
            let source = IpAddr::from(user.to_be_bytes());
            lockout.failed(source, "2001", at(start, u64::from(user)));
        }
        assert!(lockout.pairs.records.len() <= CAPACITY);
        assert_eq!(lockout.pairs.records.len(), lockout.pairs.by_age.len());
        let later = at(start, 20_000) + MEMORY;
        lockout.failed("192.0.2.9".parse().unwrap(), "2001", later);
        assert_eq!(lockout.pairs.records.len(), 1);
    }

    #[test]
    fn one_site_of_ipv6_is_one_source() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
