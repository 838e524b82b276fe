//! The 20 ms wheel: absolute deadlines in four phase slots of 5 ms, so that legs do not all send at once.
//!
//! **Owns**: which leg ticks in which slot, and when a slot is due. **Must not know**: what a tick does. PURE.

use std::time::Duration;

/// Slots of the wheel.
pub(super) const SLOTS: usize = 4;
/// Time between two slots.
pub(super) const STEP: Duration = Duration::from_millis(5);
/// A thread that was held up makes up for at most so many steps (100 ms); older ones are left out.
const MAX_BEHIND: u64 = 20;

/// A slot that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) slot: usize,
    /// When it should have run.
    pub(super) nominal: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Wheel {
    members: [Vec<usize>; SLOTS],
    next: u64,
    skipped: u64,
}

impl Wheel {
    /// Puts a leg where fewest are.
    pub(super) fn insert(&mut self, key: usize) {
        if let Some(slot) = self.members.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(key);
        }
    }

    pub(super) fn remove(&mut self, key: usize) {
        for slot in &mut self.members {
            slot.retain(|member| *member != key);
        }
    }

    /// The `n`th leg of a slot.
    pub(super) fn member(&self, slot: usize, n: usize) -> Option<usize> {
        self.members.get(slot)?.get(n).copied()
    }

    /// When the next slot is due.
    pub(super) fn deadline(&self) -> Duration {
        Duration::from_millis(self.next.saturating_mul(STEP.as_millis() as u64))
    }

    /// The next slot that is due; call until none is.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<Due> {
        let current = (now.as_micros() / STEP.as_micros()) as u64;
        if current < self.next {
            return None;
        }
        if current - self.next > MAX_BEHIND {
            self.skipped += current - self.next;
            self.next = current;
        }
        let due = Due {
            slot: (self.next % SLOTS as u64) as usize,
            nominal: self.deadline(),
        };
        self.next += 1;
        Some(due)
    }

    /// Begins to turn again after the thread had nothing to do: nothing was late.
    pub(super) fn resume(&mut self, now: Duration) {
        self.next = self
            .next
            .max((now.as_micros() / STEP.as_micros()) as u64 + 1);
    }

    /// Steps left out so far.
    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn each_slot_is_due_every_20_ms_at_its_phase() {
        let mut wheel = Wheel::default();
        let mut due = Vec::new();
        for now in 0..40 {
            while let Some(slot) = wheel.take_due(ms(now)) {
                due.push((slot.slot, slot.nominal));
            }
        }
        assert_eq!(
            due,
            (0..8)
                .map(|n| (n % 4, ms(n as u64 * 5)))
                .collect::<Vec<_>>()
        );
        assert_eq!(wheel.deadline(), ms(40));
    }

    #[test]
    fn lateness_does_not_add_up_and_a_long_stall_is_left_out() {
        let mut wheel = Wheel::default();
        wheel.take_due(ms(0));
        assert_eq!(wheel.take_due(ms(13)).unwrap().nominal, ms(5));
        assert_eq!(wheel.take_due(ms(13)).unwrap().nominal, ms(10));
        assert_eq!(wheel.take_due(ms(13)), None);
        assert_eq!(wheel.take_due(ms(1003)).unwrap().nominal, ms(1000));
        assert_eq!(wheel.skipped(), 197);
    }

    #[test]
    fn legs_spread_over_the_slots() {
        let mut wheel = Wheel::default();
        (0..10).for_each(|key| wheel.insert(key));
        assert!(wheel.members.iter().all(|slot| slot.len() >= 2));
        wheel.remove(3);
        assert_eq!(wheel.members.iter().map(Vec::len).sum::<usize>(), 9);
        wheel.insert(3);
        assert!(wheel.members.iter().any(|slot| slot.contains(&3)));
    }

    #[test]
    fn a_rest_is_not_lateness() {
        let mut wheel = Wheel::default();
        wheel.resume(ms(60_000));
        assert_eq!(wheel.take_due(ms(60_000)), None);
        assert_eq!(wheel.take_due(ms(60_005)).unwrap().nominal, ms(60_005));
        assert_eq!(wheel.skipped(), 0);
    }
}
