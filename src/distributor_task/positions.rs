//! Places in the queue on their way to the calls.
//!
//! **Owns**: which caller was told what, and when the next telling is due. **Must not**: know channels or the clock.
//!
//! Whoever leaves a long line moves everybody behind up by one, so telling each place at once costs as many messages
//! a caller as there are callers. A newcomer hears of their place at once, everybody else at most twice a second.

use router::Timestamp;
use router::id::{InteractionId, QueueEntryId};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// A place that changed is told after this long at the latest.
const TELL_WITHIN: Duration = Duration::from_millis(500);

/// A place in a queue, 1 is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) interaction: InteractionId,
    pub(super) entry: QueueEntryId,
    pub(super) position: usize,
}

/// Who was told, and what waits to be told.
#[derive(Debug, Default)]
pub(super) struct Positions {
    told: HashMap<InteractionId, QueueEntryId>,
    /// In the order of their calls' ids, so that a seed tells them in the same order again.
    news: BTreeMap<InteractionId, Place>,
    due: Option<Timestamp>,
}

impl Positions {
    /// Takes a place; gives it back when it must be told at once.
    pub(super) fn take(&mut self, place: Place, now: Timestamp) -> Option<Place> {
        if self.told.insert(place.interaction, place.entry) != Some(place.entry) {
            self.news.remove(&place.interaction);
            return Some(place);
        }
        self.news.insert(place.interaction, place);
        self.due.get_or_insert(now + TELL_WITHIN);
        None
    }

    /// The caller waits no more.
    pub(super) fn over(&mut self, interaction: InteractionId) {
        self.told.remove(&interaction);
        self.news.remove(&interaction);
    }

    /// When [`Positions::due`] is to be asked.
    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        self.due
    }

    /// What is to be told now.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Place> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.due = None;
        std::mem::take(&mut self.news).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(caller: u64, position: usize) -> Place {
        Place {
            interaction: InteractionId::from_number(caller),
            entry: QueueEntryId::from_number(caller),
            position,
        }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    #[test]
    fn a_newcomer_is_told_at_once_and_the_others_twice_a_second() {
        let mut positions = Positions::default();
        for caller in 1..=3 {
            let newcomer = place(caller, caller as usize);
            assert_eq!(positions.take(newcomer, at(0)), Some(newcomer));
        }
        // Two callers leave, a moment apart: whoever is left moves twice and is told once.
        for (moment, gone) in [(100, 1), (200, 2)] {
            positions.over(InteractionId::from_number(gone));
            for caller in gone + 1..=3 {
                let moved = place(caller, (caller - gone) as usize);
                assert_eq!(positions.take(moved, at(moment)), None);
            }
        }
        assert_eq!(positions.deadline(), Some(at(600)));
        assert_eq!(positions.due(at(599)), []);
        assert_eq!(positions.due(at(600)), [place(3, 1)]);
        assert_eq!(
            (positions.deadline(), positions.due(at(9_999))),
            (None, vec![])
        );
    }

    #[test]
    fn a_caller_who_waits_anew_is_a_newcomer() {
        let mut positions = Positions::default();
        positions.take(place(1, 4), at(0));
        let again = Place {
            entry: QueueEntryId::from_number(9),
            ..place(1, 7)
        };
        assert_eq!(positions.take(again, at(10)), Some(again));
        positions.over(again.interaction);
        assert_eq!(positions.take(again, at(20)), Some(again));
    }
}
