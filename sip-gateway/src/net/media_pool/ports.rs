//! Which ports of the range are free.
//!
//! **Owns**: the state of each even/odd pair. **Must not know**: sockets, the clock. PURE.
//!
//! A freed pair rests for 30 s: packets of the call before it must not reach the next one.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How long a freed pair rests.
const QUARANTINE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Taken,
    Resting,
}

#[derive(Debug)]
pub(super) struct Ports {
    first: u16,
    states: Vec<State>,
    resting: VecDeque<(Duration, usize)>,
}

impl Ports {
    /// The pairs of a range: an even port and the odd one above it, both inside.
    pub(super) fn new(range: &RangeInclusive<u16>) -> Self {
        let first = range
            .start()
            .checked_next_multiple_of(2)
            .unwrap_or(u16::MAX);
        let count = usize::from(range.end().saturating_sub(first)).div_ceil(2);
        Self {
            first,
            states: vec![State::Free; count],
            resting: VecDeque::new(),
        }
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// How many pairs are taken, and how many rest.
    pub(super) fn in_use(&self, now: Duration) -> (usize, usize) {
        let count = |wanted| self.states.iter().filter(|state| **state == wanted).count();
        let rested = self.resting.iter().take_while(|(until, _)| *until <= now);
        (
            count(State::Taken),
            count(State::Resting).saturating_sub(rested.count()),
        )
    }

    /// Takes the first free pair at or after the `from`th, round the end; its even port.
    pub(super) fn take(&mut self, from: usize, now: Duration) -> Option<u16> {
        while let Some((_, index)) = self.resting.pop_front_if(|(until, _)| *until <= now) {
            self.states[index] = State::Free;
        }
        let count = self.states.len();
        let index = (0..count)
            .map(|n| (from % count + n) % count)
            .find(|n| self.states[*n] == State::Free)?;
        self.states[index] = State::Taken;
        Some(self.first + (index * 2) as u16)
    }

    /// Gives a pair back; it rests first. Also for a pair that somebody else on this machine uses.
    pub(super) fn release(&mut self, port: u16, now: Duration) {
        let Some(distance) = port.checked_sub(self.first) else {
            return;
        };
        let index = usize::from(distance / 2);
        if self.states.get(index) == Some(&State::Taken) {
            self.states[index] = State::Resting;
            self.resting
                .push_back((now.saturating_add(QUARANTINE), index));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pairs_are_even_and_inside_the_range() {
        for (range, ports) in [
            (20_000..=20_003, vec![20_000, 20_002]),
            (20_001..=20_004, vec![20_002]),
            (20_000..=20_000, vec![]),
            (65_534..=65_535, vec![65_534]),
            (65_535..=65_535, vec![]),
        ] {
            let mut table = Ports::new(&range);
            let taken: Vec<u16> = std::iter::from_fn(|| table.take(0, s(0))).collect();
            assert_eq!(taken, ports, "{range:?}");
        }
    }

    #[test]
    fn freed_pairs_rest_for_half_a_minute() {
        let mut table = Ports::new(&(20_000..=20_003));
        assert_eq!(table.take(1, s(0)), Some(20_002));
        assert_eq!(table.take(1, s(0)), Some(20_000));
        table.release(20_002, s(1));
        table.release(20_002, s(1));
        table.release(9, s(1));
        assert_eq!(table.in_use(s(30)), (1, 1));
        assert_eq!(table.in_use(s(31)), (1, 0));
        assert_eq!(table.take(0, s(30)), None);
        assert_eq!(table.take(0, s(31)), Some(20_002));
        assert_eq!(table.take(0, s(99)), None);
    }
}
