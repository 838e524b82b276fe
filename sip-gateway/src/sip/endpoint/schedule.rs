//! One queue of deadlines for everything in the endpoint.
//!
//! **Owns**: who is to be woken when. **Must not know**: what waking means.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::leg::LegId;
use crate::sip::transaction::TransactionId;

/// Who has a deadline. Each has at most one: its earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owner {
    /// A transaction.
    Transaction(TransactionId),
    /// A session.
    Leg(LegId),
    /// The registrar: the earliest expiry of all bindings.
    Registrar,
    /// A registration of our own.
    Registration(u64),
}

/// The queue. Setting, clearing and taking cost O(log n); nothing is left behind by what ended early.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    queue: BTreeSet<(Instant, Owner)>,
    due: HashMap<Owner, Instant>,
}

impl Schedule {
    /// Sets, moves or clears the deadline of `owner`.
    pub(crate) fn set(&mut self, owner: Owner, due: Option<Instant>) {
        let old = match due {
            Some(due) => self.due.insert(owner, due),
            None => self.due.remove(&owner),
        };
        if old == due {
            return;
        }
        if let Some(old) = old {
            self.queue.remove(&(old, owner));
        }
        if let Some(due) = due {
            self.queue.insert((due, owner));
        }
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|&(due, _)| due)
    }

    /// Takes out the first owner that is due at `now`.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Owner> {
        let &(due, owner) = self.queue.first()?;
        if due > now {
            return None;
        }
        self.queue.pop_first();
        self.due.remove(&owner);
        Some(owner)
    }

    /// How many deadlines wait.
    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.queue.len(), self.due.len());
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Schedule};
    use crate::leg::LegId;
    use std::time::{Duration, Instant};

    #[test]
    fn each_owner_has_one_deadline_and_they_come_in_order() {
        let (start, mut schedule) = (Instant::now(), Schedule::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        schedule.set(Owner::Leg(LegId(1)), Some(at(5)));
        schedule.set(Owner::Leg(LegId(2)), Some(at(3)));
        schedule.set(Owner::Registrar, Some(at(4)));
        schedule.set(Owner::Leg(LegId(1)), Some(at(1)));
        schedule.set(Owner::Registrar, None);
        schedule.set(Owner::Registrar, None);
        assert_eq!((schedule.len(), schedule.next()), (2, Some(at(1))));
        assert_eq!(schedule.pop_due(at(0)), None);
        assert_eq!(schedule.pop_due(at(9)), Some(Owner::Leg(LegId(1))));
        assert_eq!(schedule.pop_due(at(9)), Some(Owner::Leg(LegId(2))));
        assert_eq!(schedule.pop_due(at(9)), None);
        assert_eq!(schedule.len(), 0);
    }
}
