//! Places in the queue on their way to the calls.
//!
//! **Owns**: which caller was told what, and when the next telling is due. **Must not**: know channels or the clock.
//!
//! Whoever leaves a long line moves everybody behind up by one, so telling each place at once costs as many messages
//! a caller as there are callers. A newcomer hears of their place at once, everybody else at most twice a second, and
//! only then is their line looked through.

use router::Timestamp;
use router::id::{InteractionId, QueueEntryId, QueueId};
use std::collections::{BTreeSet, HashMap};
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

/// Who was told what, and which lines moved since.
#[derive(Debug, Default)]
pub(super) struct Positions {
    told: HashMap<InteractionId, (QueueEntryId, usize)>,
    moved: BTreeSet<QueueId>,
    due: Option<Timestamp>,
}

impl Positions {
    /// A caller is about to be told this place.
    pub(super) fn telling(&mut self, place: Place) {
        self.told
            .insert(place.interaction, (place.entry, place.position));
    }

    /// Callers of this queue have other places now.
    pub(super) fn moved(&mut self, queue: QueueId, now: Timestamp) {
        self.moved.insert(queue);
        self.due.get_or_insert(now + TELL_WITHIN);
    }

    /// The caller waits no more.
    pub(super) fn over(&mut self, interaction: InteractionId) {
        self.told.remove(&interaction);
    }

    /// When [`Positions::due`] is to be asked.
    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        self.due
    }

    /// The lines to look through now.
    pub(super) fn due(&mut self, now: Timestamp) -> BTreeSet<QueueId> {
        if self.due.is_none_or(|due| due > now) {
            return BTreeSet::new();
        }
        self.due = None;
        std::mem::take(&mut self.moved)
    }

    /// Whether the caller does not know it.
    pub(super) fn is_news(&self, place: Place) -> bool {
        self.told.get(&place.interaction) != Some(&(place.entry, place.position))
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
    fn lines_that_moved_are_looked_through_twice_a_second() {
        let (support, billing) = (QueueId::from_number(1), QueueId::from_number(2));
        let mut positions = Positions::default();
        positions.moved(support, at(100));
        positions.moved(billing, at(200));
        positions.moved(support, at(300));
        assert_eq!(positions.deadline(), Some(at(600)));
        assert!(positions.due(at(599)).is_empty());
        assert_eq!(positions.due(at(600)), BTreeSet::from([support, billing]));
        assert_eq!(positions.deadline(), None);
        assert!(positions.due(at(9_999)).is_empty());
    }

    #[test]
    fn a_place_is_news_once_and_to_whoever_waits_anew() {
        let mut positions = Positions::default();
        assert!(positions.is_news(place(1, 4)));
        positions.telling(place(1, 4));
        assert!(!positions.is_news(place(1, 4)));
        assert!(positions.is_news(place(1, 3)));
        let again = Place {
            entry: QueueEntryId::from_number(9),
            ..place(1, 4)
        };
        assert!(positions.is_news(again));
        positions.over(again.interaction);
        assert!(positions.is_news(place(1, 4)));
    }
}
