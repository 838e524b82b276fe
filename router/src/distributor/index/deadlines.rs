//! The deadlines of everything that has one, in order: of each thing the next alone.
//!
//! **Owns**: [`Deadlines`]. The deadlines themselves lie in the states they belong to; here is when to look again.
//! **Must not know**: what happens then.

use crate::closure::Closure;
use crate::company::RoutingCompany;
use crate::distributor::entry::World;
use crate::distributor::kept::{Kept, Lookup};
use crate::distributor::timers::{end_of_state, next_of_entry};
use crate::id::{AgentId, OfferId, QueueEntryId, QueueId};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::ops::Bound;

/// What has deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::distributor) enum Who {
    Closure(QueueId),
    Entry(QueueEntryId),
    Offer(OfferId),
    Agent(AgentId),
}

/// The next deadline of each.
#[derive(Clone, Debug, Default)]
pub(in crate::distributor) struct Deadlines {
    order: BTreeSet<(Timestamp, Who)>,
    known: Lookup<Who, Timestamp>,
    /// When licences end.
    licences: BTreeSet<Timestamp>,
}

impl Deadlines {
    /// One was touched.
    pub(super) fn renew(&mut self, who: Who, world: &World, closures: &Kept<QueueId, Closure>) {
        let new = match who {
            Who::Closure(queue) => closures.get(&queue).and_then(|closure| closure.until),
            Who::Entry(id) => {
                let entry = world.entries.get(&id);
                entry.and_then(|entry| next_of_entry(entry, world))
            }
            Who::Offer(id) => world.offers.get(&id).map(|offer| offer.expires),
            Who::Agent(id) => {
                let record = world.agents.get(&id);
                record.and_then(|record| end_of_state(&record.state))
            }
        };
        let old = match new {
            Some(new) => self.known.insert(who, new),
            None => self.known.remove(&who),
        };
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.order.remove(&(old, who));
        }
        if let Some(new) = new {
            self.order.insert((new, who));
        }
    }

    /// The company was edited.
    pub(super) fn edited(&mut self, company: &RoutingCompany) {
        let agents = company.agents.values();
        let ends = agents.flat_map(|agent| agent.licences.values());
        self.licences = ends.copied().collect();
    }

    /// When the next licence ends, of those that end after this.
    pub(in crate::distributor) fn next_licence_end(&self, after: Timestamp) -> Option<Timestamp> {
        let later = (Bound::Excluded(after), Bound::Unbounded);
        self.licences.range(later).next().copied()
    }

    /// The earliest of all but the licences.
    pub(in crate::distributor) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Those whose next deadline has come by then.
    pub(in crate::distributor) fn due(&self, by: Timestamp) -> impl Iterator<Item = Who> + '_ {
        let due = self.order.iter().take_while(move |(at, _)| *at <= by);
        due.map(|(_, who)| *who)
    }

    /// The callers among them, by id.
    pub(in crate::distributor) fn due_entries(&self, by: Timestamp) -> BTreeSet<QueueEntryId> {
        let due = self.due(by).filter_map(|who| match who {
            Who::Entry(id) => Some(id),
            _ => None,
        });
        due.collect()
    }
}
