//! How long a caller may expect to wait.
//!
//! **Owns**: the pace at which a queue's callers were answered lately, and the estimate from it. **Must not know**: the
//! clock, who is chosen.
//!
//! The estimate is the place in the queue times the mean time between the queue's last answers. It follows the number of
//! agents and the length of talks by itself, and it grows while nobody is answered. Without enough answers lately nobody
//! can tell, and nothing is promised.

use router::Timestamp;
use router::id::{QueueEntryId, QueueId};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Answers that are looked back at.
const ANSWERS: usize = 20;
/// Fewer tell nothing.
const LEAST: usize = 3;
/// Older ones tell nothing.
const LATELY: Duration = Duration::from_secs(30 * 60);

/// The queues' paces.
#[derive(Debug, Default)]
pub(super) struct ExpectedWait {
    answers: HashMap<QueueId, VecDeque<Timestamp>>,
    waiting: HashMap<QueueEntryId, QueueId>,
}

impl ExpectedWait {
    pub(super) fn entered(&mut self, entry: QueueEntryId, queue: QueueId) {
        self.waiting.insert(entry, queue);
    }

    pub(super) fn left(&mut self, entry: QueueEntryId) {
        self.waiting.remove(&entry);
    }

    pub(super) fn answered(&mut self, entry: QueueEntryId, now: Timestamp) {
        let Some(queue) = self.waiting.remove(&entry) else {
            return;
        };
        let answers = self.answers.entry(queue).or_default();
        answers.push_back(now);
        if answers.len() > ANSWERS {
            answers.pop_front();
        }
    }

    /// For the caller at this place, 1 being next.
    pub(super) fn of(
        &self,
        entry: QueueEntryId,
        position: usize,
        now: Timestamp,
    ) -> Option<Duration> {
        let answers = self.answers.get(self.waiting.get(&entry)?)?;
        let lately = |at: &&Timestamp| now.since(**at) <= LATELY;
        let oldest = answers.iter().find(lately)?;
        let count = answers.iter().filter(lately).count();
        let (count, position) = (u32::try_from(count).ok()?, u32::try_from(position).ok()?);
        if usize::try_from(count).ok()? < LEAST {
            return None;
        }
        (now.since(*oldest) / count).checked_mul(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0) + Duration::from_secs(seconds)
    }

    #[test]
    fn the_place_times_the_pace_of_the_queues_own_answers() {
        let mut wait = ExpectedWait::default();
        let (queue, other) = (QueueId::from_number(1), QueueId::from_number(2));
        let entry = QueueEntryId::from_number;
        for (n, second) in [(1, 0), (2, 60), (3, 120)] {
            wait.entered(entry(n), queue);
            assert_eq!(wait.of(entry(n), 1, at(second)), None, "too few answers");
            wait.answered(entry(n), at(second));
        }
        wait.entered(entry(9), queue);
        wait.entered(entry(8), other);
        let seconds = |entry, position, second| {
            let expected = wait.of(entry, position, at(second));
            expected.map(|time| time.as_secs())
        };
        assert_eq!(seconds(entry(9), 1, 180), Some(60));
        assert_eq!(seconds(entry(9), 4, 180), Some(240));
        assert_eq!(
            seconds(entry(9), 1, 360),
            Some(120),
            "it grows while nobody is answered"
        );
        assert_eq!(seconds(entry(8), 1, 180), None, "another queue");
        assert_eq!(seconds(entry(1), 1, 180), None, "nobody waits");
        assert_eq!(seconds(entry(9), 1, 3_600), None, "too long ago");
        wait.left(entry(9));
        assert_eq!(wait.of(entry(9), 1, at(180)), None);
    }
}
