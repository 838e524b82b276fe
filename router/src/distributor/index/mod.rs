//! What is derived from the world, kept in step by what was touched: lines, deadlines, classes.
//!
//! **Owns**: [`Index`] and when it is brought up to date: before it is asked. **Must not**: change the world.

pub(super) mod deadlines;
mod lines;

use super::Distributor;
use super::entry::World;
use super::kept::Kept;
use super::select::{Classed, Found, Matcher};
use crate::closure::Closure;
use crate::id::{AgentId, QueueEntryId, QueueId};
use deadlines::{Deadlines, Who};
use lines::Lines;

/// Everything derived.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    pub(super) lines: Lines,
    pub(super) deadlines: Deadlines,
    pub(super) classed: Classed,
    /// The edition of the company that the deadlines are of.
    edition: u64,
}

impl Index {
    fn catch_up(&mut self, world: &mut World, closures: &mut Kept<QueueId, Closure>) {
        if self.edition != world.edition {
            self.edition = world.edition;
            self.deadlines.edited(&world.company);
            world.entries.touch_all();
        }
        if self.classed.is_outdated(world) {
            self.classed = Classed::anew(world);
            for agent in world.company.agents.keys() {
                self.classed.agent_touched(world, *agent);
            }
            for entry in world.entries.keys() {
                self.classed.caller_touched(world, *entry);
            }
        }
        for id in world.agents.take_touched() {
            self.classed.agent_touched(world, id);
            self.deadlines.renew(Who::Agent(id), world, closures);
        }
        for id in world.entries.take_touched() {
            self.lines.renew(world, id);
            self.classed.caller_touched(world, id);
            self.deadlines.renew(Who::Entry(id), world, closures);
        }
        for id in world.offers.take_touched() {
            self.deadlines.renew(Who::Offer(id), world, closures);
        }
        for id in closures.take_touched() {
            self.deadlines.renew(Who::Closure(id), world, closures);
        }
        self.classed.holds_ended(world);
    }
}

impl Distributor {
    /// The index as of now.
    pub(super) fn index(&mut self) -> &Index {
        self.index.catch_up(&mut self.world, &mut self.closures);
        &self.index
    }

    /// The best agent for a caller.
    pub(super) fn agent_for(&mut self, entry: QueueEntryId) -> Option<Found> {
        self.index();
        #[cfg(test)]
        if let Some(found) = self.beside_the_scan(|matcher, world| matcher.agent_for(world, entry))
        {
            return found;
        }
        self.index.classed.agent_for(&self.world, entry)
    }

    /// The best caller for an agent.
    pub(super) fn entry_for(&mut self, agent: AgentId) -> Option<Found> {
        self.index();
        #[cfg(test)]
        if let Some(found) = self.beside_the_scan(|matcher, world| matcher.entry_for(world, agent))
        {
            return found;
        }
        self.index.classed.entry_for(&self.world, agent)
    }

    /// The scan's answer, which is that of the classes. A planted fault of eligibility is the scan's alone.
    #[cfg(test)]
    fn beside_the_scan(
        &self,
        ask: impl Fn(&dyn Matcher, &World) -> Option<Found>,
    ) -> Option<Option<Found>> {
        if !self.world.asks_both {
            return None;
        }
        let scanned = ask(&super::select::Scan, &self.world);
        if !self.world.has(super::planted::Planted::WrapUpIgnored) {
            let classed = ask(&self.index.classed, &self.world);
            assert_eq!(classed, scanned, "classes and scan differ");
        }
        Some(scanned)
    }
}
