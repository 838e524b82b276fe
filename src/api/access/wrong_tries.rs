//! Which wrong sign-ins get a row in the audit. PURE: the time is handed in.
//!
//! **Owns**: how many rows they may take, so that no flood of them fills the disk or hides what others do. **Must not
//! know**: passwords, how rows are kept.
//!
//! Each user who exists has a share of their own, so that guesses at one are seen however many strangers knock; all
//! other logins have one share together. What is left out is counted and told by the next row.

use router::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// Rows in a row.
const AT_ONCE: u32 = 30;
/// One more row after each of these.
const REFILL: Duration = Duration::from_secs(60);
/// Shares kept at most; users beyond it share the strangers'.
const KEPT: usize = 1_024;

#[derive(Clone, Copy, Debug)]
struct Share {
    left: u32,
    refilled: Timestamp,
    left_out: u64,
}

/// The shares.
#[derive(Debug, Default)]
pub(super) struct WrongTries {
    shares: HashMap<Option<String>, Share>,
}

impl WrongTries {
    /// A try was wrong, for a user who exists or (none) for a login that nobody has. Says how many went without a row
    /// since the last one when this one is to have one.
    pub(super) fn tried(&mut self, user: Option<&str>, now: Timestamp) -> Option<u64> {
        let mut key = user.map(str::to_owned);
        if self.shares.len() >= KEPT && !self.shares.contains_key(&key) {
            key = None;
        }
        let share = self.shares.entry(key).or_insert(Share {
            left: AT_ONCE,
            refilled: now,
            left_out: 0,
        });
        let whole = now.since(share.refilled).as_secs() / REFILL.as_secs();
        if whole > 0 {
            let more = u32::try_from(whole).unwrap_or(u32::MAX);
            share.left = share.left.saturating_add(more).min(AT_ONCE);
            share.refilled = now;
        }
        match share.left.checked_sub(1) {
            Some(left) => {
                share.left = left;
                Some(std::mem::take(&mut share.left_out))
            }
            None => {
                share.left_out = share.left_out.saturating_add(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_flood_takes_few_rows_and_hides_nobody() {
        let mut tries = WrongTries::default();
        let flood = (0..10_000).filter(|_| tries.tried(None, at(0)).is_some());
        assert_eq!(flood.count(), AT_ONCE as usize);
        // A user who exists has a share of their own.
        assert_eq!(tries.tried(Some("sam"), at(1)), Some(0));
        // The next row of the strangers tells what was left out.
        assert_eq!(tries.tried(None, at(59)), None);
        assert_eq!(tries.tried(None, at(60)), Some(10_000 - 30 + 1));
        assert_eq!(tries.tried(None, at(60)), None);
        // A day of it.
        let day = (60..86_400).filter(|second| tries.tried(None, at(*second)).is_some());
        assert!(day.count() <= 1_440);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut tries = WrongTries::default();
        for n in 0..5_000 {
            tries.tried(Some(&format!("user{n}")), at(0));
        }
        assert!(tries.shares.len() <= KEPT + 1);
    }
}
