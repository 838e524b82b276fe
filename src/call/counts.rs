//! How calls ended since the start.
//!
//! **Owns**: [`CallCounts`]. **Must not know**: who reads it, nor which call it was.

use router::event::TalkChange;
use router::outcome::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every outcome, in the order of the counters.
pub const OUTCOMES: [Outcome; 9] = [
    Outcome::Answered,
    Outcome::Abandoned,
    Outcome::ShortAbandoned,
    Outcome::Callback,
    Outcome::Voicemail,
    Outcome::SelfServed,
    Outcome::Unserved,
    Outcome::Rejected,
    Outcome::Failed,
];

/// What becomes of agents' requests for a supervisor, in the order of the counters.
pub const HELP: [(TalkChange, &str); 4] = [
    (TalkChange::HelpAsked, "asked"),
    (TalkChange::HelpTaken, "taken"),
    (TalkChange::HelpDismissed, "dismissed"),
    (TalkChange::HelpEnded, "ended"),
];

/// Counters that only grow. Shared by every call's driver.
#[derive(Debug, Default)]
pub struct CallCounts {
    outcomes: [AtomicU64; OUTCOMES.len()],
    no_flow: AtomicU64,
    busy: AtomicU64,
    help: [AtomicU64; HELP.len()],
}

impl CallCounts {
    /// A call ended, and its end is in the log.
    pub fn ended(&self, outcome: Outcome) {
        let place = OUTCOMES.iter().position(|known| *known == outcome);
        if let Some(counter) = place.and_then(|place| self.outcomes.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A call was refused before it became an interaction: 404 when nothing answers its number, else 503.
    pub(super) fn refused(&self, status: u16) {
        let counter = if status == 404 {
            &self.no_flow
        } else {
            &self.busy
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Who talks in a call changed; only requests for a supervisor are counted.
    pub fn changed(&self, change: TalkChange) {
        let place = HELP.iter().position(|(known, _)| *known == change);
        if let Some(counter) = place.and_then(|place| self.help.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests for a supervisor, by what became of them.
    pub fn by_help(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let counts = self.help.iter().map(|n| n.load(Ordering::Relaxed));
        HELP.into_iter().map(|(_, name)| name).zip(counts)
    }

    /// Calls that ended, by outcome; every outcome is there.
    pub fn by_outcome(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        let counts = self.outcomes.iter().map(|n| n.load(Ordering::Relaxed));
        OUTCOMES.into_iter().zip(counts)
    }

    /// Calls refused before they became interactions, by the reason's name.
    #[must_use]
    pub fn by_refusal(&self) -> [(&'static str, u64); 2] {
        [
            ("no_such_number", self.no_flow.load(Ordering::Relaxed)),
            ("overload", self.busy.load(Ordering::Relaxed)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_has_its_counter() {
        let counts = CallCounts::default();
        for (n, outcome) in OUTCOMES.into_iter().enumerate() {
            (0..=n).for_each(|_| counts.ended(outcome));
        }
        let found: Vec<u64> = counts.by_outcome().map(|(_, n)| n).collect();
        assert_eq!(found, (1..=9).collect::<Vec<u64>>());
        counts.refused(404);
        counts.refused(503);
        counts.refused(503);
        assert_eq!(
            counts.by_refusal(),
            [("no_such_number", 1), ("overload", 2)]
        );
    }
}
