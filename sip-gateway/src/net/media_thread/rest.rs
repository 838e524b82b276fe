//! Legs at rest: callers who wait in silence need no look every 20 ms. A thousand of them would keep a core busy for nothing.
//!
//! **Owns**: which legs rest, and that a command to anybody, or a packet for one of them, ends it; how long a thread may sleep
//! when all of them do. **Must not know**: what makes a leg rest. PURE.

use std::time::Duration;

/// A leg at rest is looked at once in so many turns of the wheel, 320 ms: for its reports.
const LOOK_EVERY: u64 = 16;
/// One turn of the wheel, ms.
const TURN_MS: u64 = 20;

/// A thread whose legs all rest sleeps so much longer than to the wheel's next step: well within what the wheel makes up for.
const LONGER: Duration = Duration::from_millis(40);

/// By key of the leg's seat.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The waking after which it was seen to rest; 0: it does not.
    since: Vec<u64>,
    /// Counts commands: each wakes all, in one step.
    waking: u64,
}

impl Rest {
    /// Whether a leg is looked at in the turn that was due then; all of those at rest have turns of their own.
    pub(super) fn is_looked_at(&self, key: usize, nominal: Duration) -> bool {
        !self.rests(key) || Self::is_turn_of(key, nominal)
    }

    /// Whether a leg that rests would be looked at then: the moment to see whether one can rest.
    pub(super) const fn is_turn_of(key: usize, nominal: Duration) -> bool {
        let turn = nominal.as_millis() as u64 / TURN_MS;
        (turn + key as u64).is_multiple_of(LOOK_EVERY)
    }

    /// It rests from here on, or does not.
    pub(super) fn set(&mut self, key: usize, rests: bool) {
        if self.since.len() <= key {
            self.since.resize(key + 1, 0);
        }
        if let Some(since) = self.since.get_mut(key) {
            *since = if rests { self.waking + 1 } else { 0 };
        }
    }

    /// Something was commanded: any leg may have to do something.
    pub(super) const fn wake_all(&mut self) {
        self.waking += 1;
    }

    pub(super) fn rests(&self, key: usize) -> bool {
        self.since
            .get(key)
            .is_some_and(|since| *since == self.waking + 1)
    }
}

/// A thread's longer sleep while all its legs rest. A packet or a command ends it; the steps slept through come before either.
#[derive(Debug, Default)]
pub(super) struct Doze {
    asleep: bool,
}

impl Doze {
    /// When the thread wakes by itself at the latest, where the wheel's next step is due at `deadline`.
    pub(super) fn until(&mut self, all_rest: bool, deadline: Duration) -> Duration {
        self.asleep = all_rest;
        deadline + self.excused()
    }

    pub(super) const fn is_asleep(&self) -> bool {
        self.asleep
    }

    /// So much of a step's lateness was meant.
    pub(super) const fn excused(&self) -> Duration {
        if self.asleep { LONGER } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_at_rest_is_looked_at_three_times_a_second_and_a_command_wakes_it() {
        let mut rest = Rest::default();
        let looks = |rest: &Rest, key| {
            let turns = (0..50).map(|turn| Duration::from_millis(turn * 20));
            turns.filter(|at| rest.is_looked_at(key, *at)).count()
        };
        assert_eq!(looks(&rest, 7), 50);
        rest.set(7, true);
        assert!((3..=4).contains(&looks(&rest, 7)));
        assert_eq!(looks(&rest, 6), 50);
        rest.wake_all();
        assert_eq!(looks(&rest, 7), 50);
        rest.set(7, true);
        rest.set(7, false);
        assert_eq!(looks(&rest, 7), 50);
    }

    #[test]
    fn a_thread_sleeps_longer_while_all_rest_and_what_is_meant_is_not_late() {
        let mut doze = Doze::default();
        let due = Duration::from_millis(5);
        assert_eq!(doze.until(false, due), due);
        assert_eq!((doze.is_asleep(), doze.excused()), (false, Duration::ZERO));
        assert_eq!(doze.until(true, due), Duration::from_millis(45));
        assert_eq!((doze.is_asleep(), doze.excused()), (true, LONGER));
        assert_eq!(doze.until(false, due), due);
    }
}
